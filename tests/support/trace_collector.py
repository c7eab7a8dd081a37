"""Collects traces on loopback, like an OpenTelemetry collector: `POST /v1/traces`."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from tests.support.waiting import WAIT_SECONDS


@dataclass(frozen=True)
class CollectedSpan:
    """A span as it was sent; ids are hex, and a root's parent id is empty."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str
    attributes: dict[str, Any]
    failed: bool
    resource: dict[str, Any]


class TraceCollector:
    """The received spans, decoded, and the raw bytes, to check what they must not contain."""

    def __init__(self) -> None:
        self.spans: list[CollectedSpan] = []
        self.raw = b""
        self.requests = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    def take(self, path: str, body: bytes) -> None:
        self.requests += 1
        assert path == "/v1/traces"
        self.raw += body
        for of_resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            resource = _values(of_resource.resource.attributes)
            for of_scope in of_resource.scope_spans:
                self.spans += [_span(span, resource) for span in of_scope.spans]

    def named(self, name: str) -> CollectedSpan:
        """Return the only span with this name."""
        (span,) = [span for span in self.spans if span.name == name]
        return span

    def ancestors(self, span: CollectedSpan) -> list[CollectedSpan]:
        """Return the collected ancestors of this span, nearest first."""
        by_id = {span.span_id: span for span in self.spans}
        found = []
        while (above := by_id.get(span.parent_id)) is not None:
            found.append(above)
            span = above
        return found

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join(WAIT_SECONDS)
        self._server.server_close()


def _handler(collector: TraceCollector) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            collector.take(self.path, body)
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler


def _span(span: Any, resource: dict[str, Any]) -> CollectedSpan:
    return CollectedSpan(
        name=span.name,
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        attributes=_values(span.attributes),
        failed=span.status.code == 2,
        resource=resource,
    )


def _values(attributes: Any) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in attributes}


@contextmanager
def trace_collector() -> Iterator[TraceCollector]:
    collector = TraceCollector()
    try:
        yield collector
    finally:
        collector.stop()
