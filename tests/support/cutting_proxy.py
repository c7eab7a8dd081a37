"""A TCP proxy that cuts connections while a request's answer is on its way to the client.

The server has got the whole request, and executes it: only its answer is lost.
"""

import asyncio
import itertools
import re
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

# When the connection is cut: as soon as the server has got the request; before the first byte of
# the answer; in the middle of its headers; in the middle of its body.
Moment = Literal["early", "before", "headers", "body"]
MOMENTS: tuple[Moment, ...] = ("early", "before", "headers", "body")
Address = tuple[str, int]

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_COUNT = re.compile(rb"\r\nx-stainless-retry-count: *(\d+)", re.IGNORECASE)
_HEAD_BYTES = 256 * 1024


class Asked(NamedTuple):
    """A request: its method, its path, and how often the client has sent it before."""

    method: str
    path: str
    repeats: int


class Cutting:
    """What is cut: the answers to every POST, `cuts` times, at these moments in turn."""

    def __init__(self, moments: Sequence[Moment] = MOMENTS, *, cuts: int = 1) -> None:
        self._moments = itertools.cycle(moments)
        self._cuts = cuts
        self.cut: Counter[str] = Counter()

    def decide(self, asked: Asked) -> Moment | None:
        if asked.method != "POST" or asked.repeats >= self._cuts:
            return None
        moment = next(self._moments)
        self.cut[moment] += 1
        return moment


class CuttingProxy:
    """Forwards each request to the next of the targets, and cuts as `decide` says."""

    def __init__(
        self, targets: Sequence[Address], decide: Callable[[Asked], Moment | None]
    ) -> None:
        self.decide = decide
        self._targets = itertools.cycle(targets)
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._started.wait()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, "127.0.0.1", 0, limit=_HEAD_BYTES, backlog=1024)
        )
        self.port: int = server.sockets[0].getsockname()[1]
        self._started.set()
        self._loop.run_forever()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        server.close()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _serve(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        # Each request has a connection of its own to the server, so that each may go to another.
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await self._exchange(near, back):
                pass
        back.transport.abort()

    async def _exchange(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> bool:
        """Forward a request and its answer; return False if the connection was cut."""
        head = await near.readuntil(b"\r\n\r\n")
        moment = self.decide(_asked(head))
        far, forth = await asyncio.open_connection(*next(self._targets), limit=_HEAD_BYTES)
        try:
            forth.write(head)
            async for part in _body(near, head):
                forth.write(part)
                await forth.drain()
            if moment == "early":
                return False
            answer = await far.readuntil(b"\r\n\r\n")
            if moment == "before":
                return False
            if moment == "headers":
                back.write(answer[: len(answer) // 2])
                await _flushed(back)
                return False
            back.write(answer)
            async for part in _body(far, answer):
                if moment == "body":
                    back.write(part[: len(part) // 2])
                    await _flushed(back)
                    return False
                back.write(part)
                await back.drain()
            return True
        finally:
            forth.close()


async def _flushed(writer: asyncio.StreamWriter) -> None:
    await writer.drain()
    # Closed in the usual way, so that what was written still arrives.
    writer.close()
    await writer.wait_closed()


async def _body(reader: asyncio.StreamReader, head: bytes) -> AsyncIterator[bytes]:
    """Yield the parts of the body that follows a head, as they arrive."""
    if _CHUNKED.search(head):
        while True:
            size = await reader.readuntil(b"\r\n")
            yield size + await reader.readexactly(int(size, 16) + 2)
            if int(size, 16) == 0:
                return
    found = _LENGTH.search(head)
    left = int(found[1]) if found else 0
    while left:
        part = await reader.read(min(left, 65536))
        if not part:
            raise asyncio.IncompleteReadError(b"", left)
        left -= len(part)
        yield part


def address_of(base_url: str) -> Address:
    parts = urlsplit(base_url)
    assert parts.hostname and parts.port
    return parts.hostname, parts.port


def _asked(head: bytes) -> Asked:
    method, path, _ = head.split(b" ", 2)
    count = _COUNT.search(head)
    return Asked(method.decode(), path.decode(), int(count[1]) if count else 0)


@contextmanager
def cutting_proxy(
    targets: Sequence[Address], decide: Callable[[Asked], Moment | None]
) -> Iterator[CuttingProxy]:
    proxy = CuttingProxy(targets, decide)
    try:
        yield proxy
    finally:
        proxy.close()
