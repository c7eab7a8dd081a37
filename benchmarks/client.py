"""The cheapest client that will do, so that the load takes no CPU from what is measured."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any, NamedTuple


class Timing(NamedTuple):
    """How long a turn took, in seconds: to the first sign of its answer, and in all."""

    first: float
    total: float


class Connection:
    """A kept-alive HTTP/1.1 connection; it understands what uvicorn sends, no more."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def get(self, path: str, headers: str = "") -> Any:
        """Return the JSON answer; each of the `headers` ends its line."""
        parts = [part async for part in self._exchange("GET", path, None, headers)]
        return json.loads(b"".join(parts))

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        """Return the JSON answer."""
        return json.loads(b"".join([part async for part in self.post_stream(path, body)]))

    def post_stream(self, path: str, body: dict[str, Any]) -> AsyncIterator[bytes]:
        """Yield the answer in the parts in which it is sent."""
        return self._exchange("POST", path, body, "Content-Type: application/json\r\n")

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()

    async def _exchange(
        self, method: str, path: str, body: dict[str, Any] | None, headers: str
    ) -> AsyncIterator[bytes]:
        reader, writer = await self._streams()
        content = b"" if body is None else json.dumps(body).encode()
        length = f"Content-Length: {len(content)}\r\n"
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{length}{headers}\r\n"
        writer.write(head.encode() + content)
        status, told = _parsed(await reader.readuntil(b"\r\n\r\n"))
        length_told = told.get("content-length")
        if status != 200:
            error = await reader.readexactly(int(length_told or 0))
            raise RuntimeError(f"{method} {path} answered {status}: {error.decode()}")
        if length_told is not None:
            yield await reader.readexactly(int(length_told))
            return
        while size := int(await reader.readline(), 16):
            yield (await reader.readexactly(size + 2))[:-2]
        await reader.readline()

    async def _streams(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        # A server ends what was idle for some seconds, as connections are between rounds.
        if self._reader is None or self._writer is None or self._reader.at_eof():
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self._reader, self._writer


def _parsed(head: bytes) -> tuple[int, dict[str, str]]:
    status, *lines = head.decode("latin-1").strip().split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return int(status.split(" ")[1]), {name.lower(): value.strip() for name, _, value in pairs}


async def timed_stream(
    connection: Connection, path: str, body: dict[str, Any], sign: bytes
) -> tuple[Timing, bytes]:
    """Return the times of a streamed answer, the first being that of `sign`, and all of it."""
    started, first, parts = time.perf_counter(), 0.0, []
    async for part in connection.post_stream(path, body):
        if not first and sign in part:
            first = time.perf_counter() - started
        parts.append(part)
    return Timing(first, time.perf_counter() - started), b"".join(parts)
