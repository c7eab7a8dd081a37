"""What a session's process uses, as the kernel reports it."""

import os
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_BLOCK_BYTES = 512
_DELETED = b" (deleted)"
# Places in /proc/PID/stat, counted from after the name.
_STATE, _USER_TIME, _SYSTEM_TIME, _THREADS = 0, 11, 12, 17


class Hidden(Exception):
    """The process does something by which it could hide what it uses: it must be ended."""


@dataclass(frozen=True)
class Usage:
    """`open_bytes`: disk space of files that are deleted but still open."""

    cpu_seconds: float
    threads: int
    open_bytes: int


def cpu_seconds(pid: int) -> float:
    """Return what the process has used since its start. Raises `OSError` if it is gone."""
    return _cpu_seconds(_status(pid))


def usage(pid: int, folder: Path) -> Usage:
    """Raises `Hidden`, or `OSError` if the process is gone. It may take milliseconds."""
    status = _status(pid)
    if status[_STATE] in "ZX" and int(status[_THREADS]) > 1:
        # Its first thread has ended: the kernel no longer shows the open files of the others.
        raise Hidden
    opened = _deleted_files(pid)
    if _mapped_only(pid, folder, opened):
        raise Hidden
    return Usage(_cpu_seconds(status), int(status[_THREADS]), sum(opened.values()))


def _status(pid: int) -> list[str]:
    # The name before the last parenthesis may contain anything.
    return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()


def _cpu_seconds(status: list[str]) -> float:
    return (int(status[_USER_TIME]) + int(status[_SYSTEM_TIME])) / _TICKS


def _deleted_files(pid: int) -> dict[int, int]:
    """Return the size on disk of each file that is open but has no name any more, by inode."""
    found = {}
    folder = f"/proc/{pid}/fd"
    for name in os.listdir(folder):
        try:
            status = os.stat(f"{folder}/{name}")
        except FileNotFoundError:  # closed meanwhile
            continue
        if status.st_nlink == 0:
            found[status.st_ino] = status.st_blocks * _BLOCK_BYTES
    return found


def _mapped_only(pid: int, folder: Path, opened: dict[int, int]) -> bool:
    """Return whether a deleted file is in memory without being open: its size can't be known.

    Python's `mmap` keeps the file open.
    """
    beneath = os.fsencode(folder.resolve()) + b"/"
    # As bytes: names may contain what a text file would take for the end of a line.
    with open(f"/proc/{pid}/maps", "rb") as maps:
        for line in maps:
            if not line.endswith(_DELETED + b"\n"):
                continue
            _, _, _, _, inode, path = line.split(maxsplit=5)
            if path.startswith(beneath) and int(inode) not in opened:
                return True
    return False


def user_tasks() -> int:
    """Return how many threads of this user's processes can be seen; 0 for root, whose number the
    kernel does not limit."""
    user = os.getuid()
    if user == 0:
        return 0
    count = 0
    for name in os.listdir("/proc"):
        if not name.isdecimal():
            continue
        try:
            if os.stat(f"/proc/{name}").st_uid == user:
                count += int(_status(int(name))[_THREADS])
        except OSError:  # ended meanwhile
            continue
    return count
