"""The code interpreter's sandbox: what SECURITY.md promises of it, as root and as a plain user."""

import json
import platform
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.core.fence import syscalls
from app.core.fence.libc import MACHINES
from app.interpreter.environment import ROOT
from tests.support.interpreter_escapes import code
from tests.support.interpreters import OUTSIDE, Driver

REFUSALS = {"EPERM", "EACCES", "ENOSYS", "EXDEV"}
TABLES = (
    *(syscalls.OTHERS, syscalls.SHARED, syscalls.KERNEL, syscalls.PLACES, syscalls.IDENTITY),
    *(syscalls.ATTRIBUTES, syscalls.LOOKED_INTO),
)
# With arguments that mean nothing: without a sandbox, the kernel would report those.
CALLS = (
    *("io_uring_setup", "io_uring_enter", "io_uring_register", "bpf", "perf_event_open"),
    *("userfaultfd", "add_key", "keyctl", "memfd_secret", "unshare", "setns", "mount"),
    *("open_tree", "fsopen", "process_vm_readv", "process_vm_writev", "pidfd_open"),
    *("pidfd_getfd", "pidfd_send_signal", "tkill", "kexec_load", "name_to_handle_at"),
    *("open_by_handle_at", "chroot", "shmget", "msgget", "semget", "mq_open", "kcmp"),
    *("rt_sigqueueinfo", "fanotify_init", "init_module", "reboot", "setsid"),
)


@pytest.fixture
def stage(interpreter_process: Driver) -> Iterator[dict[str, Any]]:
    """A folder that is open to all, a port, and two Unix sockets where one listens."""
    with (
        tempfile.TemporaryDirectory(dir=OUTSIDE) as name,
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.socket(socket.AF_UNIX) as named,
        socket.socket(socket.AF_UNIX) as abstract,
    ):
        folder = Path(name)
        for address, listening in ((str(folder / "socket"), named), (f"\0{folder}", abstract)):
            listening.bind(address)
            listening.listen()
        for file in ("database", "removed"):
            (folder / file).write_text("secret")
        for path in (folder, *folder.iterdir()):
            path.chmod(0o777)
        place = MACHINES[platform.machine()][1]
        numbers = {call: places[place] for table in TABLES for call, places in table.items()}
        yield {
            "folder": name,
            "port": server.getsockname()[1],
            "server": interpreter_process.pid,
            "code": str(ROOT / "app" / "__init__.py"),
            "numbers": {call: number for call, number in numbers.items() if number is not None},
            "newest": syscalls.NEWEST,
            "calls": CALLS,
        }
        assert (folder / "database").read_text() == "secret"
        assert sorted(path.name for path in folder.iterdir()) == ["database", "removed", "socket"]


def test_code_can_reach_nothing_but_its_own_folder(interpreter_process, stage):
    other = interpreter_process.run(
        "import ctypes, os\n"
        "open('/mnt/data/secret', 'w').write('x')\n"
        # The real path, which the interpreter hides but does not protect.
        "room = ctypes.create_string_buffer(4096)\n"
        "ctypes.CDLL(None).getcwd(room, 4096)\n"
        "print(room.value.hex());",
        key="other",
    )
    stage["other"] = str(Path(bytes.fromhex(other["printed"]).decode()).parent)
    tried = interpreter_process.run(code(stage), key="escaping")
    assert tried["how"] == "ok", tried
    found = json.loads(tried["printed"])
    assert set(found["stays"].values()) == {"done"}, found["stays"]
    assert len(found["escapes"]) > 80
    escaped = {name: said for name, said in found["escapes"].items() if said not in REFUSALS}
    # To the code, /tmp is a folder of its own: it does not find a server that is installed there.
    hidden = {"read the server's code": "ENOENT", "list the server's code": "ENOENT"}
    assert escaped == (hidden if ROOT.is_relative_to("/tmp") else {})
    assert found["environment"].keys() <= {
        *("PATH", "LANG", "LC_CTYPE", "LD_LIBRARY_PATH", "HOME", "TMPDIR", "SQLITE_TMPDIR"),
        *("MPLBACKEND", "MPLCONFIGDIR", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"),
        *("MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"),
    }
    assert [file["name"] for file in tried["made"]] == ["file"]


@pytest.mark.skipif(platform.machine() != "x86_64", reason="only x86-64 has these calls")
def test_calls_of_32_bits_are_refused(interpreter_process):
    """With the call number of `getpid` there; the process may as well crash."""
    answer = interpreter_process.run(
        "import ctypes, mmap\n"
        "room = mmap.mmap(-1, 4096, prot=7)\n"
        # mov eax, 20; int 0x80; ret
        "room.write(b'\\xb8\\x14\\x00\\x00\\x00\\xcd\\x80\\xc3')\n"
        "address = ctypes.addressof(ctypes.c_char.from_buffer(room))\n"
        "ctypes.CFUNCTYPE(ctypes.c_int)(address)()",
        key="32 bits",
    )
    assert answer["how"] == "died" or answer["printed"] == "-1\n", answer
