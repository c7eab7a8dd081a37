"""Starts forks of the warm `main.py`, and knows when they end."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


class ForkedMain:
    """A fork: what is used of `subprocess.Popen`. It is no child of this process."""

    def __init__(self, pid: int, exits: int) -> None:
        """`exits`: the pipe that its exit status comes from."""
        self.pid = pid
        self.returncode: int | None = None
        self._exits = exits

    def poll(self) -> int | None:
        return self._returned(0)

    def wait(self, timeout: float | None = None) -> int:
        status = self._returned(timeout)
        if status is None:
            raise subprocess.TimeoutExpired("a fork of main.py", timeout or 0)
        return status

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _returned(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._exits], [], [], timeout)[0]:
            self.returncode = int(os.read(self._exits, 100))
            os.close(self._exits)
        return self.returncode


class WarmMain:
    """The process that is forked."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.warm_main", str(theirs.fileno())],
                cwd=ROOT,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )

    def start(self, folder: Path, environment: dict[str, str], log: int) -> ForkedMain:
        """Run `main.py` in the folder; `log` is a file for its standard error."""
        message = {"folder": str(folder), "environment": environment}
        exits, told = os.pipe()
        try:
            socket.send_fds(self._control, [json.dumps(message).encode()], [log, told])
        finally:
            os.close(told)
        return ForkedMain(int(self._control.recv(100)), exits)

    def close(self) -> None:
        self._control.close()
        self._process.wait()
