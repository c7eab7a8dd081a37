"""Read timeouts for clients that stop sending: uvicorn itself waits forever.

A request's head must arrive within a fixed time. A body's deadline is extended as its bytes arrive,
as in Apache's `mod_reqtimeout`: a slow upload may finish, and a stalled one is cut off soon.
"""

import asyncio
import json
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from app.api.errors import envelope
from app.domain.errors import InvalidRequest

# Seconds within which a request's head must arrive.
HEAD_SECONDS = 20.0
# Seconds within which a body must arrive, plus one second for every `BYTES_PER_SECOND` received.
BODY_SECONDS = 30.0
BYTES_PER_SECOND = 500

_NOT_HTTP = InvalidRequest(
    "This is not a valid HTTP request. Non-ASCII characters in a URL must be percent-encoded.",
    code="invalid_http",
)


class Deadlines(asyncio.Protocol):
    """A mixin for uvicorn's two HTTP protocols, which define the attributes declared below."""

    # Instances have just as many attributes of uvicorn's as CPython stores without a dictionary of
    # their own, which would take 1.3 KB.
    __slots__ = ("_deadline", "_part", "_received", "_timer")

    head_seconds = HEAD_SECONDS
    body_seconds = BODY_SECONDS

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    flow: Any
    cycle: Any

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._timer: asyncio.TimerHandle | None = None
        # What is being read: "head", "body", or None while the server answers.
        self._part: str | None = None
        self.watch("head")

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.watch(None)

    def data_received(self, data: bytes) -> None:
        if self._part is None and not self._is_answering():
            self.watch("head")  # the next request on a keep-alive connection
        super().data_received(data)
        part = self._part_being_read()
        if part != self._part:
            self.watch(part)
        self._received += len(data)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP, such as a URL with unencoded Korean letters."""
        self._refuse("400 Bad Request", _NOT_HTTP)

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _part_being_read(self) -> str | None:
        if not self._is_answering():
            # Either the head is still incomplete, or the request has already been answered.
            return self._part if self._part == "head" else None
        return "body" if self.cycle.more_body else None

    def watch(self, part: str | None) -> None:
        """Start the timer for a part, "head" or "body"; None stops it."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._part, self._received = part, 0
        if part is not None:
            seconds = self.head_seconds if part == "head" else self.body_seconds
            self._deadline = self.loop.time() + seconds
            self._timer = self.loop.call_at(self._deadline, self._check)

    def _check(self) -> None:
        """Close the connection unless enough has arrived, or the server itself paused reading."""
        deadline = self._deadline
        if self._part == "body":
            deadline += self._received / BYTES_PER_SECOND
            if self.flow.read_paused:
                deadline = max(deadline, self.loop.time() + self.body_seconds)
        if deadline > self.loop.time():
            self._timer = self.loop.call_at(deadline, self._check)
            return
        self._timer = None
        late = InvalidRequest(f"The request's {self._part} did not arrive in time.")
        self._refuse("408 Request Timeout", late)

    def _refuse(self, status: str, error: InvalidRequest) -> None:
        if self.transport.is_closing():
            return
        if not (self._is_answering() and self.cycle.response_started):
            self.transport.write(_response(status, error))
        self.transport.close()


class PlainProtocol(Deadlines, H11Protocol):
    """uvicorn's pure Python protocol, which supports HTTP/1.0 too."""


def _response(status: str, error: InvalidRequest) -> bytes:
    body = json.dumps(envelope(error)).encode()
    head = (
        f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body
