"""Runs the installed model servers: at most one of each, for all test processes of a run.

The processes of a run share a folder (`shared_folder`). A process that needs a server that is not
running starts it, on a port that stays the same for the run, and ends it. One lock covers all
servers: only one test at a time uses a model server, so none waits for another's answer.
"""

import fcntl
import json
import os
import random
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from scripts import model_servers as installation
from tests.support.model_server_commands import COMMANDS, KEY, Command
from tests.support.waiting import WAIT_SECONDS, wait_until

# Matches a skipped test's message; the group contains what is missing, separated by spaces.
NOT_INSTALLED = r"model servers not installed: ([\w -]+)"
# LiteLLM and llama-stack import a lot before they listen, and the machine may be busy.
START_SECONDS = 600.0


class ModelServers:
    """Starts, finds, kills and ends the servers. Call all methods except `stop` under the lock."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: dict[str, subprocess.Popen[bytes]] = {}

    @contextmanager
    def exclusively(self) -> Iterator[None]:
        """Wait until no other test of this run uses a model server."""
        with (self._folder / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def url(self, name: str) -> str:
        """Return the URL of the server, `http://127.0.0.1:port`; start it if necessary.

        Skips the test if something that the server needs is not installed.
        """
        command = COMMANDS[name]
        absent = [part for part in command.parts if not installation.PARTS[part].is_installed()]
        if absent:
            pytest.skip(f"model servers not installed: {' '.join(absent)}")
        state = self._read(name)
        behind = {needed: self.url(needed) for needed in command.behind}
        behind |= {other: _url(self._read(other)) for other in command.beside}
        if state["pid"] is None or not _listens(state["port"]):
            self._start(name, command, state["port"], behind)
        return _url(state)

    def kill(self, name: str) -> None:
        """Kill it, as a power cut would; `url` starts it again on the same port."""
        state = self._read(name)
        os.kill(state["pid"], signal.SIGKILL)
        wait_until(lambda: not _listens(state["port"]))
        self._write(name, {**state, "pid": None})

    def stop(self) -> None:
        """End the servers that this process has started, once no test uses them."""
        with self.exclusively():
            for name, process in self._started.items():
                process.kill()
                process.wait(WAIT_SECONDS)
                state = self._read(name)
                if state["pid"] == process.pid:
                    self._write(name, {**state, "pid": None})
            self._started.clear()

    def _start(self, name: str, command: Command, port: int, behind: dict[str, str]) -> None:
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        log_path = folder / "log"
        with log_path.open("ab") as log:
            process = subprocess.Popen(
                command.line(folder, port, behind),
                cwd=folder,
                env={**os.environ, "HOME": str(folder), **command.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        if name in self._started:
            self._started[name].wait(WAIT_SECONDS)
        self._started[name] = process
        self._write(name, {"port": port, "pid": process.pid})
        ready = f"http://127.0.0.1:{port}{command.ready}"

        def is_ready() -> bool:
            if process.poll() is not None:
                self._write(name, {"port": port, "pid": None})
                said = log_path.read_text("utf-8")[-3000:]
                pytest.fail(f"{name} ended with status {process.returncode}:\n{said}")
            return _answers(ready)

        wait_until(is_ready, START_SECONDS)

    def _read(self, name: str) -> dict[str, Any]:
        path = self._folder / f"{name}.json"
        if not path.exists():
            self._write(name, {"port": _port_to_keep(), "pid": None})
        state: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return state

    def _write(self, name: str, state: dict[str, Any]) -> None:
        (self._folder / f"{name}.json").write_text(json.dumps(state), "utf-8")


def shared_folder(factory: pytest.TempPathFactory, worker: str) -> Path:
    """Return the folder that all processes of this run share.

    `worker`: xdist's name of this process, `master` without xdist.
    """
    base = factory.getbasetemp()
    folder = (base if worker == "master" else base.parent) / "model-servers"
    folder.mkdir(exist_ok=True)
    return folder


class Slots:
    """A llama-server's slots: what they last read and wrote, and whether they are still active."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(
            base_url=url, headers={"authorization": f"Bearer {KEY}"}, timeout=WAIT_SECONDS
        )

    def all(self) -> list[dict[str, Any]]:
        slots: list[dict[str, Any]] = self._http.get("/slots").raise_for_status().json()
        return slots

    def last(self) -> dict[str, Any]:
        """Return the slot with the newest task."""
        return max(self.all(), key=lambda slot: slot.get("id_task", -1))

    def are_free(self) -> bool:
        return not any(slot["is_processing"] for slot in self.all())

    def count(self, text: str) -> int:
        """Return the number of tokens of the text as a prompt."""
        body = {"content": text, "add_special": False, "parse_special": True}
        return len(self._http.post("/tokenize", json=body).raise_for_status().json()["tokens"])

    def close(self) -> None:
        self._http.close()


def _url(state: dict[str, Any]) -> str:
    return f"http://127.0.0.1:{state['port']}"


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).is_success
    except httpx.TransportError:
        return False


def _port_to_keep() -> int:
    """Return a free port that no other program gets by chance while its server is down."""
    while True:
        port = random.randint(20_000, 30_000)  # below the system's ephemeral ports
        if not _listens(port):
            return port


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
