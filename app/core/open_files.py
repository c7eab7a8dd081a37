"""How many files and connections this process may have open at once."""

import sys
from contextlib import suppress
from importlib import import_module
from typing import Any

# The limit of most systems, until a process raises its own.
DEFAULT_OPEN_FILES = 1024
# The limit is raised up to this: some containers allow a billion.
_MOST = 65_536
# What the server needs besides clients and upstreams: files, database, listeners, sandboxes.
_OWN = 256
# A call to an upstream needs a connection, and its reader one to this server.
_OF_A_CALL = 2
_MOST_CALLS = 10_000


def raise_limit() -> None:
    """Raise the limit of this process as far as the system allows."""
    if sys.platform == "win32":
        return
    resource = _resource()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = attainable()
    if soft != resource.RLIM_INFINITY and soft < wanted:
        # macOS may have a lower limit in its kernel.
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def open_files() -> int:
    """Return how many this process may have open."""
    return _limit(0)


def attainable() -> int:
    """Return how many this process may have open after `raise_limit`."""
    return _limit(1)


def calls_within(open_files: int) -> int:
    """Return how many calls to upstreams at once these open files allow."""
    return max(1, min(_MOST_CALLS, (open_files - _OWN) // _OF_A_CALL))


def _limit(which: int) -> int:
    # Windows has none.
    if sys.platform == "win32":
        return _MOST
    resource = _resource()
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[which]
    return _MOST if limit == resource.RLIM_INFINITY else min(int(limit), _MOST)


def _resource() -> Any:
    # Windows lacks it, and so do the types that are checked there.
    return import_module("resource")
