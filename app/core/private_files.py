"""Files that only the server's user may read: the database, uploads and logs hold users' words,
and the database the secret that signs visitors' tokens.
"""

import logging
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

logger = logging.getLogger(__name__)

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def make_files_private() -> None:
    """Let this process, and those it starts, make files that no other user may open."""
    os.umask(_OTHERS)


def data_places(database_url: str, files_url: str, log_file: str) -> list[Path]:
    """Return the files and folders on this machine that hold data, as far as they are there.

    A folder stands for all that is in it: who can't enter it reaches nothing there.
    """
    return [place for place in _named(database_url, files_url, log_file) if place.exists()]


def open_to_others(places: Iterable[Path]) -> list[Path]:
    """Return those that the group or all users of this machine may open."""
    if sys.platform == "win32":  # keeps this elsewhere, and answers the same for every file
        return []
    return [place for place in places if place.stat().st_mode & _OTHERS]


def tighten(places: Iterable[Path]) -> None:
    """Take the rights of other users away; the log says where that isn't possible."""
    for place in open_to_others(places):
        try:
            place.chmod(stat.S_IMODE(place.stat().st_mode) & ~_OTHERS)
        except OSError as error:
            logger.warning("other users of this machine may open %s: %s", place, error.strerror)
        else:
            logger.info("closed to other users of this machine: %s", place)


def _named(database_url: str, files_url: str, log_file: str) -> Iterator[Path]:
    kind, _, path = database_url.partition(":///")
    if kind.startswith("sqlite") and path:
        database = unquote(path.partition("?")[0])
        yield from (Path(f"{database}{ending}") for ending in ("", "-wal", "-shm", "-journal"))
    if not files_url.startswith("s3://"):
        is_url = files_url.startswith("file://")
        yield Path(url2pathname(urlsplit(files_url).path) if is_url else files_url)
    if log_file:
        log = Path(log_file)
        # With those that it was rotated into.
        yield from sorted(log.parent.glob(f"{log.name}*"))
