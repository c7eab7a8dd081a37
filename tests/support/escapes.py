"""What a compromised parser might try: `python -m tests.support.escapes STAGE FENCED USER`.

It prints the result of each attempt as JSON: the name of the error, or "done".
"""

import ctypes
import errno
import fcntl
import json
import os
import platform
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.core import fence
from app.core.fence import syscalls
from app.core.fence.libc import MACHINES, call
from app.knowledge.extraction_policy import policy

NOBODY = 65534
_X32 = 0x40000000
_SEIZE = 0x4206
_KNOWN: syscalls.Table = {**syscalls.OTHERS, **syscalls.KERNEL, **syscalls.PLACES}
# With bad arguments or none: without a fence the kernel reports those; with it, EPERM comes first.
_CALLS = (
    *("io_uring_setup", "io_uring_enter", "io_uring_register", "bpf", "perf_event_open"),
    *("userfaultfd", "add_key", "keyctl", "memfd_secret", "unshare", "setns"),
    *("mount", "open_tree", "fsopen", "process_vm_readv", "process_vm_writev"),
    *("pidfd_open", "pidfd_send_signal", "tkill", "kexec_load", "name_to_handle_at"),
)

Attempt = Callable[[], object]


def attempts(folder: Path, victim: int, port: int) -> dict[str, Attempt]:
    """`folder`: accessible to all, with the file `database` and the listening `socket`."""
    database = folder / "database"
    return {
        "read the environment of another process": Path(f"/proc/{victim}/environ").read_bytes,
        "read its own": Path("/proc/self/environ").read_bytes,
        "read the database": database.read_bytes,
        "write the database": lambda: database.write_bytes(b""),
        "truncate the database": lambda: os.truncate(database, 0),
        "truncate it when opening": lambda: os.open(database, os.O_RDONLY | os.O_TRUNC),
        "make it everybody's": lambda: database.chmod(0o777),
        "date it back": lambda: os.utime(database, (0, 0)),
        "rename it": lambda: database.rename(folder / "renamed"),
        "remove it": lambda: (folder / "removed").unlink(),
        "list the folder": lambda: os.listdir(folder),
        "make a file": lambda: (folder / "new").write_text("x"),
        "make a temporary file": lambda: os.open("/tmp", os.O_TMPFILE | os.O_RDWR, 0o600),
        "make a folder": lambda: (folder / "made").mkdir(),
        "make a link": lambda: (folder / "link").symlink_to(database),
        "make a hard link": lambda: (folder / "hard").hardlink_to(database),
        "share memory": lambda: os.open("/dev/shm/threadkeeper", os.O_CREAT | os.O_RDWR),
        "read who lives here": Path("/etc/passwd").read_bytes,
        "connect to a port": lambda: _stream().connect(("127.0.0.1", port)),
        "connect to a Unix socket": lambda: _unix().connect(str(folder / "socket")),
        "connect to an abstract one": lambda: _unix().connect(f"\0{folder}"),
        "send a datagram": lambda: _datagram().sendto(b"x", ("127.0.0.1", port)),
        "listen": lambda: socket.create_server(("127.0.0.1", 0)),
        "pair sockets": socket.socketpair,
        "fork": _fork,
        "run a program": lambda: subprocess.run(["true"], check=True),
        "become a program": lambda: os.execv("/nowhere", ["nowhere"]),
        "kill another process": lambda: os.kill(victim, 0),
        "kill its group": lambda: os.kill(0, 0),
        "signal by a file": lambda: fcntl.fcntl(0, fcntl.F_SETOWN, victim),
        "slow another down": lambda: os.setpriority(os.PRIO_PROCESS, victim, 19),
        "move another": lambda: os.sched_setaffinity(victim, {0}),
        "limit another": lambda: _limit(victim),
        "raise its own limit": lambda: _limit(0),
        "become another user": lambda: os.setresuid(-1, -1, -1),
        "memfd_create": lambda: os.memfd_create("new"),
        "trace another": lambda: call(_number("ptrace"), _SEIZE, victim, 0, 0),
        "call x32": lambda: call(_X32 + 39),
        "call what is newer": lambda: call(syscalls.NEWEST + 1),
        **{name: _calling(name) for name in _CALLS},
    }


def outcomes(tried: dict[str, Attempt]) -> dict[str, str]:
    return {name: _outcome(attempt) for name, attempt in tried.items()}


def _outcome(attempt: Attempt) -> str:
    try:
        attempt()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error))
    return "done"


def _unix() -> socket.socket:
    return socket.socket(socket.AF_UNIX)


def _stream() -> socket.socket:
    return socket.socket(socket.AF_INET)


def _datagram() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def _fork() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _limit(process: int) -> None:
    open_files = 7
    call(_number("prlimit64"), process, open_files, (ctypes.c_uint64 * 2)(16, 16), 0)


def _number(name: str) -> int:
    place = MACHINES[platform.machine()][1]
    number = {**_KNOWN, **syscalls.LOOKED_INTO}[name][place]
    assert number is not None
    return number


def _calling(name: str) -> Attempt:
    return lambda: call(_number(name), 0, 0, 0, 0, 0)


def _what_stays() -> dict[str, Attempt]:
    """Return the attempts that must succeed: what a reader needs."""
    return {
        "list the libraries": lambda: os.listdir("/usr/lib"),
        "start a thread": _run_thread,
        "random bytes": lambda: os.urandom(8),
        "ask for its limits": lambda: resource.getrlimit(0),
        "signal itself": lambda: signal.raise_signal(signal.SIGCHLD),
    }


def _run_thread() -> None:
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()


def _main(stage: dict[str, Any], *, fenced: bool, user: int) -> None:
    # This user may not be able to reach Python's own files.
    fence_of_readers = policy(1 << 30, 600)
    if user != os.getuid():
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    # Of the same user, so only the fence protects it.
    with subprocess.Popen(["sleep", "600"]) as victim:
        try:
            tried = attempts(Path(stage["folder"]), victim.pid, stage["port"])
            if only := stage.get("only"):
                tried = {name: tried[name] for name in only}
            reading, writing = os.pipe()
            if (child := os.fork()) == 0:
                if fenced:
                    assert fence.apply(fence_of_readers) == ""
                os.write(writing, json.dumps(outcomes({**tried, **_what_stays()})).encode())
                os._exit(0)
            os.waitpid(child, 0)
            os.close(writing)
            with open(reading, "rb") as said:
                sys.stdout.buffer.write(said.read())
        finally:
            victim.kill()


if __name__ == "__main__":
    _main(json.loads(sys.argv[1]), fenced=sys.argv[2] == "fenced", user=int(sys.argv[3]))
