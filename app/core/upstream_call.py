"""Metrics, span and ids of one call to an upstream.

A call consists of several requests if it is retried.
"""

import time
from types import TracebackType
from urllib.parse import urlsplit

from app.core.instrumentation import Instrumentation
from app.core.logging import current_request_id
from app.core.telemetry import call_ended, trace_headers
from app.core.upstream import Upstream
from app.domain.errors import ModelError


class UpstreamCalls:
    """Observes all calls to one upstream, if instruments are given."""

    def __init__(self, upstream: Upstream, instruments: Instrumentation | None) -> None:
        self.server = urlsplit(upstream.address).hostname or ""
        self.metrics = instruments.metrics.upstreams.of(upstream.name) if instruments else None
        self.telemetry = instruments.telemetry if instruments else None

    def begin(self, model: object) -> "UpstreamCall":
        return UpstreamCall(self, str(model))


class UpstreamCall:
    """A context manager around the call; `headers` are sent with each of its requests."""

    def __init__(self, calls: UpstreamCalls, model: str) -> None:
        self._metrics = calls.metrics
        self._span = calls.telemetry.call(model, calls.server) if calls.telemetry else None
        self._first_byte: float | None = None
        self._began = time.perf_counter()
        self.headers = {} if self._span is None else trace_headers(self._span)
        if request_id := current_request_id():
            self.headers["x-client-request-id"] = request_id

    def answering(self) -> None:
        """Note that the answer has begun to arrive."""
        self._first_byte = time.perf_counter() - self._began

    def retried(self) -> None:
        if self._metrics is not None:
            self._metrics.retries.inc()

    def __enter__(self) -> "UpstreamCall":
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        # Any other error means that the client disconnected, not that the upstream failed.
        failed = error.code if isinstance(error, ModelError) else None
        if self._metrics is not None:
            outcome = failed or ("ok" if error is None else "cancelled")
            self._metrics.called(outcome, self._first_byte, time.perf_counter() - self._began)
        if self._span is not None:
            call_ended(self._span, failed)
