"""The real model: any server that offers OpenAI's Responses API.

Answers are read raw: the SDK's typed objects cost several times the CPU of everything else that
happens to an answer. What it gives, and how a request is sent, stands in `upstream_http`.
"""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import httpx
import httpx2
import openai

from app.core.answer_bounds import AnswerMeter, AnswerTooLarge
from app.core.instrumentation import Instrumentation
from app.core.model import Event, Mode, Reach
from app.core.reachability import Probe
from app.core.refusals import Refusals
from app.core.refused_parameters import REFUSING, refusal_of
from app.core.response_stream import AnswerFailed, BrokenAnswer, EventBatch, terminal_event
from app.core.sse_reader import SSEReader
from app.core.upstream_call import UpstreamCall, UpstreamCalls
from app.core.upstream_errors import CUT, ErrorTeller
from app.core.upstream_http import (
    CONNECT_SECONDS,
    OPENAI_URL,
    Posted,
    UpstreamHttp,
    fields_of,
    http_pool,
    sdk_client,
)
from app.domain.errors import ModelError

logger = logging.getLogger(__name__)

_DRAIN_SECONDS = 0.2


class OpenAIResponsesClient:
    """Calls `POST {base_url}/responses`. A `ModelClient`."""

    def __init__(
        self,
        api_key: str,
        base_url: str,
        timeout: float,
        max_retries: int,
        http_client: httpx2.AsyncClient | httpx.AsyncClient | None = None,
        *,
        retry_pause: float = 0.5,
        instruments: Instrumentation | None = None,
    ) -> None:
        """`timeout`: seconds without a byte. `base_url` empty: OpenAI. Empty key: none is needed.

        `retry_pause`: seconds before a broken stream is asked for again, doubled each time.
        Raises ValueError for a key that no HTTP header can carry.
        """
        api_key = api_key.strip()
        if not (api_key.isascii() and api_key.isprintable()):
            raise ValueError("The API key holds characters that a key can't have.")
        self.mode: Mode = "openai" if base_url.rstrip("/") in ("", OPENAI_URL) else "custom"
        self._max_retries = max_retries
        self._refusals = Refusals()
        self._errors = ErrorTeller(api_key)
        http = http_client or http_pool()
        self._client = sdk_client(api_key, base_url, http)
        self._probe = Probe(self._client, http, base_url)
        base_url = base_url or OPENAI_URL
        self._calls = UpstreamCalls(base_url, instruments)
        connect = min(timeout, CONNECT_SECONDS)
        self._http = UpstreamHttp(
            self._client,
            http,
            f"{base_url.rstrip('/')}/responses",
            timeout=(connect, timeout, timeout, timeout),
            pause=retry_pause,
        )

    async def reach(self, seconds: float) -> Reach:
        return (await self._probe.look(seconds)).reach

    async def close(self) -> None:
        await self._client.close()

    def events(self, request: dict[str, Any], *, stream: bool) -> AsyncGenerator[list[Event], None]:
        """Answer as `ModelClient.events` says."""
        # Handed on as it is: a generator around a generator would cost every delta its toll.
        return self._streamed_answer(request) if stream else self._whole_answer(request)

    async def _whole_answer(self, request: dict[str, Any]) -> AsyncGenerator[list[Event], None]:
        with self._calls.begin(request.get("model")) as call:
            posted = await self._send(request, call, stream=False, retries=self._max_retries)
            call.answering()
            try:
                event = terminal_event(posted.content)
            except (AnswerFailed, BrokenAnswer) as error:
                raise self._failure(error, posted.response) from None
        yield [event]

    async def _streamed_answer(self, request: dict[str, Any]) -> AsyncGenerator[list[Event], None]:
        retries = self._max_retries
        started = False
        with self._calls.begin(request.get("model")) as call:
            while True:
                posted = await self._send(request, call, stream=True, retries=retries)
                response, retries = posted.response, posted.retries
                try:
                    async with aclosing(_batches(response)) as batches:
                        async for batch in batches:
                            if not started:
                                started = True
                                call.answering()
                            yield batch
                    return
                except (AnswerFailed, AnswerTooLarge) as error:
                    raise self._failure(error, response) from None
                except CUT as error:
                    # What was told can't be taken back: only a silent break is worth another try.
                    if started or retries <= 0:
                        raise self._failure(error, response) from None
                await self._http.wait(call, self._max_retries - retries, fields_of(response))
                retries -= 1

    def _failure(self, error: Exception, response: httpx2.Response | None = None) -> ModelError:
        """Return the failure of a call, and tell the log what its server knows it by."""
        logger.warning("The model's server failed", extra={"fields": fields_of(response)})
        return self._errors.of_exception(error)

    async def _send(
        self, request: dict[str, Any], call: UpstreamCall, *, stream: bool, retries: int
    ) -> Posted:
        """Return the answer and the retries that are left. Raises `ModelError`."""
        request = self._refusals.without_known(request)
        while True:
            try:
                content = _json({**request, "stream": stream})
                return await self._http.post(content, call, stream=stream, retries=retries)
            except openai.APIStatusError as error:
                smaller = None
                if error.status_code in REFUSING:
                    smaller = self._refusals.adapt(request, refusal_of(error.body))
                if smaller is None:
                    if error.status_code in (404, 405):
                        self._probe.forget()
                    raise self._failure(error, error.response) from None
                request = smaller
            except CUT as error:
                raise self._failure(error) from None


async def _batches(response: httpx2.Response) -> AsyncGenerator[list[Event], None]:
    """Yield the events of each network read. Raises `AnswerFailed` and all of `CUT`."""
    reader, meter = SSEReader(), AnswerMeter()
    async with aclosing(response.aiter_bytes()) as chunks:
        async for chunk in chunks:
            batch = EventBatch(reader.feed(chunk))
            meter.read(len(chunk), reader.pending)
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
    """Read what follows the answer: only a connection read to its end can be used again."""
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            async for _ in chunks:
                pass
    except CUT:
        return  # the answer is whole; the connection is closed instead


def _json(request: dict[str, Any]) -> bytes:
    try:
        return json.dumps(request, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError):  # NaN, half a surrogate pair
        raise ModelError("invalid_prompt", "The request can't be written as JSON.") from None
