"""The real model: any server that offers OpenAI's Responses API, or Chat Completions.

Answers are read raw: the SDK's typed objects cost several times the CPU of everything else that
happens to an answer. `upstream_http` explains which parts of the SDK are used, `wire_api` what
differs between the APIs.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, closing
from typing import Any

from app.core.answer_bounds import AnswerMeter, AnswerTooLarge
from app.core.apis import Route, RouteChoice, routes_of
from app.core.instrumentation import Instrumentation
from app.core.model import Advice, Api, AttemptFailed, Event, Reach
from app.core.model_calls import ModelCalls
from app.core.reachability import Probe
from app.core.sse_reader import SSEReader
from app.core.upstream import Upstream
from app.core.upstream_call import UpstreamCall, UpstreamCalls
from app.core.upstream_http import Posted, UpstreamHttp, fields_of
from app.core.upstream_transport import CUT, AiohttpTransport, Answer, Transport
from app.core.wire_api import AnswerFailed, AnswerStream, Batch, BrokenAnswer

_DRAIN_SECONDS = 0.2
# For how many seconds the usage of a complete answer is waited for.
_USAGE_SECONDS = 5.0
# How many events are read and passed on before others have a turn: some milliseconds of work.
_AT_A_TIME = 50


class OpenAIClient:
    """Calls `POST {address}/responses` or `POST {address}/chat/completions`. A `ModelClient`."""

    def __init__(
        self,
        upstream: Upstream,
        transport: Transport | None = None,
        *,
        retry_pause: float = 0.5,
        instruments: Instrumentation | None = None,
        turns: ModelCalls | None = None,
    ) -> None:
        """`retry_pause`: seconds before the first retry, doubled each time. `turns` are shared by
        the clients of a process; without them, calls are not limited."""
        used = self._transport = transport or AiohttpTransport()
        self._probe = Probe(upstream, used)
        self._calls = UpstreamCalls(upstream, instruments, turns)

        def connect(path: str) -> UpstreamHttp:
            return UpstreamHttp(upstream, used, path)

        self._routes = RouteChoice(upstream, routes_of(upstream, connect, retry_pause))

    @property
    def api(self) -> Api | None:
        return self._routes.api

    async def reach(self, seconds: float) -> Reach:
        found = await self._probe.look(seconds)
        self._routes.found(found.api)
        return found.reach

    async def close(self) -> None:
        await self._transport.close()

    def events(self, request: dict[str, Any], *, stream: bool) -> AsyncGenerator[list[Event], None]:
        """Answer as in `ModelClient.events`."""
        # Returned directly: a generator around a generator would slow down every delta.
        return self._streamed_answer(request) if stream else self._whole_answer(request)

    async def _whole_answer(self, request: dict[str, Any]) -> AsyncGenerator[list[Event], None]:
        async with self._calls.begin(request.get("model")) as call:
            asking = _Asking(self._routes, self._probe, request, call, stream=False)
            while True:
                try:
                    posted = await asking.post()
                    call.answering()
                    event = asking.whole(posted)
                    asking.answered()
                    break
                except AttemptFailed as failed:
                    await asking.prepare_next(failed)
        yield [event]

    async def _streamed_answer(self, request: dict[str, Any]) -> AsyncGenerator[list[Event], None]:
        started = False
        async with self._calls.begin(request.get("model")) as call:
            asking = _Asking(self._routes, self._probe, request, call, stream=True)
            while True:
                try:
                    answer = (await asking.post()).answer
                    seen = fields_of(answer)
                    async with aclosing(_batches(answer, asking.stream())) as batches:
                        async for batch in batches:
                            if not started:
                                started = True
                                call.answering()
                                asking.answered()
                            yield batch
                    return
                except AttemptFailed as error:
                    failed = error
                except (AnswerFailed, *CUT) as error:
                    failed = _interrupted(error, seen, started=started)
                try:
                    await asking.prepare_next(failed)
                finally:
                    # Its traceback has this frame and, in another, all that was read: as a cycle
                    # they would stay in memory until garbage is collected.
                    del failed


class _Asking:
    """The attempts to get one answer, by the API that the upstream offers."""

    def __init__(
        self,
        routes: RouteChoice,
        probe: Probe,
        request: dict[str, Any],
        call: UpstreamCall,
        *,
        stream: bool,
    ) -> None:
        self._routes = routes
        self._probe = probe
        self._request = request
        self._call = call
        self._stream = stream
        self._tried: list[Route] = []
        self._turn(routes.first())

    def _turn(self, route: Route) -> None:
        self._route = route
        self._tried.append(route)
        self._attempts = route.begin(self._request, self._call, stream=self._stream)

    async def post(self) -> Posted:
        """Raises `AttemptFailed`."""
        content = self._route.wire.content(self._attempts.request)
        return await self._route.http.post(content, self._call, stream=self._stream)

    def answered(self) -> None:
        """Note that the upstream offers the API that was called."""
        self._routes.answered(self._route)

    def stream(self) -> AnswerStream:
        return self._route.wire.stream(self._attempts.request)

    def whole(self, posted: Posted) -> Event:
        """Raises `AttemptFailed`."""
        try:
            return self._route.wire.whole(posted.content, self._attempts.request)
        except (AnswerFailed, BrokenAnswer) as error:
            raise AttemptFailed(error, Advice(), fields_of(posted.answer)) from None

    async def prepare_next(self, failed: AttemptFailed) -> None:
        """Turn to another API, or do as `Attempts.prepare_next`."""
        if failed.seen["status"] in (404, 405, 501):
            self._probe.forget()
        other = self._routes.after(self._tried, failed)
        if other is not None:
            self._turn(other)
        else:
            await self._attempts.prepare_next(failed)


def _interrupted(error: Exception, seen: dict[str, object], *, started: bool) -> AttemptFailed:
    """Return the failure of a stream. Once events were yielded, it can't be retried."""
    final = started or isinstance(error, AnswerFailed | AnswerTooLarge)
    return AttemptFailed(error, Advice(again=not final), seen)


async def _batches(answer: Answer, stream: AnswerStream) -> AsyncGenerator[list[Event], None]:
    """Yield the events of each network read, some at a time.

    Raises `AnswerFailed` and the errors in `CUT`.
    """
    reader, meter = SSEReader(), AnswerMeter()
    with closing(answer):
        while chunk := await (_rest(answer) if stream.complete else answer.read()):
            raw = reader.feed(chunk)
            meter.read(len(chunk), reader.pending)
            for first in range(0, len(raw), _AT_A_TIME):
                # A read may bring thousands of events: other requests have their turn between.
                if first or meter.ahead > 0:
                    await asyncio.sleep(meter.ahead)
                some = raw[first : first + _AT_A_TIME]
                batch = stream.read(some)
                if batch.events:
                    yield batch.events
                meter.hear(len(some), batch.events)
                if batch.failure:
                    raise batch.failure
                if batch.ended:
                    await _drain(answer)
                    return
    last = _last_batch(reader, stream)
    if last.events:
        yield last.events
    if last.failure:
        raise last.failure


async def _rest(answer: Answer) -> bytes:
    """Return what follows the answer; nothing at the end.

    Some servers send no end after the answer, and leave the connection open.
    """
    try:
        async with asyncio.timeout(_USAGE_SECONDS):
            return await answer.read()
    except TimeoutError:
        return b""


def _last_batch(reader: SSEReader, stream: AnswerStream) -> Batch:
    batch = stream.read(reader.finish())
    if not batch.ended and not batch.failure:
        end = stream.finish()
        batch = Batch(batch.events + end.events, end.failure, end.ended)
    return batch


async def _drain(answer: Answer) -> None:
    """Read what follows the answer: only a connection read to its end can be reused."""
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            while await answer.read():
                pass
    except CUT:
        return  # the answer is complete; the connection is closed instead
