"""The sandbox policy of the process that reads a file: it may read only Python and libraries."""

import sys
import sysconfig
from collections.abc import Collection, Iterator
from pathlib import Path

from app.core.fence import Limits, Policy

_APP = Path(__file__).resolve().parents[1]
# The system's folders of shared libraries, and the cache that lists them.
_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache")


def policy(memory_bytes: int, cpu_seconds: int) -> Policy:
    """Return the policy. The file itself needs no rule: standard input is already open."""
    limits = Limits(memory_bytes=memory_bytes, cpu_seconds=cpu_seconds, file_bytes=0)
    return Policy(readable=tuple(dict.fromkeys(_readable())), limits=limits)


def _readable() -> Iterator[Path]:
    yield _APP
    prefixes = [Path(prefix) / "lib" for prefix in (sys.prefix, sys.base_prefix)]
    installed = [Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib")]
    for path in (*prefixes, *installed, *map(Path, filter(None, sys.path)), *map(Path, _LIBRARIES)):
        if path.is_absolute() and path.resolve() not in _closed():
            yield path


def _closed() -> Collection[Path]:
    """Return the folders that contain more than Python and its libraries.

    In a clone these are the project's folder, which may contain .env and the database, and its
    parents. If the application is installed among Python's packages, there are none.
    """
    packages = {Path(sysconfig.get_path(name)).resolve() for name in ("purelib", "platlib")}
    return () if packages & {*_APP.parents} else _APP.parents
