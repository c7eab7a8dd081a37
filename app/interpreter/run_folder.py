"""The folder that contains the folders of all sessions of one server, and its removal.

It is locked for as long as the server or its zygote lives; what is not locked was left by a server
that was killed together with its zygote, and is removed by the next one.
"""

import logging
import os
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from app.interpreter.opening import FOLDER
from app.interpreter.removal import remove_folder

logger = logging.getLogger(__name__)

_PREFIX = "threadkeeper-interpreter-"
# Seconds in which a new folder may not be locked yet.
_NEW = 60


def make(parent: Path | None) -> tuple[Path, int]:
    """Make a folder, and return it with an open file that locks it."""
    path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent)).resolve()
    lock = os.open(path, FOLDER)
    fcntl: Any = import_module("fcntl")
    fcntl.flock(lock, fcntl.LOCK_EX)
    return path, lock


def sweep(parent: Path | None) -> None:
    """Remove the folders of servers that were killed."""
    before = time.time() - _NEW
    own = os.getuid() if hasattr(os, "getuid") else -1
    for path in (parent or Path(tempfile.gettempdir())).glob(f"{_PREFIX}*"):
        try:
            found = path.lstat()
            # Not what another user has made, even if root runs the server.
            if found.st_uid == own and found.st_mtime < before and _is_left(path):
                remove_folder(path)
                logger.info("removed files of code that a killed server has left: %s", path)
        except OSError as error:  # of another user, or removed meanwhile
            logger.debug("%s was not removed: %s", path, error)


def _is_left(path: Path) -> bool:
    fcntl: Any = import_module("fcntl")
    opened = os.open(path, FOLDER)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(opened)
    return True
