"""Server-sent events: what a run tells, as bytes on the wire."""

import json
from collections.abc import AsyncIterator

from starlette.responses import StreamingResponse

from app.api.errors import envelope
from app.domain.errors import ThreadkeeperError
from app.engine.follower import Interrupted
from app.engine.hub import Frame

# Said after a long silence only: one client's parser raises on comments.
KEEP_ALIVE = b": ping\n\n"
_DONE = b"event: done\ndata: [DONE]\n\n"
_INTERRUPTED = ThreadkeeperError(
    "The server restarts. The run goes on: follow it at …/runs/{run_id}/events.",
    code="server_restarting",
)


class EventStream(StreamingResponse):
    """A stream of events. Proxies are asked not to hold it back."""

    media_type = "text/event-stream"

    def __init__(self, body: AsyncIterator[bytes], headers: dict[str, str] | None = None) -> None:
        always = {"cache-control": "no-cache", "x-accel-buffering": "no"}
        super().__init__(body, headers=always | (headers or {}))


async def run_events(frames: AsyncIterator[list[Frame]]) -> AsyncIterator[bytes]:
    """Encode what a run tells, to its end.

    Once the headers are out no handler can help: the stream says itself what went wrong.
    """
    try:
        async for batch in frames:
            yield b"".join(map(encode, batch)) if batch else KEEP_ALIVE
    except Interrupted:
        yield error_event(_INTERRUPTED)
    yield _DONE


def encode(frame: Frame) -> bytes:
    return f"id: {frame.id}\nevent: {frame.event}\ndata: {frame.data}\n\n".encode()


def error_event(error: ThreadkeeperError) -> bytes:
    return f"event: error\ndata: {json.dumps(envelope(error), ensure_ascii=False)}\n\n".encode()
