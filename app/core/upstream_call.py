"""Metrics, span and ids of one call to an upstream.

A call consists of several requests if it is retried.
"""

import time
from types import TracebackType
from urllib.parse import urlsplit

from app.core.instrumentation import Instrumentation
from app.core.logging import current_request_id
from app.core.model_calls import ModelCalls
from app.core.telemetry import call_ended, trace_headers
from app.core.upstream import Upstream
from app.domain.errors import ModelError


class UpstreamCalls:
    """Observes all calls to one upstream, if instruments are given.

    `turns` are shared by all upstreams of a process; without them, calls are not limited.
    """

    def __init__(
        self,
        upstream: Upstream,
        instruments: Instrumentation | None,
        turns: ModelCalls | None = None,
    ) -> None:
        self.turns = turns
        self.server = urlsplit(upstream.address).hostname or ""
        self.metrics = instruments.metrics.upstreams.of(upstream.name) if instruments else None
        self.telemetry = instruments.telemetry if instruments else None

    def begin(self, model: object) -> "UpstreamCall":
        return UpstreamCall(self, str(model))


class UpstreamCall:
    """A context manager around the call; `headers` are sent with each of its requests."""

    def __init__(self, calls: UpstreamCalls, model: str) -> None:
        self._calls = calls
        self._model = model
        self._metrics = calls.metrics
        self._first_byte: float | None = None
        self.headers: dict[str, str] = {}

    def answering(self) -> None:
        """Note that the answer has begun to arrive."""
        self._first_byte = time.perf_counter() - self._began

    def retried(self) -> None:
        if self._metrics is not None:
            self._metrics.retries.inc()

    async def __aenter__(self) -> "UpstreamCall":
        """Wait for the call's turn, and begin to measure it."""
        calls = self._calls
        if calls.turns is not None:
            await calls.turns.begin()
        self._span = calls.telemetry.call(self._model, calls.server) if calls.telemetry else None
        self._began = time.perf_counter()
        if self._span is not None:
            self.headers.update(trace_headers(self._span))
        if request_id := current_request_id():
            self.headers["x-client-request-id"] = request_id
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if self._calls.turns is not None:
            self._calls.turns.end()
        # Any other error means that the client disconnected, not that the upstream failed.
        failed = error.code if isinstance(error, ModelError) else None
        if self._metrics is not None:
            outcome = failed or ("ok" if error is None else "cancelled")
            self._metrics.called(outcome, self._first_byte, time.perf_counter() - self._began)
        if self._span is not None:
            call_ended(self._span, failed)
