"""`serve`: the same as `./run.sh` once everything is installed."""

import os
import subprocess
import sys
from pathlib import Path

import typer

from app.terminal.command import local_command
from app.terminal.failures import Failure
from app.terminal.language import Said, both
from app.terminal.screen import Screen

_ROOT = Path(__file__).parents[2]
_MAIN = _ROOT / "main.py"
# Not in an image, which has the files already.
_FETCH_ASSETS = _ROOT / "scripts" / "fetch_assets.py"


def register(app: typer.Typer) -> None:
    local_command(
        app,
        "serve",
        both("Start the server.", "서버를 시작합니다."),
        has_json=False,
    )(_serve)


def _serve(_screen: Screen) -> None:
    """Replace this process with the server, so that signals and exit status are the server's."""
    if not _MAIN.is_file():
        raise Failure(_NOT_HERE.filled(path=_MAIN))
    if _FETCH_ASSETS.is_file():
        # Prints what it can't fetch; the API works without these files.
        subprocess.run([sys.executable, str(_FETCH_ASSETS)], check=False)
    command = [sys.executable, str(_MAIN)]
    if os.name == "nt":
        # On Windows, exec would return to the shell at once and leave the server in the background.
        raise typer.Exit(subprocess.call(command))
    os.execv(sys.executable, command)


_NOT_HERE = Said("The server's file is missing: {path}", "서버 파일이 없습니다: {path}")
