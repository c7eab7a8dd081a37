"""The self-check: without a sandbox that holds, the code interpreter is off and says why."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.core import fence
from app.core.fence import landlock
from app.interpreter import environment, self_check
from app.interpreter.environment import closed_places, find_python
from app.interpreter.guest import policy as policy_module
from app.interpreter.interpreter import Interpreter
from tests.support.interpreters import PATIENT, require_interpreter

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(self_check, "_known", {})


async def opened(python: Path | None, folder: Path) -> str:
    """Return why an interpreter with this Python is off; close it."""
    interpreter = Interpreter(python, PATIENT, sessions=1, idle_seconds=600, folder=folder)
    await interpreter.open()
    why = interpreter.unavailable
    await interpreter.close()
    return why


def test_the_check_passes_here_and_finds_no_escape():
    assert self_check.check_now(require_interpreter()) is None


async def test_without_landlock_it_is_off(monkeypatch, caplog, tmp_path):
    monkeypatch.setattr(landlock, "version", lambda: -1)
    interpreter = Interpreter(
        find_python(""), PATIENT, sessions=1, idle_seconds=600, folder=tmp_path
    )
    await interpreter.open()
    assert interpreter.unavailable.startswith(
        "The code interpreter is off: the kernel has no Landlock"
    )
    assert "no Landlock" in caplog.text
    await interpreter.close()


# What a guest without a part of its sandbox could do: each part is left out in turn.
WITHOUT = {
    "files": (
        "fence.landlock.restrict = lambda *_a, **_n: None",
        ("read another file", "list another folder", "read the server's code"),
    ),
    "system calls": (
        "fence.seccomp.restrict = lambda *_a, **_n: None",
        ("start a process", "use the network", "call unshare"),
    ),
    "limits": ("fence._limit = lambda *_a: None", ()),
}


@pytest.mark.parametrize("part", WITHOUT)
def test_each_part_of_the_sandbox_is_checked(monkeypatch, part):
    python = require_interpreter()
    broken, escapes = WITHOUT[part]

    def command(python: Path, module: str, *arguments: str) -> list[str]:
        made = environment.command(python, module, *arguments)
        code = made.index("-c") + 1
        made[code] = made[code].replace("main()", f"from app.core import fence; {broken}; main()")
        made[code] = made[code].replace("del sys.path[0]; ", "")
        return made

    def run_once(python: Path, module: str, task: dict[str, Any], *, seconds: float) -> bytes:
        done = subprocess.run(
            command(python, module, json.dumps(task)),
            capture_output=True,
            check=True,
            timeout=seconds,
        )
        return done.stdout

    monkeypatch.setattr(self_check, "run_once", run_once)
    why = str(self_check.check_now(python))
    if part == "limits":
        assert "it could not have little memory" in why
    else:
        assert why.startswith("its sandbox does not hold on this system")
    for escape in escapes:
        assert escape in why


async def test_a_check_that_fails_keeps_it_off(tmp_path, caplog):
    if fence.missing():
        pytest.skip("no sandbox here")
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho no such library >&2; exit 1\n")
    python.chmod(0o755)
    why = await opened(python, tmp_path)
    assert "its self-check could not be run" in why and str(tmp_path) not in why
    assert "no such library" in caplog.text


def test_an_environment_without_its_packages_keeps_it_off(tmp_path):
    if fence.missing():
        pytest.skip("no sandbox here")
    made = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(made)], check=True)
    why = str(self_check.check_now(made / "bin" / "python"))
    assert why.startswith("its Python environment lacks numpy, pandas, matplotlib")


async def test_each_environment_is_checked_once(monkeypatch):
    python = require_interpreter()
    checks: list[Path] = []

    def check_now(path: Path) -> None:
        checks.append(path)

    monkeypatch.setattr(self_check, "check_now", check_now)
    assert [await self_check.check(python) for _ in range(2)] == [None, None]
    assert checks == [python]


def test_the_environment_is_found_beside_the_servers(monkeypatch, tmp_path):
    python = tmp_path / ".venv-interpreter" / "bin" / "python"
    python.parent.mkdir(parents=True)
    monkeypatch.setattr(environment, "ROOT", Path("/nowhere"))
    monkeypatch.setattr(sys, "prefix", "/nowhere/.venv")
    monkeypatch.chdir("/")
    assert find_python("") is None
    python.write_text("")
    python.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    assert find_python("") == python
    monkeypatch.chdir("/")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    assert find_python("") == python
    assert find_python(str(python)) == python
    assert find_python("/nowhere/python") is None


def test_the_servers_packages_are_closed_even_in_a_folder_that_is_open(tmp_path):
    for name in ("site-packages/server/a.py", "site-packages/other/b.py", "os.py"):
        path = tmp_path / "lib" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    closed = {tmp_path / "lib" / "site-packages" / "server"}
    found = [*policy_module._without(tmp_path / "lib", closed)]
    assert sorted(found) == [tmp_path / "lib" / "os.py", tmp_path / "lib/site-packages/other"]
    assert ROOT in closed_places()


def test_it_can_be_imported_on_windows():
    """Windows has no such signals, sockets and flags: it must still start the server."""
    code = (
        "import os, signal, socket, sys\n"
        "for name in ('O_NOFOLLOW', 'O_DIRECTORY', 'O_CLOEXEC', 'O_NONBLOCK', 'sysconf'):\n"
        "    delattr(os, name)\n"
        "for name in ('SIGKILL', 'SIGBUS', 'SIGSTOP', 'SIGCONT'): delattr(signal, name)\n"
        "sys.modules['fcntl'] = sys.modules['resource'] = None\n"
        "import app.interpreter.interpreter\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
