"""A session's pipes, from the server's side: everything that arrives is untrusted and bounded."""

import asyncio
import codecs
import json
import os
from collections.abc import Iterable
from typing import Any

_BLOCK = 1 << 16
# Of one reply: a traceback of 4,000 characters, escaped, is a part of it.
_LINE_BYTES = 1 << 16
# Of one call. They bound what a process that sends without end costs.
_MOST_REPLIES = 200


class InvalidReply(Exception):
    """The process sent something that is not a reply."""


async def wait_readable(files: Iterable[int], seconds: float) -> None:
    """Wait until any of the files can be read, at most so long."""
    loop = asyncio.get_running_loop()
    woken = asyncio.Event()
    watched = list(files)
    for file in watched:
        loop.add_reader(file, woken.set)
    try:
        async with asyncio.timeout(seconds):
            await woken.wait()
    except TimeoutError:
        pass
    finally:
        for file in watched:
            loop.remove_reader(file)


async def send_line(file: int, message: dict[str, Any], seconds: float) -> None:
    """Write a JSON object. Raises `OSError`, and `TimeoutError` if nobody reads it."""
    loop = asyncio.get_running_loop()
    rest = memoryview(json.dumps(message).encode() + b"\n")
    async with asyncio.timeout(seconds):
        while rest:
            try:
                rest = rest[os.write(file, rest) :]
            except BlockingIOError:
                writable = asyncio.Event()
                loop.add_writer(file, writable.set)
                try:
                    await writable.wait()
                finally:
                    loop.remove_writer(file)


def _read(file: int, most: int) -> bytes | None:
    """Return what is in the pipe; None if the other end is closed, nothing if it is empty."""
    try:
        return os.read(file, most) or None
    except BlockingIOError:
        return b""


def storable(text: str) -> str:
    """Return the text without what databases and JSON can't store: NULs, halves of letters."""
    return text.replace("\0", "\ufffd").encode(errors="replace").decode()


class Replies:
    """JSON objects, one per line. They are not checked further here."""

    def __init__(self, file: int) -> None:
        self.file = file
        self.closed = False
        self._rest = b""
        self._count = 0

    def begin(self) -> None:
        """Count replies anew; one that is not complete is kept."""
        self._count = 0

    def next(self) -> dict[str, Any] | None:
        """Return the next reply that is complete, or None. Raises `InvalidReply`."""
        if b"\n" not in self._rest and not self.closed:
            self._fill()
        line, newline, rest = self._rest.partition(b"\n")
        if not newline:
            if len(line) > _LINE_BYTES:
                raise InvalidReply
            return None
        self._rest = rest
        self._count += 1
        if self._count > _MOST_REPLIES:
            raise InvalidReply
        try:
            reply = json.loads(line)
        # Deep nesting ends in a RecursionError.
        except (ValueError, RecursionError):
            raise InvalidReply from None
        if not isinstance(reply, dict):
            raise InvalidReply
        return reply

    def _fill(self) -> None:
        block = _read(self.file, _BLOCK)
        if block is None:
            self.closed = True
            return
        self._rest += block


class OutputPipe:
    """Standard output and error, as text in which the folders have the names that code knows."""

    def __init__(self, file: int, names: dict[str, str]) -> None:
        """`names`: real path to the path that code knows; longer ones first."""
        self.file = file
        self.closed = False
        self._names = names
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        # What was read and not taken, and the text that may become a folder's name.
        self._bytes = b""
        self._rest = ""
        self._taken = 0

    def begin(self) -> None:
        """Count bytes anew."""
        self._taken = 0

    def fill(self, until: int | None = None) -> None:
        """Read what is in the pipe: one block, or as many as needed for so many bytes in total."""
        while not self.closed:
            block = _read(self.file, _BLOCK)
            if block is None:
                self.closed = True
            self._bytes += block or b""
            if not block or until is None or self._taken + len(self._bytes) >= until:
                return

    def take(self, until: int | None = None) -> str:
        """Return the text that was read: all, or that of the first so many bytes in total."""
        size = len(self._bytes) if until is None else max(until - self._taken, 0)
        block, self._bytes = self._bytes[:size], self._bytes[size:]
        self._taken += len(block)
        text = self._rest + self._decoder.decode(block)
        kept = self._begun_name(text)
        self._rest = text[len(text) - kept :]
        return self.renamed(text[: len(text) - kept])

    def end(self) -> str:
        """Return what was kept because it could have become a folder's name."""
        text, self._rest = self._rest + self._decoder.decode(b"", True), ""
        self._decoder.reset()
        return self.renamed(text)

    def renamed(self, text: str) -> str:
        """Return a text in which folders have the names that code knows."""
        for path, name in self._names.items():
            text = text.replace(path, name)
        return storable(text)

    def _begun_name(self, text: str) -> int:
        """Return how many characters at the end could be the beginning of a name."""
        for path in self._names:
            for length in range(min(len(path) - 1, len(text)), 0, -1):
                if text.endswith(path[:length]):
                    return length
        return 0
