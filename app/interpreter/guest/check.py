"""The self-check: enters the sandbox of a session, tries to escape, and reports what it could do.

`python -c … TASK`, where TASK is JSON; it prints one JSON object.
"""

import errno
import importlib.util
import json
import mmap
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.core import fence
from app.core.fence import libc, syscalls
from app.interpreter.guest.policy import policy

_PACKAGES = ("numpy", "pandas", "matplotlib", "scipy", "sympy", "openpyxl", "PIL")
_REFUSALS = {errno.EPERM, errno.EACCES, errno.ENOSYS, errno.EXDEV}
_X32 = 0x40000000
_NONSENSE = 0x4206
_TABLES = (syscalls.OTHERS, syscalls.SHARED, syscalls.KERNEL, syscalls.PLACES)
# Without arguments that mean anything: the kernel would report those, the sandbox refuses first.
_CALLS = (
    *("ptrace", "process_vm_readv", "pidfd_open", "io_uring_setup", "memfd_create", "bpf"),
    *("userfaultfd", "unshare", "mount", "shmget", "inotify_init1"),
)

Attempt = Callable[[], object]


def main() -> None:
    task = json.loads(sys.argv[1])
    lacking = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
    if lacking:
        print(json.dumps({"missing": lacking}))
        return
    package = importlib.util.find_spec("numpy")
    folder = Path(task["folder"])
    fences = policy([folder], list(map(Path, task["closed"])), task["limits"])
    if why := fence.apply(fences):
        print(json.dumps({"lacking": why}))
        return
    found = {
        "escaped": [name for name, attempt in _escapes(task).items() if _succeeds(attempt)],
        "broken": [
            name
            for name, attempt in _needs(folder, str(package and package.origin)).items()
            if not _works(attempt)
        ],
    }
    print(json.dumps(found))


def _escapes(task: dict[str, Any]) -> dict[str, Attempt]:
    """Return what must not succeed, by what it would mean."""
    secret, server = Path(task["secret"]), int(task["server"])
    folder = Path(task["folder"])
    return {
        "read another file": secret.read_bytes,
        "write another file": lambda: secret.write_bytes(b""),
        "truncate another file": lambda: os.truncate(secret, 0),
        "remove another file": secret.unlink,
        "change another file's mode": lambda: secret.chmod(0o777),
        "list another folder": lambda: os.listdir(secret.parent),
        "make a symbolic link": lambda: (folder / "symlink").symlink_to(secret),
        "make a link to another file": lambda: (folder / "link").hardlink_to(secret),
        "read the server's code": Path(task["code"]).read_bytes,
        "read the server's environment": Path(f"/proc/{server}/environ").read_bytes,
        "read its own environment": Path("/proc/self/environ").read_bytes,
        "use the network": lambda: socket.socket(socket.AF_INET),
        "use Unix sockets": lambda: socket.socket(socket.AF_UNIX),
        "start a process": _fork,
        "start a program": lambda: os.execv("/nowhere", ["nowhere"]),
        "signal the server": lambda: os.kill(server, 0),
        "raise its limits": _raise_limit,
        "call the kernel as x32": lambda: libc.call(_X32 + 39),
        **{f"call {name}": _calling(name) for name in _CALLS},
    }


def _needs(folder: Path, package: str) -> dict[str, Attempt]:
    """Return what must succeed, or code could not work."""
    return {
        "write a file": lambda: (folder / "file").write_text("x"),
        "move a file": lambda: (folder / "file").rename(folder / "moved"),
        "read a package": Path(package).read_bytes,
        "start a thread": _thread,
        "signal itself": lambda: signal.raise_signal(signal.SIGCHLD),
        "have little memory": _little_memory,
    }


def _succeeds(attempt: Attempt) -> bool:
    try:
        attempt()
    except OSError as error:
        # Anything else is the kernel's answer to what it would have done.
        return error.errno not in _REFUSALS
    return True


def _works(attempt: Attempt) -> bool:
    try:
        attempt()
    except (OSError, RuntimeError, MemoryError):
        return False
    return True


def _calling(name: str) -> Attempt:
    place = libc.MACHINES[libc.machine()][1]
    number = next(table[name][place] for table in _TABLES if name in table)
    assert number is not None
    return lambda: libc.call(number, _NONSENSE, 0, 0, 0, 0)


def _raise_limit() -> None:
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))
    except ValueError:  # what the module makes of EPERM
        raise PermissionError(errno.EPERM, "refused") from None


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def _thread() -> None:
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()


def _little_memory() -> None:
    try:
        mmap.mmap(-1, 1 << 30).close()
    except OSError:
        return
    raise MemoryError
