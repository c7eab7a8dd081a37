"""Connections that give up on clients that stop sending: uvicorn itself waits for ever.

A head, which is small, gets some seconds. So does a body, and more as it arrives, as with Apache's
`mod_reqtimeout`: a slow line may take as long as it needs, and a stalled one ends soon.
"""

import asyncio
import json
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from app.api.errors import envelope
from app.domain.errors import InvalidRequest

# Seconds in which a request's head has to arrive.
HEAD_SECONDS = 20.0
# Seconds that a body has to arrive in, and one more for each so many bytes of it.
BODY_SECONDS = 30.0
BYTES_PER_SECOND = 500

_NOT_HTTP = InvalidRequest(
    "This is not a valid HTTP request. Characters other than ASCII in an address must be "
    "percent-encoded.",
    code="invalid_http",
)


class Deadlines(asyncio.Protocol):
    """To be mixed into one of uvicorn's two HTTP protocols; these attributes are theirs."""

    head_seconds = HEAD_SECONDS
    body_seconds = BODY_SECONDS

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    flow: Any
    cycle: Any

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._timer: asyncio.TimerHandle | None = None
        # What is read at present: a head, a body, or nothing while the answer is on its way.
        self._part: str | None = None
        self.watch("head")

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.watch(None)

    def data_received(self, data: bytes) -> None:
        if self._part is None and not self._is_answering():
            self.watch("head")  # the next request of a connection that is kept alive
        super().data_received(data)
        part = self._part_being_read()
        if part != self._part:
            self.watch(part)
        self._received += len(data)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP, such as Korean letters in an address that aren't encoded."""
        self._refuse("400 Bad Request", _NOT_HTTP)

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _part_being_read(self) -> str | None:
        if not self._is_answering():
            # Either the head is still incomplete, or the request was answered at once.
            return self._part if self._part == "head" else None
        return "body" if self.cycle.more_body else None

    def watch(self, part: str | None) -> None:
        """Begin a part's time; None: nothing is to be read."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._part, self._received = part, 0
        if part is not None:
            seconds = self.head_seconds if part == "head" else self.body_seconds
            self._deadline = self.loop.time() + seconds
            self._timer = self.loop.call_at(self._deadline, self._check)

    def _check(self) -> None:
        """End the connection, unless enough has arrived or the server itself has paused reading."""
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
    """uvicorn's protocol in Python alone, which knows every version of HTTP."""


def _response(status: str, error: InvalidRequest) -> bytes:
    body = json.dumps(envelope(error)).encode()
    head = (
        f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body
