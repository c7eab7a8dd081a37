"""Makes files readable only by the server's user: the database, uploads and logs contain users'
words, and the database also contains the secret that signs visitors' tokens.
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
    """Make files created by this process and its children inaccessible to other users."""
    os.umask(_OTHERS)


def data_places(database_url: str, files_url: str, log_file: str) -> list[Path]:
    """Return the existing files and folders on this machine that contain data.

    A folder covers everything in it: users who can't enter it can't reach its files.
    """
    return [place for place in _named(database_url, files_url, log_file) if place.exists()]


def open_to_others(places: Iterable[Path]) -> list[Path]:
    """Return those that the group or all users of this machine may open."""
    if sys.platform == "win32":  # its file modes don't show who may open a file
        return []
    return [place for place in places if place.stat().st_mode & _OTHERS]


def tighten(places: Iterable[Path]) -> None:
    """Remove the permissions of other users; log a warning if that fails."""
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
        # Includes the rotated files.
        yield from sorted(log.parent.glob(f"{log.name}*"))
