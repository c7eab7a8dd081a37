"""The model of the soak: answers in words, and now and then fails as models do.

python -m benchmarks.soak_upstream --port 9000 --faults 0.03

Asked for one of the models below, it answers as no model should; these answers are made before,
and cost it little, so that it goes on answering others in time.
"""

import argparse
import asyncio
import json
import random
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.support.fake_upstream import FakeUpstream
from tests.support.replies import Reply
from tests.support.response_events import last_user_text, stream_events

# Answers without end, with as many deltas as are taken.
ENDLESS = "endless-answer"
# Answers with a body of forty megabytes; with one event of the same size.
HUGE = "huge-answer"
HUGE_EVENT = "huge-event"

_PAUSE = 0.005  # seconds between two deltas
_SLOW_PAUSE = 0.1
_SLOW_SHARE = 0.02
# A cut comes after this many events: some of the answer has been sent by then.
_CUT_AFTER = 8
_SEED = 20_261_120
_HUGE_BYTES = 40_000_000
_BLOCK = 256 * 1024
# Larger requests hold pictures; to check them would take as long as it takes the server.
_LARGE = 1_000_000
_END = 100
_DELTAS_OF_A_BLOCK = 200


class Moods:
    """Decides how each request is answered; the same from soak to soak."""

    def __init__(self, upstream: FakeUpstream, faults: float) -> None:
        self._upstream = upstream
        self._faults = faults
        self._random = random.Random(_SEED)

    def answer(self, body: dict[str, Any]) -> Reply:
        # What was asked is of no use here, and would fill the memory.
        self._upstream.requests.clear()
        first, *rest = f"Answer to: {last_user_text(body)}".split(" ")
        reply = Reply.text(first, *(f" {word}" for word in rest)).paced(_PAUSE)
        mood = self._random.random()
        if mood < self._faults / 2:
            return Reply.http_error(500, {"error": {"message": "It broke."}})
        if mood < self._faults:
            return reply.cut(_CUT_AFTER)
        if mood < self._faults + _SLOW_SHARE:
            return reply.paced(_SLOW_PAUSE)
        return reply


class Poisoned:
    """The upstream, with bad answers for those who ask for them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        events = [_sse(event) for event in stream_events(Reply.text("hello "), {})]
        at = next(n for n, event in enumerate(events) if b"output_text.delta" in event)
        self._opening = b"".join(events[:at])
        self._deltas = events[at] * _DELTAS_OF_A_BLOCK
        self._filler = b"a" * _BLOCK

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, end, size = await _body(receive)
        for model, answer in (
            (ENDLESS, self._endless),
            (HUGE, self._huge),
            (HUGE_EVENT, self._huge_event),
        ):
            if f'"{model}"'.encode() in body:
                await answer(receive, send)
                return
        if size > len(body):
            streamed = b'"stream": true' in end
            asked = {"model": "m", "input": "a picture", "store": False, "stream": streamed}
            body = json.dumps(asked).encode()
        await self._app(scope, _given(body, receive), send)

    async def _endless(self, receive: Receive, send: Send) -> None:
        await _start(send, b"text/event-stream")
        await _write(send, self._opening)
        gone = asyncio.create_task(_disconnected(receive))
        while not gone.done():
            await _write(send, self._deltas)
            await asyncio.sleep(0)

    async def _huge(self, receive: Receive, send: Send) -> None:
        await _start(send, b"application/json")
        await self._fill(b'{"object": "', receive, send)

    async def _huge_event(self, receive: Receive, send: Send) -> None:
        await _start(send, b"text/event-stream")
        await self._fill(self._opening + b'data: {"type": "', receive, send)

    async def _fill(self, opening: bytes, receive: Receive, send: Send) -> None:
        await _write(send, opening)
        gone = asyncio.create_task(_disconnected(receive))
        for _ in range(_HUGE_BYTES // _BLOCK):
            if gone.done():
                return
            await _write(send, self._filler)
            await asyncio.sleep(0)


async def _body(receive: Receive) -> tuple[bytes, bytes, int]:
    """Return a request's body up to `_LARGE` bytes, its last bytes, and its size."""
    body, end, size = bytearray(), b"", 0
    while True:
        message = await receive()
        piece = message.get("body", b"")
        size += len(piece)
        end = (end + piece)[-_END:]
        body += piece[: _LARGE - len(body)]
        if not message.get("more_body"):
            return bytes(body), end, size


def _sse(event: dict[str, Any]) -> bytes:
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def _given(body: bytes, receive: Receive) -> Receive:
    whole: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return whole.pop() if whole else await receive()

    return next_message


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _start(send: Send, kind: bytes) -> None:
    headers = [(b"content-type", kind)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})


async def _write(send: Send, data: bytes) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": True})


def main() -> None:
    """Serve from this process until it is stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--faults", type=float, default=0.03, help="share of failing answers")
    arguments = parser.parse_args()
    upstream = FakeUpstream()
    upstream.reply_with(Moods(upstream, arguments.faults).answer)
    app = Poisoned(upstream.app)
    uvicorn.run(app, port=arguments.port, log_level="critical", lifespan="off", ws="none")


if __name__ == "__main__":
    main()
