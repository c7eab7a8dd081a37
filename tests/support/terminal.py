"""Runs the terminal command for tests: in this process, or in a separate one at a terminal."""

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from app.terminal.command_line import app
from tests.support.waiting import WAIT_SECONDS

ROOT = Path(__file__).parents[2]
# The machine's own settings must not affect a command's output.
_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "THREADKEEPER_API_KEY": "", "NO_COLOR": "1", "COLUMNS": ""}
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07|[\r]")

# Run first in the process: makes one end of the pty its controlling terminal.
_LOG_IN = (
    "import os, sys; os.login_tty(int(sys.argv[1])); "
    "os.execv(sys.executable, [sys.executable, '-m', 'app', *sys.argv[2:]])"
)


def run(*arguments: str, url: str = "", said: str | bytes = "", **environment: str) -> Result:
    """Run a command without a terminal; `url` is the server's, without the version."""
    env = _ENVIRONMENT | {"THREADKEEPER_URL": url} | environment
    return CliRunner().invoke(app, [*arguments], input=said, env=env)


def succeed(*arguments: str, **options: Any) -> str:
    """Run a command that must succeed; return what it wrote."""
    result = run(*arguments, **options)
    assert result.exit_code == 0, result.output
    return result.stdout


def fail(*arguments: str, status: int = 1, **options: Any) -> str:
    """Run a command that must fail with one line; return that line."""
    result = run(*arguments, **options)
    assert result.exit_code == status, result.output
    lines = result.stderr.splitlines()
    # For wrong usage, another line mentions the help.
    assert len(lines) == 1 or (len(lines) == 2 and "--help" in lines[1]), result.output
    assert "Traceback" not in result.output
    return lines[0]


def examine(**environment: str) -> dict[str, dict[str, Any]]:
    """Return the doctor's results by check; the port is any free one."""
    result = run("doctor", "--json", **{"PORT": "0", **environment})
    answer = json.loads(result.stdout)
    failed = [one for one in answer["checks"] if one["level"] == "failure"]
    assert (result.exit_code, answer["ok"]) == ((1, False) if failed else (0, True))
    assert answer["counts"]["failure"] == len(failed)
    assert all(one["advice"] for one in answer["checks"] if one["level"] != "ok")
    return {one["check"]: one for one in answer["checks"]}


class AtTerminal:
    """The command in a process with its own terminal, at which a person types."""

    def __init__(self, *arguments: str, url: str, columns: int = 80, **environment: str) -> None:
        self._screen, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        env = {**os.environ, **_ENVIRONMENT, "TERM": "xterm", "THREADKEEPER_URL": url}
        self._process = subprocess.Popen(
            [sys.executable, "-c", _LOG_IN, str(theirs), *arguments],
            pass_fds=[theirs],
            env=env | environment,
            cwd=ROOT,
        )
        os.close(theirs)
        self._seen = b""

    @property
    def seen(self) -> str:
        """Everything shown so far, without escape sequences for the cursor and colours."""
        return _ESCAPES.sub("", self.raw)

    @property
    def raw(self) -> str:
        return self._seen.decode("utf-8", "replace")

    def type(self, keys: str) -> None:
        os.write(self._screen, keys.encode())

    def wait_for(self, text: str, after: str = "") -> None:
        """Read until `text` is shown; with `after`, only text after that counts."""
        deadline = time.monotonic() + WAIT_SECONDS
        while text not in (self.seen.partition(after)[2] if after else self.seen):
            assert time.monotonic() < deadline, f"{text!r} was not shown: {self.seen!r}"
            assert self._read(), f"{text!r} was not shown before it ended: {self.seen!r}"

    def type_until(self, keys: str, text: str, after: str) -> None:
        """Type keys repeatedly: a Ctrl+C may arrive before the program is ready for it."""
        deadline = time.monotonic() + WAIT_SECONDS
        while text not in self.seen.partition(after)[2]:
            assert time.monotonic() < deadline, f"{text!r} was not shown: {self.seen!r}"
            self.type(keys)
            for _ in range(10):
                self._read()

    def wait(self) -> int:
        """Return the exit status once the process has ended."""
        deadline = time.monotonic() + WAIT_SECONDS
        while self._read():
            assert time.monotonic() < deadline, f"it did not end: {self.seen!r}"
        return self._process.wait(WAIT_SECONDS)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._screen)

    def _read(self) -> bool:
        """Read available output, waiting briefly for it; False at the end."""
        if not select.select([self._screen], [], [], 0.1)[0]:
            return True
        try:
            piece = os.read(self._screen, 65536)
        except OSError:  # Linux raises this when the other end is closed
            return False
        self._seen += piece
        return bool(piece)


@contextmanager
def at_terminal(*arguments: str, url: str, **options: Any) -> Iterator[AtTerminal]:
    terminal = AtTerminal(*arguments, url=url, **options)
    try:
        yield terminal
    finally:
        terminal.close()


@contextmanager
def other_server(
    status: int, body: Any, headers: dict[str, str] | None = None, asked: list[str] | None = None
) -> Iterator[str]:
    """A server that answers every request alike; `asked` collects the requested paths."""
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if asked is not None:
                asked.append(self.path)
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_DELETE = do_GET

        def log_message(self, format: str, *args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
