"""The sandbox policy of a session: Python and its libraries to read, its own folders to write."""

import os
import resource
import sys
import sysconfig
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from app.core.fence import Limits, Policy

# What libraries read: other libraries, fonts, time zones, the types of files by their names.
_SYSTEM = (
    *("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache"),
    *("/usr/share/fonts", "/usr/local/share/fonts", "/usr/share/zoneinfo", "/etc/localtime"),
    *("/etc/mime.types", "/dev/urandom", "/dev/random", "/dev/zero"),
)
_PACKAGES = ("site-packages", "dist-packages")
_OPEN_FILES = 256
# Of a folder that must be listed instead of allowed as a whole.
_DEEPEST = 8


def policy(folders: Collection[Path], closed: Collection[Path], limits: dict[str, Any]) -> Policy:
    """Return the policy. `closed`: folders that must stay unreadable, even inside readable ones.

    `limits`: `memory_bytes` (in addition to what the process has now), `disk_bytes`, `tasks`.
    """
    return Policy(
        readable=tuple(dict.fromkeys(_readable({path.resolve() for path in closed}))),
        writable=(*folders, Path(os.devnull)),
        limits=Limits(
            memory_bytes=_address_space() + limits["memory_bytes"],
            file_bytes=limits["disk_bytes"],
            open_files=_OPEN_FILES,
            tasks=limits["tasks"] or None,
        ),
    )


def _readable(closed: Collection[Path]) -> Iterator[Path]:
    yield Path(sys.prefix) / "lib"
    yield Path(sysconfig.get_path("purelib"))
    yield Path(sysconfig.get_path("platlib"))
    standard = Path(sysconfig.get_path("stdlib"))
    # The packages beside Python's own library are not the interpreter's, but perhaps the server's.
    yield from _without(standard, {*closed, *(standard.resolve() / name for name in _PACKAGES)})
    # Shared libraries of a Python that is installed in a folder of its own.
    with suppress(OSError):
        yield from (path for path in (Path(sys.base_prefix) / "lib").iterdir() if path.is_file())
    for path in map(Path, _SYSTEM):
        yield from _without(path, closed)


def _without(path: Path, closed: Collection[Path], depth: int = 0) -> Iterator[Path]:
    """Yield paths that together include all of `path` but what is in a closed folder."""
    place = path.resolve()
    if any(place.is_relative_to(one) for one in closed):
        return
    if not any(one.is_relative_to(place) for one in closed):
        yield path
    elif depth < _DEEPEST:
        with suppress(OSError):
            for child in path.iterdir():
                yield from _without(child, closed, depth + 1)


def _address_space() -> int:
    """Return the size of this process's address space in bytes: `RLIMIT_AS` limits all of it."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()
