"""The real code interpreter for tests: its environment, and a process that runs one."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from app.core import fence
from app.interpreter.environment import find_python
from app.interpreter.events import Limits

ROOT = Path(__file__).resolve().parents[2]
NOBODY = 65534
# Seconds in which nothing else ran in the server's process; far more than a call takes.
PAUSE = 5.0
# Where tests put what code must not reach: code that names /tmp gets a folder of its session.
OUTSIDE = "/var/tmp"
# Small, so that tests of limits are quick. On a busy machine, code gets little CPU.
LIMITS = Limits(
    seconds=12,
    cpu_seconds=1,
    memory_bytes=256 << 20,
    disk_bytes=32 << 20,
    output_characters=5_000,
    threads=16,
)
# For code that must not be stopped, however busy the machine is.
PATIENT = replace(LIMITS, seconds=90, cpu_seconds=60)


def require_interpreter() -> Path:
    """Return the Python of the interpreter's environment; skip the test if there is none."""
    if lacking := fence.missing():
        pytest.skip(f"no sandbox here: {lacking}")
    python = find_python("")
    if python is None:
        pytest.skip("the code interpreter's environment is not installed: ./run.sh setup")
    return python


class Driver:
    """A process with an interpreter, of this user or another."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        started = self.receive()
        self.unavailable: str = started["unavailable"]
        self.pid: int = started["pid"]

    def run(self, code: str, key: str = "a", **request: Any) -> dict[str, Any]:
        """Run code in the session with this key; return its events and what became of it."""
        return self.ask({"key": key, "code": code, **request})

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self.receive()

    def receive(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the process with the interpreter has ended"
        answer: dict[str, Any] = json.loads(line)
        return answer


def ran(interpreter: Driver, code: str, key: str, **request: Any) -> dict[str, Any]:
    """Run code after a variable was set; return what became of it."""
    interpreter.run("before = 1", key=key)
    answer = interpreter.run(code, key=key, **request)
    assert answer["pause"] < PAUSE
    return answer


def keeps_variables(interpreter: Driver, key: str) -> bool:
    """Return whether the session still has the variable that `ran` set."""
    answer = interpreter.run("before", key=key)
    return bool(answer["how"] == "ok" and answer["printed"] == "1\n" and not answer["fresh"])


@contextmanager
def driver(
    folder: Path, *, user: int | None = None, limits: Limits = LIMITS, sessions: int = 4
) -> Iterator[Driver]:
    """Run a process with an interpreter, as another user if one is named; close it."""
    environment = require_interpreter()
    server = Path(sys.executable)
    other: dict[str, Any] = {}
    if user is not None and user != os.getuid():
        server = _python_for_all(environment)
        made = folder.parent / f"{folder.name}-environment"
        environment = environment_at(made, server, environment)
        os.chown(folder, user, user)
        other = {"user": user, "group": user, "extra_groups": []}
    settings = {
        "python": str(environment),
        "folder": str(folder),
        "limits": asdict(limits),
        "sessions": sessions,
    }
    with subprocess.Popen(
        [str(server), "-m", "tests.support.interpreter_driver", json.dumps(settings)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "OPENAI_API_KEY": "sk-secret", "PYTHONDONTWRITEBYTECODE": "1"},
        **other,
    ) as process:
        try:
            yield Driver(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(120)


@cache
def _python_for_all(environment: Path) -> Path:
    """Return a Python of the environment's version that any user may start."""
    version = subprocess.check_output(
        [str(environment), "-c", "import sys; print('python%d.%d' % sys.version_info[:2])"],
        text=True,
    ).strip()
    places = (
        environment.resolve(),
        *(Path(place, version) for place in ("/usr/local/bin", "/usr/bin")),
    )
    for python in places:
        # As sh would start it; `subprocess` opens it while it is still root.
        tried = ["sh", "-c", f"{python} -c ''"]
        if subprocess.run(tried, user=NOBODY, check=False, capture_output=True).returncode == 0:
            return python
    pytest.skip(f"no {version} here that another user could start")


def environment_at(made: Path, python: Path, environment: Path) -> Path:
    """Make an environment there with the same packages, and return its Python."""
    shutil.rmtree(made, ignore_errors=True)
    subprocess.run([str(python), "-m", "venv", "--without-pip", str(made)], check=True)
    [packages] = environment.parent.parent.glob("lib/python*/site-packages")
    [instead] = made.glob("lib/python*/site-packages")
    instead.rmdir()
    instead.symlink_to(packages.resolve())
    return made / "bin" / "python"


def size_of_png(content: bytes) -> tuple[int, int]:
    """Return the width and height that a PNG image has."""
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    return int.from_bytes(content[16:20]), int.from_bytes(content[20:24])


async def once(content: bytes) -> AsyncIterator[bytes]:
    yield content
