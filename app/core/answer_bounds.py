"""How much of an upstream's answer is read: it would otherwise decide how much memory is left.

The largest answers of today's models have some hundred thousand tokens, each in an event of a few
hundred bytes.
"""

from contextlib import aclosing

import httpx2

from app.core.model import Event
from app.core.response_stream import BrokenAnswer

# Bytes of an answer that comes as a whole, and of one event: the last one repeats the answer. The
# vectors of a batch of texts take the most, up to 20 MB.
WHOLE_BYTES = 32 * 1024 * 1024
# Bytes of all events of one answer.
STREAM_BYTES = 256 * 1024 * 1024
# Characters of all texts, refusals and arguments of one answer.
SAID_CHARACTERS = 2_000_000


class AnswerTooLarge(BrokenAnswer):
    """The upstream says more than is read; asking once more would bring the same."""


class AnswerMeter:
    """Counts what comes of one streamed answer."""

    def __init__(self) -> None:
        self._bytes = 0
        self._said = 0

    def read(self, count: int, pending: int) -> None:
        """Count bytes; `pending` of them belong to an event that isn't whole yet.

        Raises `AnswerTooLarge`.
        """
        self._bytes += count
        if self._bytes > STREAM_BYTES or pending > WHOLE_BYTES:
            raise AnswerTooLarge

    def hear(self, events: list[Event]) -> None:
        """Count what events say. Raises `AnswerTooLarge`."""
        for event in events:
            if isinstance(delta := event.get("delta"), str):
                self._said += len(delta)
        if self._said > SAID_CHARACTERS:
            raise AnswerTooLarge


async def read_whole(response: httpx2.Response) -> bytes:
    """Read an answer's body and end the response. Raises `AnswerTooLarge`."""
    content = await read_up_to(response, WHOLE_BYTES)
    if len(content) > WHOLE_BYTES:
        raise AnswerTooLarge
    return content


async def read_up_to(response: httpx2.Response, limit: int) -> bytes:
    """Read a body until there are more than `limit` bytes of it, and end the response."""
    content = bytearray()
    try:
        async with aclosing(response.aiter_bytes()) as chunks:
            async for chunk in chunks:
                content += chunk
                if len(content) > limit:
                    break
    finally:
        await response.aclose()
    return bytes(content)
