"""Landlock: limits the files that a process may use, and denies TCP ports and other processes.

It applies to what is opened from now on, by this thread and by whatever it starts.
"""

import ctypes
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from app.core.fence.libc import answers, call, prctl

_CREATE, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION = 1
_PATH_BENEATH = 1
_NO_NEW_PRIVS = 38

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_REG = 1 << 4, 1 << 5, 1 << 7, 1 << 8
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_FIRST_RIGHTS = (1 << 13) - 1
# By the version that introduced them.
_LATER_RIGHTS = ((2, _REFER), (3, _TRUNCATE), (5, _IOCTL_DEV))
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV

_READ = _READ_FILE | _READ_DIR
_CHANGE = _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _TRUNCATE
# No symbolic links, devices or sockets: the reader of a writable folder would follow a link in it.
# Files may be moved, and linked to, between folders that are both writable.
_WRITE = _READ | _CHANGE | _REFER
_TCP = 0b11
_SCOPES = 0b11  # abstract Unix sockets, signals


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def version() -> int:
    """Return the kernel's version of Landlock, from 1; -1 if it has none."""
    return answers(_CREATE, None, 0, _VERSION)


def restrict(
    readable: Iterable[Path], writable: Iterable[Path], *, network: bool, programs: bool
) -> None:
    """Allow only these files, and what is beneath these folders. Raises `OSError`.

    Paths that don't exist or can't be opened are skipped.
    """
    known = version()
    rights = _FIRST_RIGHTS
    for since, right in _LATER_RIGHTS:
        rights |= right if known >= since else 0
    ruleset = _Ruleset(rights, 0 if network else _TCP, _SCOPES)
    size = 24 if known >= 6 else 16 if known >= 4 else 8
    rules = call(_CREATE, ctypes.byref(ruleset), size, 0)
    try:
        for path in readable:
            _allow(rules, path, (_READ | (_EXECUTE if programs else 0)) & rights)
        for path in writable:
            _allow(rules, path, _WRITE & rights)
        prctl(_NO_NEW_PRIVS, 1)
        call(_RESTRICT_SELF, rules, 0)
    finally:
        os.close(rules)


def _allow(rules: int, path: Path, rights: int) -> None:
    with suppress(FileNotFoundError, PermissionError, NotADirectoryError):
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            allowed = rights if path.is_dir() else rights & _OF_FILES
            rule = _PathBeneath(allowed, opened)
            call(_ADD_RULE, rules, _PATH_BENEATH, ctypes.byref(rule), 0)
        finally:
            os.close(opened)
