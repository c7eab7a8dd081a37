"""The fence around the process that reads files: what SECURITY.md promises of it."""

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.core import fence
from app.core.fence import landlock
from app.knowledge import extraction
from app.knowledge.extraction import extract_text
from app.knowledge.extraction_policy import policy

if lacking := fence.missing():
    pytest.skip(f"no fence here: {lacking}", allow_module_level=True)

from tests.support.escapes import NOBODY

ROOT = Path(__file__).resolve().parents[2]
REFUSALS = {"EPERM", "EACCES", "ENOSYS", "EXDEV"}
STAYS = {
    *("list the libraries", "start a thread", "random bytes", "ask for its limits"),
    "signal itself",
}
# What anybody may do who is not fenced in: the attempts themselves work.
OPEN_TO_ALL = {
    *("read the environment of another process", "read the database", "make a file", "fork"),
    *("connect to a port", "connect to a Unix socket", "connect to an abstract one"),
    *("run a program", "kill another process", "memfd_create", "pair sockets"),
}


@pytest.fixture
def stage() -> Iterator[dict[str, Any]]:
    """A folder that is open to all, a port and two Unix sockets where one listens."""
    with (
        tempfile.TemporaryDirectory() as name,
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.socket(socket.AF_UNIX) as named,
        socket.socket(socket.AF_UNIX) as abstract,
    ):
        folder = Path(name)
        for place, listening in ((str(folder / "socket"), named), (f"\0{folder}", abstract)):
            listening.bind(place)
            listening.listen()
        for file in ("database", "removed"):
            (folder / file).write_text("secret")
        for path in (folder, *folder.iterdir()):
            path.chmod(0o777)
        yield {"folder": name, "port": server.getsockname()[1]}


def tried(stage: dict[str, Any], how: str, user: int) -> dict[str, str]:
    """Return what became of each attempt of a process of this user."""
    command = [sys.executable, "-m", "tests.support.escapes", json.dumps(stage), how, str(user)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    outcomes: dict[str, str] = json.loads(done.stdout)
    return outcomes


@pytest.fixture(params=["this user", "nobody"])
def user(request: pytest.FixtureRequest) -> int:
    if request.param == "this user":
        return os.getuid()
    if os.getuid() != 0:
        pytest.skip("only root can be somebody else")
    return NOBODY


def test_a_fenced_process_can_do_nothing_but_read(stage, user):
    outcomes = tried(stage, "fenced", user)
    assert {name: outcomes.pop(name) for name in STAYS} == dict.fromkeys(STAYS, "done")
    escaped = {name: said for name, said in outcomes.items() if said not in REFUSALS}
    # What the kernel refuses in other words than these was refused by nobody here.
    assert escaped == {}
    assert (Path(stage["folder"]) / "database").read_text() == "secret"
    assert sorted(path.name for path in Path(stage["folder"]).iterdir()) == [
        *("database", "removed", "socket")
    ]


def test_without_a_fence_the_same_attempts_succeed(stage, user):
    # Only these: others could do harm to the machine.
    outcomes = tried({**stage, "only": sorted(OPEN_TO_ALL)}, "open", user)
    assert {name: outcomes[name] for name in OPEN_TO_ALL} == dict.fromkeys(OPEN_TO_ALL, "done")


async def test_the_process_that_reads_files_is_fenced(stage, monkeypatch):
    monkeypatch.setattr(extraction, "_WORKER", "tests.support.canary_worker")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    outcomes = json.loads(await extract_text(json.dumps(stage).encode(), "a.txt"))
    assert set(outcomes.pop("environment")) <= {
        *("PATH", "LANG", "LC_CTYPE", "LD_LIBRARY_PATH", "PYTHONDONTWRITEBYTECODE")
    }
    assert {name: said for name, said in outcomes.items() if said not in REFUSALS} == {}


def test_the_projects_folder_is_not_readable():
    readable = policy(1 << 30, 60).readable
    for path in (
        ROOT,
        ROOT / ".env",
        ROOT / "data" / "threadkeeper.db",
        Path("/proc"),
        Path("/tmp"),
    ):
        assert not [allowed for allowed in readable if path.is_relative_to(allowed)], path


def test_without_landlock_the_limits_hold_and_the_log_says_what_is_missing(monkeypatch, caplog):
    monkeypatch.setattr(landlock, "version", lambda: -1)
    assert "Landlock" in fence.missing()
    extraction.log_missing_fence()
    assert "no Landlock" in caplog.text


def test_a_memory_that_may_not_be_inspected():
    user = NOBODY if os.getuid() == 0 else os.getuid()
    code = (
        "import os, sys\n"
        "from app.core.fence import forbid_inspection\n"
        f"os.setuid({user})\n"
        "forbid_inspection()\n"
        "print('ready', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as inspected:
        assert inspected.stdout is not None and inspected.stdin is not None
        assert inspected.stdout.readline() == b"ready\n"
        # By another process of the same user.
        looked = subprocess.run(
            ["cat", f"/proc/{inspected.pid}/environ"], capture_output=True, check=False, user=user
        )
        assert looked.returncode != 0 and not looked.stdout
        inspected.stdin.close()
