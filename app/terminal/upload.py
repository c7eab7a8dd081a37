"""Uploads files, with a progress bar."""

from pathlib import Path

from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from app.terminal.client import Object
from app.terminal.command import Terminal
from app.terminal.options import not_read
from app.terminal.screen import Screen, clean


def byte_progress(screen: Screen) -> Progress:
    """Return a progress bar for bytes; it shows nothing if the output is not a terminal."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=screen.err,
        disable=not screen.err.is_terminal,
    )


def check_readable(path: Path) -> None:
    """Raise `Failure` if the path is not a readable file."""
    try:
        path.open("rb").close()
    except OSError as error:
        raise not_read(path, error) from error


def upload(terminal: Terminal, paths: list[Path], purpose: str) -> list[Object]:
    """Upload files one after the other; return their objects from the server."""
    uploaded: list[Object] = []
    with byte_progress(terminal) as progress:
        for path in paths:
            try:
                with progress.open(path, "rb", description=clean(path.name)) as file:
                    files = {"file": (path.name, file)}
                    fields = {"purpose": purpose}
                    uploaded.append(terminal.client.upload("/files", fields, files))
            except OSError as error:
                raise not_read(path, error) from error
    return uploaded
