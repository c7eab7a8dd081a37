"""Sends the fake upstream's replies as bytes, faults included."""

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from starlette.types import Receive, Send

from app.core.model import Api
from tests.support.chat_events import completion_object, stream_chunks
from tests.support.replies import Reply
from tests.support.response_events import output_items, response_object, stream_events

_LONGEST_STALL = 30.0
_GARBAGE: dict[Api, bytes] = {
    "responses": b'event: response.output_text.delta\ndata: {"type": "response.out\n\n',
    "chat_completions": b'data: {"id": "chatcmpl-1", "choi\n\n',
}
_SSE = "text/event-stream; charset=utf-8"


@dataclass(frozen=True)
class Wire:
    """A reply as bytes: `plain` as a whole, `writes` for a stream."""

    reply: Reply
    plain: bytes
    writes: tuple[bytes, ...]


def reply_wire(reply: Reply, body: dict[str, Any], api: Api = "responses") -> Wire:
    """Return the bytes of `reply` for a request, streamed or not as requested."""
    if reply.http_status != 200:
        raw = reply.http_body
        return Wire(reply, raw.encode() if isinstance(raw, str) else json.dumps(raw).encode(), ())
    if body.get("stream"):
        return Wire(reply, b"", _writes(reply, body, api))
    return Wire(reply, _plain(reply, body, api), ())


def fixed_wire(reply: Reply, api: Api) -> Wire:
    """Return the bytes of `reply` for every request."""
    body = {"stream_options": {"include_usage": True}}
    return Wire(reply, _plain(reply, body, api), _writes(reply, body, api))


async def read_body(receive: Receive) -> bytes:
    """Return a request's whole body."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


class Sender:
    """Sends one reply; sets `stalled` and `hung_up` as they happen."""

    def __init__(
        self, receive: Receive, send: Send, *, stalled: threading.Event, hung_up: threading.Event
    ) -> None:
        self._receive = receive
        self._send = send
        self._stalled = stalled
        self._hung_up = hung_up

    async def send(self, wire: Wire, *, streamed: bool) -> None:
        if streamed and wire.reply.http_status == 200:
            await self._send_stream(wire)
        else:
            await self._send_plain(wire)

    async def _send_plain(self, wire: Wire) -> None:
        reply = wire.reply
        if reply.stall_after is not None and not await self._stall(reply):
            return
        length = {"content-length": str(len(wire.plain))}
        kind = {"content-type": "application/json"}
        await self._start(reply.http_status, kind | length | reply.http_headers)
        if reply.cut_after is not None:
            # Half of the announced body, then nothing: uvicorn closes the connection.
            await self._write(wire.plain[: len(wire.plain) // 2], more=True)
            return
        await self._write(wire.plain, more=False)

    async def _send_stream(self, wire: Wire) -> None:
        reply = wire.reply
        await self._start(200, {"content-type": _SSE} | reply.http_headers)
        for number, data in enumerate(wire.writes):
            if number == reply.stall_after and not await self._stall(reply):
                return
            await self._write(data, more=True)
            await asyncio.sleep(reply.pause)
        if reply.cut_after is None:
            await self._write(b"", more=False)

    async def _start(self, status: int, headers: dict[str, str]) -> None:
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": raw})

    async def _write(self, data: bytes, *, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": more})

    async def _stall(self, reply: Reply) -> bool:
        """Wait for the release; False if the client disconnects first."""
        if reply.release is None:
            return True
        released = asyncio.create_task(asyncio.to_thread(reply.release.wait, _LONGEST_STALL))
        gone = asyncio.create_task(self._disconnected())
        self._stalled.set()
        await asyncio.wait({released, gone}, return_when=asyncio.FIRST_COMPLETED)
        hung_up = gone.done()
        if hung_up:
            self._hung_up.set()
            reply.release.set()
        gone.cancel()
        await released
        return not hung_up

    async def _disconnected(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass


def _plain(reply: Reply, body: dict[str, Any], api: Api) -> bytes:
    if reply.garbage_after is not None:
        return b"<html>no JSON</html>"
    if api == "chat_completions":
        return json.dumps(completion_object(reply, body)).encode()
    response = response_object(reply, body, output_items(reply))
    return json.dumps(response).encode()


def _writes(reply: Reply, body: dict[str, Any], api: Api) -> tuple[bytes, ...]:
    events = [*(_responses if api == "responses" else _chat_completions)(reply, body)]
    if reply.garbage_after is not None:
        events.insert(reply.garbage_after, _GARBAGE[api])
    if reply.cut_after is not None:
        events = events[: reply.cut_after]
    whole = b"".join(events)
    if reply.piece:
        return tuple(whole[at : at + reply.piece] for at in range(0, len(whole), reply.piece))
    return (whole,) if reply.burst else tuple(events)


def _responses(reply: Reply, body: dict[str, Any]) -> Iterator[bytes]:
    for event in stream_events(reply, body):
        name = f"event: {event['type']}\n" if reply.named else ""
        yield f"{name}data: {json.dumps(event, ensure_ascii=False)}\n\n".encode()


def _chat_completions(reply: Reply, body: dict[str, Any]) -> Iterator[bytes]:
    for chunk in stream_chunks(reply, body):
        if chunk is None:
            yield b"data: [DONE]\n\n"
            continue
        name = "event: error\n" if reply.error_event and "error" in chunk else ""
        yield f"{name}data: {json.dumps(chunk, ensure_ascii=False)}\n\n".encode()
