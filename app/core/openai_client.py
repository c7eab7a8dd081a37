"""The real model: any server that offers OpenAI's Responses API.

Answers are read raw: the SDK's typed objects cost several times the CPU of everything else that
happens to an answer. `upstream_http` explains which parts of the SDK are used.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import httpx
import httpx2

from app.core.answer_bounds import AnswerMeter, AnswerTooLarge
from app.core.attempts import Persistence
from app.core.instrumentation import Instrumentation
from app.core.model import Advice, AttemptFailed, Event, Reach
from app.core.reachability import Probe
from app.core.refusals import Refusals
from app.core.request_json import request_json
from app.core.response_stream import AnswerFailed, BrokenAnswer, EventBatch, terminal_event
from app.core.sse_reader import SSEReader
from app.core.upstream import Upstream
from app.core.upstream_call import UpstreamCall, UpstreamCalls
from app.core.upstream_errors import CUT
from app.core.upstream_http import Posted, UpstreamHttp, fields_of, http_pool, sdk_client

_DRAIN_SECONDS = 0.2
# How many events are read and passed on before others have a turn: some milliseconds of work.
_AT_A_TIME = 50


class OpenAIResponsesClient:
    """Calls `POST {address}/responses`. A `ModelClient`."""

    def __init__(
        self,
        upstream: Upstream,
        http_client: httpx2.AsyncClient | httpx.AsyncClient | None = None,
        *,
        retry_pause: float = 0.5,
        instruments: Instrumentation | None = None,
    ) -> None:
        """`retry_pause`: seconds before the first retry, doubled each time."""
        http = http_client or http_pool()
        self._client = sdk_client(upstream, http)
        self._probe = Probe(upstream, self._client, http)
        self._calls = UpstreamCalls(upstream, instruments)
        self._http = UpstreamHttp(upstream, self._client, http, "responses")
        self._persistence = Persistence(upstream, Refusals(), pause=retry_pause)

    async def reach(self, seconds: float) -> Reach:
        return (await self._probe.look(seconds)).reach

    async def close(self) -> None:
        await self._client.close()

    def events(self, request: dict[str, Any], *, stream: bool) -> AsyncGenerator[list[Event], None]:
        """Answer as in `ModelClient.events`."""
        # Returned directly: a generator around a generator would slow down every delta.
        return self._streamed_answer(request) if stream else self._whole_answer(request)

    async def _whole_answer(self, request: dict[str, Any]) -> AsyncGenerator[list[Event], None]:
        with self._calls.begin(request.get("model")) as call:

            async def ask(body: dict[str, Any]) -> Event:
                posted = await self._post(body, call, stream=False)
                call.answering()
                try:
                    return terminal_event(posted.content)
                except (AnswerFailed, BrokenAnswer) as error:
                    raise AttemptFailed(error, Advice(), fields_of(posted.response)) from None

            event = await self._persistence.begin(request, call).until_answered(ask)
        yield [event]

    async def _streamed_answer(self, request: dict[str, Any]) -> AsyncGenerator[list[Event], None]:
        started = False
        with self._calls.begin(request.get("model")) as call:
            attempts = self._persistence.begin(request, call)
            while True:
                try:
                    posted = await self._post(attempts.request, call, stream=True)
                    async with aclosing(_batches(posted.response)) as batches:
                        async for batch in batches:
                            if not started:
                                started = True
                                call.answering()
                            yield batch
                    return
                except AttemptFailed as error:
                    failed = error
                except (AnswerFailed, *CUT) as error:
                    failed = _interrupted(error, posted.response, started=started)
                await attempts.prepare_next(failed)

    async def _post(self, request: dict[str, Any], call: UpstreamCall, *, stream: bool) -> Posted:
        try:
            return await self._http.post(
                request_json({**request, "stream": stream}), call, stream=stream
            )
        except AttemptFailed as failed:
            if failed.seen["status"] in (404, 405):
                self._probe.forget()
            raise


def _interrupted(error: Exception, response: httpx2.Response, *, started: bool) -> AttemptFailed:
    """Return the failure of a stream. Once events were yielded, it can't be retried."""
    final = started or isinstance(error, AnswerFailed | AnswerTooLarge)
    return AttemptFailed(error, Advice(again=not final), fields_of(response))


async def _batches(response: httpx2.Response) -> AsyncGenerator[list[Event], None]:
    """Yield the events of each network read, some at a time.

    Raises `AnswerFailed` and the errors in `CUT`.
    """
    reader, meter = SSEReader(), AnswerMeter()
    async with aclosing(response.aiter_bytes()) as chunks:
        async for chunk in chunks:
            raw = reader.feed(chunk)
            meter.read(len(chunk), reader.pending)
            for first in range(0, len(raw), _AT_A_TIME):
                # A read may bring thousands of events: other requests have their turn between.
                if first or meter.ahead > 0:
                    await asyncio.sleep(meter.ahead)
                batch = EventBatch(raw[first : first + _AT_A_TIME])
                if batch.events:
                    yield batch.events
                    meter.hear(batch.events)
                if batch.failure:
                    raise batch.failure
                if batch.ended:
                    await _drain(chunks)
                    return
    last = EventBatch(reader.finish())
    if last.events:
        yield last.events
    if not last.ended:
        raise last.failure or BrokenAnswer


async def _drain(chunks: AsyncGenerator[bytes, None]) -> None:
    """Read what follows the answer: only a connection read to its end can be reused."""
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            async for _ in chunks:
                pass
    except CUT:
        return  # the answer is complete; the connection is closed instead
