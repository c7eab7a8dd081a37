"""OpenTelemetry traces, if its standard variables name a collector.

The framework traces requests, and adds its exporter to the provider that is created here. This
module adds spans for runs and for calls to the model. Spans contain ids, models, statuses and
counts, never what a user wrote.
"""

import asyncio
import logging
import os
import threading
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import (
    SERVICE_NAME,
    SERVICE_VERSION,
    OTELResourceDetector,
    Resource,
)
from opentelemetry.sdk.trace import Span as RecordedSpan
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.trace import INVALID_SPAN, Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from app.core.logging import current_request_id
from app.domain.errors import StartError
from app.domain.hosts import is_http_url
from app.domain.run_status import RunStatus
from app.schemas.runs import Usage

logger = logging.getLogger(__name__)

_NAME = "threadkeeper"
_PROTOCOL = "http/protobuf"
_REQUEST_ID = "threadkeeper.request.id"
_RUN_ID = "threadkeeper.run.id"
_RUN_STATUS = "threadkeeper.run.status"
_UPSTREAM = "threadkeeper.upstream"
# OpenTelemetry's names for generative AI.
_OPERATION = "gen_ai.operation.name"
_MODEL = "gen_ai.request.model"
_ANSWERED_MODEL = "gen_ai.response.model"
_PROMPT_TOKENS = "gen_ai.usage.input_tokens"
_COMPLETION_TOKENS = "gen_ai.usage.output_tokens"

# How many seconds a shutdown waits for the collector to accept the last spans.
_CLOSE_SECONDS = 5.0

_NO_SPAN = nullcontext(INVALID_SPAN)
# Not the global propagator: it would pass baggage, which clients may send, on to the upstream.
_propagator = TraceContextTextMapPropagator()


class TracedRun(Protocol):
    """What a span records about a run."""

    @property
    def id(self) -> str: ...

    @property
    def model(self) -> str: ...

    @property
    def status(self) -> RunStatus: ...

    @property
    def usage(self) -> Usage | None: ...

    @property
    def answered_by(self) -> str | None: ...

    @property
    def answered_model(self) -> str | None: ...


class Telemetry:
    """The traces of one application. Without a collector, `provider` is None and calls are free."""

    def __init__(self, version: str) -> None:
        """Raises `StartError` if the variables ask for something unsupported."""
        self.provider = _provider(version) if _wanted() else None
        self._tracer = self.provider.get_tracer(_NAME, version) if self.provider else None

    def name_request(self, request_id: str) -> None:
        """Set the id on the span of the current request."""
        if self._tracer is not None:
            trace.get_current_span().set_attribute(_REQUEST_ID, request_id)

    def run(self, run: TracedRun) -> AbstractContextManager[Span]:
        """Return the span of a run's execution, for `run_ended`; later spans are its children."""
        if self._tracer is None:
            return _NO_SPAN
        attributes = {_OPERATION: "invoke_agent", _RUN_ID: run.id, _MODEL: run.model}
        if request_id := current_request_id():
            attributes[_REQUEST_ID] = request_id
        return self._tracer.start_as_current_span(
            "invoke_agent",
            attributes=attributes,
            # An exception's text may contain a user's words.
            record_exception=False,
            set_status_on_exception=False,
        )

    def call(self, model: str, server: str) -> Span:
        """Return the span of a call to the model at the address `server`; the caller ends it."""
        if self._tracer is None:
            return INVALID_SPAN
        return self._tracer.start_span(
            f"chat {model}",
            kind=SpanKind.CLIENT,
            attributes={_OPERATION: "chat", _MODEL: model, "server.address": server},
        )

    async def close(self) -> None:
        """Send the remaining spans. A slow collector does not delay the shutdown for long."""
        if self.provider is not None:
            closing = threading.Thread(target=self.provider.shutdown, daemon=True)
            closing.start()
            await asyncio.to_thread(closing.join, _CLOSE_SECONDS)
            if closing.is_alive():
                logger.warning("the last traces were not taken within %g seconds", _CLOSE_SECONDS)


def run_ended(span: Span, run: TracedRun | None) -> None:
    """Record on its span how a run's execution ended. `run` is None if its thread was deleted."""
    if run is None or not span.is_recording():
        return
    span.set_attribute(_RUN_STATUS, run.status)
    if run.answered_by is not None and run.answered_model is not None:
        span.set_attribute(_UPSTREAM, run.answered_by)
        span.set_attribute(_ANSWERED_MODEL, run.answered_model)
    if run.usage is not None:
        span.set_attribute(_PROMPT_TOKENS, run.usage.prompt_tokens)
        span.set_attribute(_COMPLETION_TOKENS, run.usage.completion_tokens)
    if run.status in ("failed", "expired"):
        span.set_status(StatusCode.ERROR)


def call_ended(span: Span, error: str | None) -> None:
    """End the span of a call; `error` is the kind of failure, if it failed."""
    if error is not None:
        span.set_attribute("error.type", error)
        span.set_status(StatusCode.ERROR)
    span.end()


def trace_headers(span: Span) -> dict[str, str]:
    """Return the headers that make another server's spans children of this one."""
    headers: dict[str, str] = {}
    if span is not INVALID_SPAN:
        _propagator.inject(headers, trace.set_span_in_context(span))
    return headers


def _wanted() -> bool:
    """Return whether traces are configured. Raises `StartError` if they can't be sent that way."""
    if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    name, endpoint = _first("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
    exporter = os.environ.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    if not endpoint or exporter == "none":
        return False
    if exporter not in ("", "otlp"):
        raise StartError(f"OTEL_TRACES_EXPORTER: must be otlp or none, got {exporter!r}")
    if not is_http_url(endpoint):
        # Not shown: it may contain a password.
        raise StartError(f"{name}: must be an http:// or https:// URL")
    name, protocol = _first("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
    if protocol not in ("", _PROTOCOL):
        raise StartError(f"{name}: must be {_PROTOCOL}, got {protocol!r}")
    return True


def _first(*names: str) -> tuple[str, str]:
    """Return the first of these variables that is set, and its value; else the last and ""."""
    for name in names:
        if value := os.environ.get(name, "").strip():
            return name, value
    return names[-1], ""


def _provider(version: str) -> TracerProvider:
    ours = Resource({SERVICE_NAME: _NAME, SERVICE_VERSION: version})
    # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES take precedence.
    named = ours.merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=Resource.create(named.attributes), shutdown_on_exit=False)
    provider.add_span_processor(_WithoutQueries())
    return provider


class _WithoutQueries(SpanProcessor):
    """Redacts query strings in the framework's spans: searches and metadata are users' words."""

    def on_start(self, span: RecordedSpan, parent_context: Context | None = None) -> None:
        if span.attributes and "url.query" in span.attributes:
            span.set_attribute("url.query", "REDACTED")
