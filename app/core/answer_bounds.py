"""Bounds for an upstream's answer, so that no upstream can use up the server's memory.

The largest answers of today's models have some hundred thousand tokens, each in an event of a few
hundred bytes.
"""

import time

from app.core.model import Event
from app.core.upstream_transport import Answer
from app.core.wire_api import BrokenAnswer

# Bytes of an answer that is not streamed, and of one event: the last event repeats the answer. The
# vectors for a batch of texts are the largest, up to 20 MB.
WHOLE_BYTES = 32 * 1024 * 1024
# Bytes of all events of one answer.
STREAM_BYTES = 256 * 1024 * 1024
# Events that are read as fast as they come, and how many a second after that: several times what
# the fastest models send, and a tenth of a core. What comes sooner waits in the network.
EVENTS_AT_ONCE = 5_000
EVENTS_PER_SECOND = 5_000
# Characters of all texts, refusals and arguments of one answer.
SAID_CHARACTERS = 2_000_000


class AnswerTooLarge(BrokenAnswer):
    """The answer is longer than is allowed. A retry would have the same result."""


class AnswerMeter:
    """Measures one streamed answer."""

    def __init__(self) -> None:
        self._bytes = 0
        self._said = 0
        self._events = 0
        self._began = time.monotonic()

    @property
    def ahead(self) -> float:
        """Seconds to wait before more is read."""
        if self._events <= EVENTS_AT_ONCE:
            return 0.0
        due = (self._events - EVENTS_AT_ONCE) / EVENTS_PER_SECOND
        return max(0.0, self._began + due - time.monotonic())

    def read(self, count: int, pending: int) -> None:
        """Count bytes; `pending` of them belong to an incomplete event.

        Raises `AnswerTooLarge`.
        """
        self._bytes += count
        if self._bytes > STREAM_BYTES or pending > WHOLE_BYTES:
            raise AnswerTooLarge

    def hear(self, count: int, events: list[Event]) -> None:
        """Count events, and the characters in the deltas of those that are passed on.

        Raises `AnswerTooLarge`.
        """
        self._events += count
        for event in events:
            if isinstance(delta := event.get("delta"), str):
                self._said += len(delta)
        if self._said > SAID_CHARACTERS:
            raise AnswerTooLarge


async def read_whole(answer: Answer) -> bytes:
    """Read an answer's body and close it. Raises `AnswerTooLarge`."""
    content = await read_up_to(answer, WHOLE_BYTES)
    if len(content) > WHOLE_BYTES:
        raise AnswerTooLarge
    return content


async def read_up_to(answer: Answer, limit: int) -> bytes:
    """Read a body until its end or until more than `limit` bytes were read; close the answer."""
    content = bytearray()
    try:
        while len(content) <= limit and (chunk := await answer.read()):
            content += chunk
    finally:
        answer.close()
    return bytes(content)
