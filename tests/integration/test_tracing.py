"""Traces: what a collector gets, what it never gets, and that nothing is sent unasked."""

import os
import time
from collections.abc import Iterator

import pytest

from app.application import create_app
from app.core.config import Settings
from app.domain.errors import StartError
from tests.support.replies import Reply
from tests.support.server import thread_server
from tests.support.stream_reader import streaming
from tests.support.talk import ended
from tests.support.trace_collector import TraceCollector, trace_collector

ASSISTANT = {"assistant_id": "asst_default"}
SECRET = "sehr-geheim"
KEY = "sk-of-the-upstream"


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch) -> None:
    for name in [*os.environ]:
        if name.startswith("OTEL_"):
            monkeypatch.delenv(name)


@pytest.fixture
def collector(monkeypatch) -> Iterator[TraceCollector]:
    """A collector that the servers of this test send their traces to."""
    with trace_collector() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint)
        yield collector


@pytest.fixture
def settings(tmp_path, upstream) -> dict[str, object]:
    return {
        "database_url": f"sqlite:///{(tmp_path / 'test.db').as_posix()}",
        "files_url": str(tmp_path / "files"),
        "openai_base_url": upstream.base_url,
        "openai_api_key": KEY,
        "openai_model": "model-a",
        "openai_max_retries": 0,
        "shutdown_seconds": 1,
    }


def asked(text: str) -> dict[str, object]:
    return {**ASSISTANT, "thread": {"messages": [{"role": "user", "content": text}]}}


def test_a_chat_is_one_trace_from_the_client_to_the_model(settings, collector, upstream):
    parent = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    with thread_server(**settings) as server:
        answer = server.http.post("/chat", json={"message": "hello there"}, headers=parent)
    # All that was left was sent as it stopped.
    request, run = collector.named("POST /api/v1/chat"), collector.named("invoke_agent")
    call = collector.named("chat model-a")
    assert request.trace_id == run.trace_id == call.trace_id == "0af7651916cd43dd8448eb211c80319c"
    assert request.parent_id == "b7ad6b7169203331"
    assert request in collector.ancestors(run)
    assert call.parent_id == run.span_id
    assert upstream.requests[0].headers["traceparent"] == (f"00-{call.trace_id}-{call.span_id}-01")
    assert request.attributes["threadkeeper.request.id"] == answer.headers["x-request-id"]
    assert run.attributes == {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.request.model": "model-a",
        "gen_ai.response.model": "model-a",
        "threadkeeper.upstream": "custom",
        "gen_ai.usage.input_tokens": answer.json()["usage"]["prompt_tokens"],
        "gen_ai.usage.output_tokens": answer.json()["usage"]["completion_tokens"],
        "threadkeeper.request.id": answer.headers["x-request-id"],
        "threadkeeper.run.id": answer.json()["run_id"],
        "threadkeeper.run.status": "completed",
    }
    assert not (request.failed or run.failed or call.failed)
    assert request.resource["service.name"] == "threadkeeper"
    assert request.resource["service.version"]


def test_a_run_that_outlives_its_request_is_a_child_span(settings, collector, upstream):
    upstream.reply(Reply.text("So", " slow").stalled(after=5))
    with thread_server(**settings) as server:
        run = server.http.post("/threads/runs", json=asked("hi")).json()
        assert upstream.wait_stalled()
        upstream.release()
        assert ended(server.http, f"/threads/{run['thread_id']}/runs/{run['id']}")
    span = collector.named("invoke_agent")
    assert span.attributes["threadkeeper.run.id"] == run["id"]
    request = collector.named("POST /api/v1/threads/runs")
    assert request in collector.ancestors(span)


def test_a_run_that_waited_is_a_child_of_its_own_request(settings, collector, upstream):
    upstream.reply(Reply.text("So", " slow").stalled(after=5))
    with thread_server(**settings, busy_thread="enqueue") as server:
        first = server.http.post("/threads/runs", json=asked("hi")).json()
        assert upstream.wait_stalled()
        path = f"/threads/{first['thread_id']}/runs"
        answer = server.http.post(path, json=ASSISTANT)
        upstream.release()
        second = answer.json()["id"]
        assert ended(server.http, f"{path}/{second}")["status"] == "completed"
    (span,) = [
        span
        for span in collector.spans
        if span.name == "invoke_agent" and span.attributes["threadkeeper.run.id"] == second
    ]
    assert span.attributes["threadkeeper.request.id"] == answer.headers["x-request-id"]
    request = collector.named("POST /api/v1/threads/{thread_id}/runs")
    assert request in collector.ancestors(span)
    assert upstream.requests[1].headers["x-client-request-id"] == answer.headers["x-request-id"]


def test_no_span_holds_what_users_wrote_or_a_key(settings, collector, upstream):
    upstream.reply(Reply.text(SECRET), Reply.failed("server_error", SECRET))
    headers = {"authorization": f"Bearer {SECRET}", "baggage": f"user={SECRET}", "cookie": SECRET}
    with thread_server(**settings, assistant_instructions=SECRET) as server:
        with streaming(server.http, "/threads/runs", asked(SECRET)) as reader:
            reader.rest()
        chat = {"message": SECRET, "metadata": {"k": SECRET}}
        assert server.http.post("/chat", json=chat, headers=headers).status_code == 502
        server.http.get("/files", params={"purpose": SECRET}, headers=headers)
        server.http.post("/threads", content=SECRET)
    assert len([span for span in collector.spans if span.name == "chat model-a"]) == 2
    assert SECRET.encode() not in collector.raw
    assert KEY.encode() not in collector.raw
    assert SECRET not in str([request.headers for request in upstream.requests])
    (listed,) = [span for span in collector.spans if span.name == "GET /api/v1/files"]
    assert listed.attributes["url.query"] == "REDACTED"


def test_a_failed_span_has_the_kind_of_failure(settings, collector, upstream):
    upstream.reply(Reply.http_error(500))
    with thread_server(**settings) as server:
        assert server.http.post("/chat", json={"message": "hi"}).status_code == 502
    call, run = collector.named("chat model-a"), collector.named("invoke_agent")
    assert call.failed and call.attributes["error.type"] == "server_error"
    assert run.failed and run.attributes["threadkeeper.run.status"] == "failed"
    assert collector.named("POST /api/v1/chat").failed


def test_probes_are_not_traced(settings, collector):
    with thread_server(**settings) as server:
        for path in ("/health", "/ready", f"{server.base_url}/metrics"):
            assert server.http.get(path).is_success
        assert server.http.get("/assistants").is_success
    assert {span.attributes.get("http.route") for span in collector.spans} - {None} == {
        "/api/v1/assistants"
    }


def test_the_service_may_be_named_by_the_standard_variables(settings, collector, monkeypatch):
    monkeypatch.setenv("OTEL_SERVICE_NAME", "chat-of-the-shop")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
    with thread_server(**settings) as server:
        assert server.http.get("/assistants").is_success
    resource = collector.spans[0].resource
    assert resource["service.name"] == "chat-of-the-shop"
    assert resource["deployment.environment.name"] == "test"
    assert resource["service.version"]


def test_two_servers_in_one_process_keep_their_traces_apart(settings, monkeypatch, tmp_path):
    with trace_collector() as first, trace_collector() as second:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", f"{first.endpoint}/v1/traces")
        with thread_server(**settings) as server:
            assert server.http.get("/assistants").is_success
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", f"{second.endpoint}/v1/traces")
        with thread_server(**settings) as server:
            assert server.http.get("/files").is_success
    assert "GET /api/v1/assistants" in {span.name for span in first.spans}
    assert "GET /api/v1/assistants" not in {span.name for span in second.spans}
    assert "GET /api/v1/files" in {span.name for span in second.spans}


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "{}", "OTEL_TRACES_EXPORTER": "none"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "{}", "OTEL_SDK_DISABLED": "true"},
        {"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "{}", "FASTAPI_OTEL_AUTO_CONFIGURE": "true"},
    ],
    ids=["no endpoint", "no exporter", "disabled", "only for figures"],
)
def test_nothing_is_traced_by_default(settings, upstream, monkeypatch, variables):
    with trace_collector() as collector:
        for name, value in variables.items():
            monkeypatch.setenv(name, value.format(collector.endpoint))
        with thread_server(**settings) as server:
            assert server.http.post("/chat", json={"message": "hi"}).is_success
    assert collector.requests == 0
    assert "traceparent" not in upstream.requests[0].headers


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "ftp://user:sehr-geheim@collector"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json"),
        ("OTEL_TRACES_EXPORTER", "zipkin"),
    ],
)
def test_what_can_not_be_done_stops_the_start(collector, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(StartError, match=f"^{name}: must be ") as failure:
        create_app(Settings(_env_file=None))
    assert SECRET not in str(failure.value)


def test_a_collector_that_is_away_holds_up_neither_requests_nor_the_stop(
    settings, collector, caplog
):
    collector.stop()
    with thread_server(**settings) as server:
        assert server.http.post("/chat", json={"message": "hi"}).is_success
        began = time.monotonic()
    assert time.monotonic() - began < 10
    assert "the last traces were not taken within 5 seconds" in caplog.messages
