"""Removes a folder that untrusted code has filled, however deep, without following any link.

`shutil.rmtree` recurses and keeps a folder open per level: 10,000 levels end it.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path

from app.interpreter.opening import FOLDER


def remove_folder(folder: Path) -> None:
    """Remove the folder and everything in it. A folder that doesn't exist is fine.

    Nothing may be writing in it. Raises `OSError`.
    """
    try:
        top = os.open(folder, FOLDER)
    except FileNotFoundError:
        return
    try:
        _empty(top)
    finally:
        os.close(top)
    with suppress(FileNotFoundError):
        os.rmdir(folder)


def _empty(top: int) -> None:
    """Remove everything in an open folder: what is in its folders is first moved up into it."""
    moved = 0
    while folders := _remove_files(top):
        for name in folders:
            # Removed by another process meanwhile: a server's zygote, or another server.
            with suppress(FileNotFoundError):
                moved = _move_up(top, name, moved)
                os.rmdir(name, dir_fd=top)


def _move_up(top: int, name: str, moved: int) -> int:
    """Move the folders in one of the folders up into `top`; return how often that was done."""
    inner = os.open(name, FOLDER, dir_fd=top)
    try:
        for deeper in _remove_files(inner):
            moved += 1
            os.rename(deeper, _free(top, moved), src_dir_fd=inner, dst_dir_fd=top)
    finally:
        os.close(inner)
    return moved


def _free(top: int, number: int) -> str:
    """Return a name that does not exist in the folder."""
    name = f".removed-{number}"
    with suppress(FileNotFoundError):
        while os.stat(name, dir_fd=top, follow_symlinks=False):
            name += "-"
    return name


def _remove_files(folder: int) -> list[str]:
    """Remove what is not a folder; return the names of the folders, made accessible."""
    folders = []
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries]
    for name in names:
        with suppress(FileNotFoundError):
            if _is_folder(folder, name):
                # Code may have made it with any mode. Moving it needs the right to write in it.
                os.chmod(name, stat.S_IRWXU, dir_fd=folder)
                folders.append(name)
            else:
                os.unlink(name, dir_fd=folder)
    return folders


def _is_folder(folder: int, name: str) -> bool:
    return stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
