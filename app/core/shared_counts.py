"""Counts the requests of all workers of a group in its first process, and asks it to.

A question and its answer are one line of JSON each, on a worker's channel.
"""

import asyncio
import itertools
import json
import os
import signal
import socket
from contextlib import suppress
from typing import Any

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

# How long an answer is waited for, in seconds. Normally it takes a tenth of a millisecond.
_ANSWER_SECONDS = 1.0


# Whether a request is allowed, when (Unix time) the quota is full again, and how many remain.
Counted = tuple[bool, float, int]


class NotCounted(Exception):
    """The first process did not answer."""


class Counts:
    """The counts in the first process."""

    def __init__(self) -> None:
        self._limiter: MovingWindowRateLimiter | None = None

    def answer(self, asked: dict[str, Any]) -> bytes:
        if self._limiter is None:
            self._limiter = MovingWindowRateLimiter(MemoryStorage())
        item, who = parse(asked["limit"]), asked["who"]
        allowed = self._limiter.hit(item, *who)
        stats = self._limiter.get_window_stats(item, *who)
        answer = [asked["id"], allowed, stats.reset_time, stats.remaining]
        return json.dumps(answer).encode() + b"\n"


class FirstProcess:
    """The first process, as a worker sees it. Opened in the worker's event loop."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._writer: asyncio.StreamWriter | None = None
        self._listening: asyncio.Task[None] | None = None
        self._numbers = itertools.count()
        self._waiting: dict[int, asyncio.Future[list[Any]]] = {}

    async def open(self) -> None:
        reader, self._writer = await asyncio.open_connection(sock=self._channel)
        self._listening = asyncio.create_task(self._listen(reader), name="first process")

    async def close(self) -> None:
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        if self._writer is not None:
            self._writer.close()

    def say_serving(self) -> None:
        self._say({"serving": True})

    async def hit(self, item: RateLimitItem, who: tuple[str, ...]) -> Counted:
        """Count a request. Raises `NotCounted`."""
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        limit = f"{item.amount}/{item.multiples} {item.GRANULARITY.name}"
        self._say({"id": number, "limit": limit, "who": who})
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                _, allowed, reset, remaining = await answer
        except TimeoutError:
            raise NotCounted from None
        finally:
            del self._waiting[number]
        return allowed, reset, remaining

    def _say(self, words: dict[str, Any]) -> None:
        if self._writer is not None:
            self._writer.write(json.dumps(words).encode() + b"\n")

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        with suppress(OSError):
            while line := await reader.readline():
                answer = json.loads(line)
                waiting = self._waiting.get(answer[0])
                if waiting is not None and not waiting.done():
                    waiting.set_result(answer)
        # The first process is gone, and nobody would replace this one or pass signals on to it.
        os.kill(os.getpid(), signal.SIGTERM)
