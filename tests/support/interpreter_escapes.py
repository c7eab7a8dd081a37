"""What hostile code might try in the code interpreter; `code` returns it as text for a session.

In a session the project can't be imported, so that this file is sent as it is. Each attempt ends in
"done" or in the name of its error.
"""

import ctypes
import errno
import fcntl
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

Attempt = Callable[[], object]

_LIBRARY = ctypes.CDLL(None, use_errno=True)
_X32 = 0x40000000
_CLONE_VM, _CLONE_SIGHAND, _CLONE_THREAD, _CHILD = 0x100, 0x800, 0x10000, 17


def call(number: int, *arguments: Any) -> int:
    """Make a system call, without the C library's help."""
    given = (ctypes.c_ulong(a) if isinstance(a, int) else a for a in arguments)
    result: int = _LIBRARY.syscall(ctypes.c_long(number), *given)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def attempts(stage: dict[str, Any]) -> dict[str, Attempt]:
    """`stage`: the `folder` of everything that is not the code's, the `server`'s process id, a
    `port` where something listens, another session's folder (`other`), the server's `code`, and the
    `numbers` of system calls."""
    folder, server, port = Path(stage["folder"]), int(stage["server"]), int(stage["port"])
    numbers: dict[str, int] = stage["numbers"]
    database, other = folder / "database", Path(stage["other"])
    outside = folder / "new"
    here = Path("/mnt/data")
    return {
        "read the database": database.read_bytes,
        "read it by dots": lambda: Path(
            "/mnt/data", *[".."] * 12, *database.parts[1:]
        ).read_bytes(),
        "read it by its open call": lambda: _open(str(database), os.O_RDONLY),
        "write the database": lambda: _open(str(database), os.O_WRONLY),
        "truncate the database": lambda: _checked(_LIBRARY.truncate(_path(database), 0)),
        "truncate it when opening": lambda: _open(str(database), os.O_RDONLY | os.O_TRUNC),
        "make it everybody's": lambda: call(numbers["fchmodat"], -100, _path(database), 0o777),
        "date it back": lambda: call(numbers["utimensat"], -100, _path(database), 0, 0),
        "mark it": lambda: call(numbers["setxattr"], _path(database), b"user.x", b"x", 1, 0),
        "rename it": lambda: database.rename(folder / "renamed"),
        "move it here": lambda: database.rename(here / "database"),
        "remove it": (folder / "removed").unlink,
        "link to it": lambda: (here / "symlink").symlink_to(database),
        "link to it from the temporary folder": lambda: Path("/tmp/symlink").symlink_to(database),
        "hard link to it": lambda: (here / "hard").hardlink_to(database),
        "link to its folder": lambda: (here / "folder").symlink_to(folder),
        "list its folder": lambda: os.listdir(folder),
        "watch it": lambda: call(numbers["inotify_init1"], 0),
        "make a file outside": lambda: _open(str(outside), os.O_WRONLY | os.O_CREAT),
        "make a folder outside": outside.mkdir,
        "make a file beside its own folders": lambda: _open("../new", os.O_WRONLY | os.O_CREAT),
        "rename its own folder": lambda: os.rename("../shown", "../other"),
        "make an unnamed file outside": lambda: _open(str(folder), os.O_TMPFILE | os.O_RDWR),
        "make a FIFO": lambda: os.mkfifo(here / "fifo"),
        "make a device": lambda: os.mknod(here / "device", 0o20666, os.makedev(1, 1)),
        "make a named socket": lambda: _unix().bind(str(here / "socket")),
        "share memory": lambda: _open("/dev/shm/threadkeeper", os.O_CREAT | os.O_RDWR),
        "read who lives here": Path("/etc/passwd").read_bytes,
        "read the server's code": Path(stage["code"]).read_bytes,
        "list the server's code": lambda: os.listdir(Path(stage["code"]).parent),
        "read another session's file": (other / "data" / "secret").read_bytes,
        "list another session": lambda: os.listdir(other / "data"),
        "write into another session": lambda: (other / "data" / "new").write_text("x"),
        "list all sessions": lambda: os.listdir(other.parent),
        "read the server's environment": Path(f"/proc/{server}/environ").read_bytes,
        "read the server's memory": lambda: _open(f"/proc/{server}/mem", os.O_RDONLY),
        "list the server's files": lambda: os.listdir(f"/proc/{server}/fd"),
        "find the server's folder": lambda: os.readlink(f"/proc/{server}/cwd"),
        "read its own environment": Path("/proc/self/environ").read_bytes,
        "write its own memory by file": lambda: _open("/proc/self/mem", os.O_RDWR),
        "list the processes": lambda: os.listdir("/proc"),
        "connect to a port": lambda: _tcp().connect(("127.0.0.1", port)),
        "send a datagram": lambda: _udp().sendto(b"x", ("127.0.0.1", port)),
        "listen": lambda: socket.create_server(("127.0.0.1", 0)),
        "use IPv6": lambda: socket.socket(socket.AF_INET6),
        "use netlink": lambda: socket.socket(socket.AF_NETLINK),
        "use raw packets": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
        "connect to a Unix socket": lambda: _unix().connect(str(folder / "socket")),
        "connect to an abstract one": lambda: _unix().connect(f"\0{folder}"),
        "pair sockets": socket.socketpair,
        "fork": _fork,
        "fork by its own call": lambda: call(numbers["clone"], _CHILD, 0, 0, 0, 0),
        "a thread with files of its own": lambda: call(
            numbers["clone"], _CLONE_VM | _CLONE_SIGHAND | _CLONE_THREAD, 0, 0, 0, 0
        ),
        "fork by the new call": lambda: call(
            numbers["clone3"], ctypes.create_string_buffer(88), 88
        ),
        "a thread's files of its own, later": lambda: call(numbers["close_range"], 200, 200, 2),
        "go on by a timer when stopped": lambda: call(numbers["timer_create"], 0, 0, 0),
        "go on when stopped": lambda: os.kill(os.getpid(), signal.SIGCONT),
        "let a thread go on": lambda: signal.pthread_kill(threading.get_ident(), signal.SIGCONT),
        "run a program": lambda: subprocess.run(["true"], check=True),
        "run a shell": lambda: _shell("true"),
        "become a program": lambda: os.execv(sys.executable, [sys.executable, "-V"]),
        "trace the server": lambda: call(numbers["ptrace"], 0x4206, server, 0, 0),
        "be traced": lambda: call(numbers["ptrace"], 0, 0, 0, 0),
        "kill the server": lambda: os.kill(server, 0),
        "kill its parent": lambda: os.kill(os.getppid(), 0),
        "kill everybody": lambda: os.kill(-1, 0),
        "kill its group": lambda: os.kill(0, 0),
        "kill a thread of the server": lambda: call(numbers["tgkill"], server, server, 0),
        "signal by a file": lambda: fcntl.fcntl(0, fcntl.F_SETOWN, server),
        "outlive its parent": lambda: _checked(_LIBRARY.prctl(1, 0, 0, 0, 0)),
        "hide from the server": lambda: _checked(_LIBRARY.prctl(4, 0, 0, 0, 0)),
        "slow the server down": lambda: os.setpriority(os.PRIO_PROCESS, server, 19),
        "be faster": lambda: os.nice(-15),
        "move the server": lambda: os.sched_setaffinity(server, {0}),
        "limit the server": lambda: _limit(numbers["prlimit64"], server),
        "raise its own limits": _unlimit,
        "become another user": lambda: os.setresuid(-1, -1, -1),
        "regain capabilities": lambda: call(numbers["capset"], 0, 0),
        "memfd_create": lambda: os.memfd_create("new"),
        "call x32": lambda: call(_X32 + 39),
        "call what is newer": lambda: call(int(stage["newest"]) + 1),
        **{name: _calling(numbers[name]) for name in stage["calls"]},
    }


def outcomes(tried: dict[str, Attempt]) -> dict[str, str]:
    return {name: _outcome(attempt) for name, attempt in tried.items()}


def _outcome(attempt: Attempt) -> str:
    try:
        attempt()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error))
    except ValueError as error:  # what `resource` makes of EPERM
        return "EPERM" if "not allowed" in str(error) else str(error)
    return "done"


def _open(path: str, flags: int) -> int:
    """Open a path as the kernel sees it, not as the interpreter maps it."""
    return _checked(_LIBRARY.open(path.encode(), flags, 0o666))


def _checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def _path(path: Path) -> bytes:
    return str(path).encode()


def _dotted(path: Path) -> Path:
    return Path("/mnt/data", *[".."] * 12, *path.parts[1:])


def _calling(number: int) -> Attempt:
    return lambda: call(number, 0, 0, 0, 0, 0)


def _unix() -> socket.socket:
    return socket.socket(socket.AF_UNIX)


def _tcp() -> socket.socket:
    return socket.socket(socket.AF_INET)


def _udp() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def _fork() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _shell(command: str) -> None:
    status = os.system(command)
    if status:
        raise OSError(errno.EPERM, f"status {status}")


def _limit(number: int, process: int) -> None:
    call(number, process, resource.RLIMIT_NOFILE, (ctypes.c_uint64 * 2)(16, 16), 0)


def _unlimit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (16, hard))


def what_stays() -> dict[str, Attempt]:
    """Return the attempts that must succeed: what code needs."""
    return {
        "write a file": lambda: Path("/mnt/data/file").write_text("x"),
        "write /dev/null": lambda: Path("/dev/null").write_text("x"),
        "make an unnamed file": lambda: os.open("/tmp", os.O_TMPFILE | os.O_RDWR),
        "random bytes": lambda: os.urandom(8),
        "start a thread": _run_thread,
        "ask for its limits": lambda: resource.getrlimit(resource.RLIMIT_AS),
        "close files": lambda: os.closerange(200, 210),
        "signal itself": lambda: signal.raise_signal(signal.SIGCHLD),
        "read a library": Path(os.__file__).read_bytes,
        "time zones": lambda: __import__("zoneinfo").ZoneInfo("Asia/Seoul"),
    }


def _run_thread() -> None:
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()


def code(stage: dict[str, Any]) -> str:
    """Return this file as code that prints the outcomes as JSON."""
    source = Path(__file__).read_text("utf-8")
    return (
        f"{source}\n"
        f"stage = json.loads({json.dumps(stage)!r})\n"
        "print(json.dumps({'escapes': outcomes(attempts(stage)),"
        " 'stays': outcomes(what_stays()), 'environment': dict(os.environ)}));\n"
    )
