"""`serve`: the same as `python main.py`."""

import os
import subprocess
import sys
from pathlib import Path

import typer

from app.terminal.command import local_command
from app.terminal.failures import Failure
from app.terminal.language import Said, both
from app.terminal.screen import Screen

_MAIN = Path(__file__).parents[2] / "main.py"


def register(app: typer.Typer) -> None:
    local_command(
        app,
        "serve",
        both(
            "Start the server, as `python main.py` does.", "`python main.py`처럼 서버를 시작합니다."
        ),
        has_json=False,
    )(_serve)


def _serve(_screen: Screen) -> None:
    """Become the server: signals and the exit status are then its own."""
    if not _MAIN.is_file():
        raise Failure(_NOT_HERE.filled(path=_MAIN))
    command = [sys.executable, str(_MAIN)]
    if os.name == "nt":
        # Windows would answer the shell at once, and leave the server in the background.
        raise typer.Exit(subprocess.call(command))
    os.execv(sys.executable, command)


_NOT_HERE = Said("The server's {path} is not here.", "서버 파일이 없습니다: {path}")
