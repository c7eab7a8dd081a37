"""Encodes a run's events as server-sent events."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from app.api.errors import envelope
from app.core.request_metrics import RequestMetrics
from app.domain.errors import ThreadkeeperError
from app.engine.follower import Interrupted
from app.engine.hub import Frame

# Sent only after a long silence: one client's parser raises on comments.
KEEP_ALIVE = b": ping\n\n"
# Where a request's scope has the events that are not sent yet.
_LEFT = "threadkeeper.events"
_DONE = b"event: done\ndata: [DONE]\n\n"
_LINE_ENDS = [(mark, f"\\u{ord(mark):04x}") for mark in "\x85\u2028\u2029"]
_INTERRUPTED = ThreadkeeperError(
    "The server is restarting. The run continues; follow it at …/runs/{run_id}/events.",
    code="server_restarting",
)


class EventStream(StreamingResponse):
    """A response that streams events, with headers that ask proxies not to buffer it."""

    media_type = "text/event-stream"

    def __init__(self, body: AsyncIterator[bytes], headers: dict[str, str] | None = None) -> None:
        always = {"cache-control": "no-cache", "x-accel-buffering": "no"}
        super().__init__(body, headers=always | (headers or {}))
        self._parts = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the headers, and leave the events to the outermost layer.

        The layers in between would stay in memory for as long as the stream is open, and delay each
        event. They return now instead; if they are traced, the stream is a part of them.
        """
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        if scope["app"].state.instruments.telemetry.provider is None:
            scope[_LEFT] = self._parts
        else:
            await _send_parts(self._parts, scope, receive, send)


async def send_what_is_left(scope: Scope, receive: Receive, send: Send) -> None:
    """Send the events of an `EventStream`, if it was the response to this request."""
    parts = scope.pop(_LEFT, None)
    if parts is not None:
        # What the layers of the framework have left here is as much as all that is needed now. Only
        # a dictionary that is cleared becomes smaller.
        needed = {
            name: scope[name] for name in scope if not name.startswith(("fastapi", "starlette"))
        }
        scope.clear()
        scope.update(needed)
        await _send_parts(parts, scope, receive, send)


async def _send_parts(
    parts: AsyncIterator[bytes], scope: Scope, receive: Receive, send: Send
) -> None:
    """Send the parts of a body as they come, until it ends or the client disconnects."""
    metrics: RequestMetrics = scope["app"].state.instruments.metrics.requests
    sending = asyncio.current_task()
    assert sending is not None
    # One more task in place of the framework's group of tasks, which takes several kilobytes.
    gone = asyncio.create_task(_disconnected(receive), name="watch for a disconnect")

    def stop(_: asyncio.Task[None]) -> None:
        sending.cancel()

    gone.add_done_callback(stop)
    try:
        with metrics.open_streams.track_inprogress():
            async for part in parts:
                await send({"type": "http.response.body", "body": part, "more_body": True})
                # Not kept while the next one is awaited.
                del part
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    except asyncio.CancelledError:
        # Raised if the server cancels the request, too.
        if not gone.done() or sending.uncancel():
            raise
    finally:
        gone.remove_done_callback(stop)
        gone.cancel()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def run_events(
    frames: AsyncIterator[list[Frame]], encode: Callable[[Frame], bytes]
) -> AsyncIterator[bytes]:
    """Encode a run's events with `encode`, until the run ends.

    After the headers were sent, no error handler can answer; the stream itself reports an error.
    """
    try:
        async for batch in frames:
            yield b"".join(map(encode, batch)) if batch else KEEP_ALIVE
    except Interrupted:
        yield error_event(_INTERRUPTED)
    yield _DONE


def plain(frame: Frame) -> bytes:
    """Encode an event as OpenAI did: many hand-written parsers expect `event:` to come first."""
    return event(frame.event, frame.data)


def numbered(frame: Frame) -> bytes:
    """Encode an event with its id, so that a client can resume with `Last-Event-ID`."""
    return event(frame.event, frame.data, frame.id)


def event(name: str, data: str, event_id: int | None = None) -> bytes:
    """Return an encoded event; `data` is JSON on a single line.

    Unicode's own line separators are escaped, since many clients split lines at them, and `.` in
    JavaScript's regular expressions does not match some of them.
    """
    for mark, escaped in _LINE_ENDS:
        if mark in data:
            data = data.replace(mark, escaped)
    head = "" if event_id is None else f"id: {event_id}\n"
    return f"{head}event: {name}\ndata: {data}\n\n".encode()


def error_event(error: ThreadkeeperError) -> bytes:
    return event("error", json.dumps(envelope(error), ensure_ascii=False))
