"""A minimal client, so that the load takes little CPU from the measured server."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any, NamedTuple


class Timing(NamedTuple):
    """How long a turn took, in seconds: until the answer began, and in total."""

    first: float
    total: float


class Connection:
    """A persistent HTTP/1.1 connection that understands only what uvicorn sends."""

    def __init__(self, port: int, headers: str = "") -> None:
        """`headers` are sent with each request; each of them ends with a line break."""
        self._port = port
        self._headers = headers
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def get(self, path: str, headers: str = "") -> Any:
        """Return the JSON answer; each header in `headers` ends with a line break."""
        parts = [part async for part in self._exchange("GET", path, None, headers)]
        return json.loads(b"".join(parts))

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        """Return the JSON answer."""
        return json.loads(b"".join([part async for part in self.post_stream(path, body)]))

    def post_stream(self, path: str, body: dict[str, Any]) -> AsyncIterator[bytes]:
        """Yield the answer in chunks as they are sent."""
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
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{length}{self._headers}{headers}\r\n"
        )
        writer.write(head.encode() + content)
        status, answer_headers = _parsed(await reader.readuntil(b"\r\n\r\n"))
        answer_length = answer_headers.get("content-length")
        if status != 200:
            error = await reader.readexactly(int(answer_length or 0))
            raise RuntimeError(f"{method} {path} answered {status}: {error.decode()}")
        if answer_length is not None:
            yield await reader.readexactly(int(answer_length))
            return
        while size := int(await reader.readline(), 16):
            yield (await reader.readexactly(size + 2))[:-2]
        await reader.readline()

    async def _streams(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        # Servers close connections that are idle for some seconds, as these are between rounds.
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
    """Return the timing of a streamed answer, and the answer. `first` is when `sign` arrived."""
    started, first, parts = time.perf_counter(), 0.0, []
    async for part in connection.post_stream(path, body):
        if not first and sign in part:
            first = time.perf_counter() - started
        parts.append(part)
    return Timing(first, time.perf_counter() - started), b"".join(parts)
