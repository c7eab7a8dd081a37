"""How long a list of long messages keeps the event loop from everything else.

python -m benchmarks.large_page [--postgres URL] [--times N]

A hundred messages of 240 kB, in English and in Korean, are listed by a client in another process.
Meanwhile a task of the server's loop asks to be called every millisecond: how late that is at worst
is what other requests wait. It is also printed for a server that does nothing.
"""

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Awaitable
from concurrent.futures import ProcessPoolExecutor
from socket import socket
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import Request, urlopen

import uvicorn

from app.api.http_protocol import HttpProtocol
from app.application import create_app
from app.core.config import Settings

_MESSAGES = 100
_TEXTS = {
    "English": "The screen shows nothing. " * 9_230,
    "Korean": "화면에 아무것도 나오지 않습니다. " * 5_220,
}
_EVERY = 0.001


class Stalls:
    """Measures by how many milliseconds the running loop is late, for as long as it is entered."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def __aenter__(self) -> "Stalls":
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            due = time.perf_counter() + _EVERY
            await asyncio.sleep(_EVERY)
            self.longest = max(self.longest, (time.perf_counter() - due) * 1000)


def call(url: str, body: Any = None) -> bytes:
    """Call the server; a body is sent as JSON."""
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data, {"content-type": "application/json"})
    with urlopen(request) as answer:
        found: bytes = answer.read()
        return found


def fill(url: str, text: str) -> str:
    """Create a thread of long messages and return the address of its list."""
    thread_id = json.loads(call(f"{url}/threads", {}))["id"]
    for _ in range(_MESSAGES):
        call(f"{url}/threads/{thread_id}/messages", {"role": "user", "content": text})
    return f"{url}/threads/{thread_id}/messages?limit={_MESSAGES}"


async def measure(url: str, times: int) -> None:
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(1) as clients:
        await _timed("nothing", lambda: asyncio.sleep(0.3), times)
        for name, text in _TEXTS.items():
            address = await loop.run_in_executor(clients, fill, url, text)
            await _timed(name, lambda at=address: loop.run_in_executor(clients, call, at), times)


async def _timed(name: str, work: Any, times: int) -> None:
    longest, taken = [], []
    for _ in range(times):
        began = time.perf_counter()
        async with Stalls() as stalls:
            work_done: Awaitable[Any] = work()
            await work_done
        taken.append((time.perf_counter() - began) * 1000)
        longest.append(stalls.longest)
    print(
        f"  {name:<10} stalled {statistics.median(longest):>6.1f} ms (median of the longest), "
        f"{max(longest):.1f} ms at most; the list took {statistics.median(taken):.0f} ms"
    )


class _Server(uvicorn.Server):
    """Tells that it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens = asyncio.Event()

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        self.listens.set()


async def serve(config: uvicorn.Config, times: int) -> None:
    server = _Server(config)
    with socket() as listener:
        listener.bind(("127.0.0.1", 0))
        serving = asyncio.create_task(server.serve([listener]))
        await server.listens.wait()
        await measure(f"http://127.0.0.1:{listener.getsockname()[1]}/api/v1", times)
        server.should_exit = True
        await serving


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--postgres", metavar="URL", help="instead of SQLite")
    parser.add_argument("--times", type=int, default=9)
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        settings = Settings(
            _env_file=None,
            database_url=arguments.postgres or f"sqlite:///{folder}/threads.db",
            log_file=f"{folder}/app.log",
            openai_api_key="not-needed",
        )
        config = uvicorn.Config(create_app(settings), http=HttpProtocol, log_config=None)
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(serve(config, arguments.times))


if __name__ == "__main__":
    main()
