"""The running service: in a thread of the tests, or as a process that can be killed."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache, cached_property
from pathlib import Path
from socket import IPPROTO_TCP, socket
from typing import Any

import httpx
import openai
import uvicorn

from app.api.http_protocol import HttpProtocol
from app.application import create_app
from app.core.config import Settings
from app.tools import TOOLS, MakeTool
from tests.support.checked_clients import checked_http, checked_sdk
from tests.support.forked_main import ForkedMain, WarmMain
from tests.support.waiting import WAIT_SECONDS, wait_until

MAIN = Path(__file__).parents[2] / "main.py"
_ADDRESS = re.compile(r"Uvicorn running on (http://[0-9.:]+)")


class Running:
    """A server at `base_url`, and two clients for it."""

    base_url: str

    @cached_property
    def http(self) -> httpx.Client:
        """Paths begin after the version: `/threads`."""
        return checked_http(self.base_url)

    @cached_property
    def client(self) -> openai.OpenAI:
        return checked_sdk(self.base_url)

    def _close_clients(self) -> None:
        for client in ("http", "client"):
            if client in self.__dict__:
                getattr(self, client).close()


class ThreadServer(Running):
    """The application in a thread of this process."""

    def __init__(
        self,
        settings: Settings,
        *,
        http: type[asyncio.Protocol] = HttpProtocol,
        tools: Sequence[MakeTool] = TOOLS,
    ) -> None:
        self._listener = socket(proto=IPPROTO_TCP)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(512)
        self.base_url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._server = _Server(
            uvicorn.Config(
                create_app(settings, tools=tools),
                http=http,
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
            )
        )
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()
        assert self._server.settled.wait(WAIT_SECONDS), "the server did not start in time"
        assert self._server.started, "the server could not start"

    def stop(self) -> None:
        """Stop it as a signal would; further calls do nothing."""
        self._close_clients()
        self._server.leave()
        self._thread.join(WAIT_SECONDS)
        self._listener.close()
        assert not self._thread.is_alive(), "the server did not stop in time"

    def _run(self) -> None:
        try:
            self._server.run([self._listener])
        finally:
            self._server.settled.set()


class _Server(uvicorn.Server):
    """Stops at once; uvicorn looks ten times a second whether it shall."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.settled = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._leaving = asyncio.Event()

    def leave(self) -> None:
        self.should_exit = True
        if self._loop is not None:
            # It has ended by itself if the loop is closed.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._leaving.set)

    async def startup(self, sockets: list[socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self.settled.set()

    async def main_loop(self) -> None:
        counter = 0
        while not await self.on_tick(counter):
            counter += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(self._leaving.wait(), 0.1)

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        # The connections that clients have just closed.
        for _ in range(3):
            await asyncio.sleep(0)
        state = self.server_state
        if state.connections or state.tasks:
            await super().shutdown(sockets)
            return
        for server in self.servers:
            server.close()
        for each in sockets or []:
            each.close()
        await self.lifespan.shutdown()


@contextmanager
def thread_server(**settings: Any) -> Iterator[ThreadServer]:
    """Serve with these settings until the block ends; no `.env` is read."""
    with tool_server(TOOLS, **settings) as server:
        yield server


@contextmanager
def tool_server(tools: Sequence[MakeTool], **settings: Any) -> Iterator[ThreadServer]:
    """Serve with these tools of the protocol."""
    server = ThreadServer(Settings(_env_file=None, **settings), tools=tools)
    server.start()
    try:
        yield server
    finally:
        server.stop()


class ProcessServer(Running):
    """`python main.py`, with the settings that tests need as environment variables."""

    main = MAIN

    def __init__(self, folder: Path, **environment: str) -> None:
        """`folder` is its working directory, which contains its log and no `.env`."""
        self._log = folder / "console.log"
        self.base_url = ""
        with self._log.open("wb") as console:
            self._process = self._start(
                folder,
                {**os.environ, "PORT": "0", "LOG_FILE": "", **environment},
                console.fileno(),
            )

    def _start(
        self, folder: Path, environment: dict[str, str], log: int
    ) -> subprocess.Popen[bytes] | ForkedMain:
        return subprocess.Popen(
            [sys.executable, str(self.main)],
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=log,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def wait_ready(self) -> None:
        found = wait_until(lambda: _ADDRESS.search(self.log) or self._process.poll() is not None)
        assert isinstance(found, re.Match), f"it ended at once:\n{self.log}"
        self.base_url = found[1]
        assert self.http.get("/health").json()["status"] == "ok"

    def kill(self) -> None:
        """Kill it, as a power cut would."""
        self._process.kill()
        self.wait()

    def terminate(self) -> None:
        self._process.send_signal(signal.SIGTERM)

    def wait(self, seconds: float = WAIT_SECONDS) -> int:
        """Return its exit status once it has ended."""
        self._close_clients()
        return self._process.wait(seconds)


class ForkedServer(ProcessServer):
    """The same, forked from a process that has imported everything, in a tenth of the time.

    For tests of what a server does once it runs. Those of the start itself use a new interpreter.
    """

    def _start(self, folder: Path, environment: dict[str, str], log: int) -> ForkedMain:
        return _warm_main().start(folder, environment, log)


@cache
def _warm_main() -> WarmMain:
    return WarmMain()


def end_warm_main() -> None:
    if _warm_main.cache_info().currsize:
        _warm_main().close()
        _warm_main.cache_clear()


@contextmanager
def process_server(folder: Path, **environment: str) -> Iterator[ProcessServer]:
    """Run the process until the block ends; it is ready when the block begins."""
    with _ready(ProcessServer(folder, **environment)) as server:
        yield server


@contextmanager
def forked_server(folder: Path, **environment: str) -> Iterator[ProcessServer]:
    with _ready(ForkedServer(folder, **environment)) as server:
        yield server


@contextmanager
def _ready(server: ProcessServer) -> Iterator[ProcessServer]:
    try:
        server.wait_ready()
        yield server
    finally:
        server.kill()
