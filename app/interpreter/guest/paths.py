"""Maps `/mnt/data` and `/tmp` to the session's folders, in everything that opens paths by name.

There is no `/mnt/data` on the machine: a mount needs privileges. `install` therefore replaces the
functions of `os`, `io` and `sqlite3` that take paths. It protects nothing, and must be called
before the imports that keep these functions. C libraries that open paths themselves see the real
folders only; the current folder is the real one, so that relative paths work there as well.

The sandbox refuses to change modes, owners and times of files; code that copies files sets them, so
that these functions do nothing here.
"""

import builtins
import functools
import io
import os
import sqlite3
import sys
from collections.abc import Callable
from typing import Any

DATA, TEMPORARY = "/mnt/data", "/tmp"

# Function name to how many leading arguments are paths.
_OF_PATHS = {
    **dict.fromkeys(
        (
            *("open", "stat", "lstat", "listdir", "scandir", "mkdir", "rmdir", "remove", "unlink"),
            *("access", "readlink", "chdir", "statvfs", "pathconf", "getxattr", "listxattr"),
        ),
        1,
    ),
    **dict.fromkeys(("rename", "replace", "link", "symlink"), 2),
}
_REFUSED = (
    *("chmod", "lchmod", "fchmod", "chown", "lchown", "fchown", "utime", "setxattr"),
    "removexattr",
)
_SETS = (*("supports_dir_fd", "supports_fd", "supports_follow_symlinks", "supports_effective_ids"),)

# The real folder of each mapped one, and the folders whose paths are never mapped although they may
# begin like a mapped one; set in the session.
_folders: dict[str, str] = {}
_real_places: list[str] = []


def use(folders: dict[str, str], inside: str) -> None:
    """Map these folders (mapped path to real path) from now on; they are all in `inside`.

    Python and its libraries stay where they are, even if that is in `/tmp` or `/mnt/data`.

    To be called in a session: the zygote itself changes modes.
    """
    for name in _REFUSED:
        _replace(os, name, _ignoring)
    _folders.clear()
    _folders.update(folders)
    python = (*sys.path, sys.prefix, sys.base_prefix)
    _real_places[:] = [f"{place}/" for place in (inside, *python) if place not in ("", *folders)]


def real(path: Any) -> Any:
    """Return the path to open for a path that code names; anything but a path is unchanged."""
    if isinstance(path, int) or path is None:
        return path
    try:
        named = os.fspath(path)
    except TypeError:  # reported by the function that gets it
        return path
    if isinstance(named, bytes):
        return os.fsencode(_real(os.fsdecode(named)))
    return _real(named)


def _real(path: str) -> str:
    for mapped, folder in _folders.items():
        if path == mapped or path.startswith(f"{mapped}/"):
            # Importing lists the folders themselves.
            if f"{path}/".startswith(tuple(_real_places)):
                return path
            return folder + path[len(mapped) :]
    return path


def shown(path: str) -> str:
    """Return the path that code knows for a real one."""
    for mapped, folder in _folders.items():
        if path == folder or path.startswith(f"{folder}/"):
            return mapped + path[len(folder) :]
    return path


def install() -> None:
    for name, count in _OF_PATHS.items():
        _replace(os, name, functools.partial(_mapping, count=count))
    _replace(os, "getcwd", _showing)
    os.truncate = _truncate
    io.open = builtins.open = _mapping(builtins.open, count=1)
    sqlite3.connect = sqlite3.dbapi2.connect = _mapping(sqlite3.connect, count=1)


def _replace(module: Any, name: str, wrap: Callable[[Any], Any]) -> None:
    original = getattr(module, name, None)
    if original is None:
        return
    replacement = wrap(original)
    setattr(module, name, replacement)
    for functions in (getattr(os, one) for one in _SETS):
        if original in functions:
            functions.add(replacement)


def _mapping(function: Any, *, count: int) -> Any:
    @functools.wraps(function)
    def mapped(*arguments: Any, **named: Any) -> Any:
        paths = [real(path) for path in arguments[:count]]
        named = {
            name: real(value) if name in _ARGUMENTS else value for name, value in named.items()
        }
        return function(*paths, *arguments[count:], **named)

    return mapped


# The names that path arguments have; `os.mkdir(path="…")` is rare but allowed.
_ARGUMENTS = {"path", "file", "src", "dst", "database"}


def _ignoring(function: Any) -> Any:
    @functools.wraps(function)
    def ignored(*arguments: Any, **named: Any) -> None:
        # What is not there is an error all the same: `Path.touch` relies on that.
        file: Any = arguments[0] if arguments else named.get("path", named.get("fd"))
        os.stat(file, dir_fd=named.get("dir_fd"), follow_symlinks=False)

    return ignored


def _showing(function: Any) -> Any:
    @functools.wraps(function)
    def showing() -> str:
        return shown(function())

    return showing


def _truncate(path: Any, length: int) -> None:
    """`os.truncate`, with calls that the sandbox allows."""
    opened = path if isinstance(path, int) else os.open(path, os.O_WRONLY)
    try:
        os.ftruncate(opened, length)
    finally:
        if opened is not path:
            os.close(opened)
