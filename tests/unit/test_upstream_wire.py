"""What goes out to the upstream, byte for byte, as a raw socket receives it."""

import json
from collections.abc import Iterator

import openai
import pytest

from app.core.embeddings import OpenAIEmbedder
from app.core.instrumentation import Instrumentation
from app.core.logging import in_request
from app.core.reachability import look_at
from tests.support.openai_calls import KEY, client, read, request, upstream_at
from tests.support.recording_server import RecordingServer, recording_server
from tests.support.trace_collector import trace_collector

RESPONSE = {"id": "resp_1", "object": "response", "status": "completed", "output": []}
COMPLETED = {"type": "response.completed", "response": RESPONSE}
USER_AGENT = f"AsyncOpenAI/Python {openai.__version__}"


@pytest.fixture
def server() -> Iterator[RecordingServer]:
    with recording_server() as running:
        yield running


def sent(server: RecordingServer, place: int = -1) -> tuple[str, list[str], bytes]:
    """Return a request's first line, its headers (names in lower case) sorted, and its body."""
    head, _, body = server.requests[place].partition(b"\r\n\r\n")
    first, *lines = head.decode("ascii").split("\r\n")
    pairs = (line.partition(": ") for line in lines)
    return first, sorted(f"{name.lower()}: {value}" for name, _, value in pairs), body


def allowed(server: RecordingServer, body: bytes | None, *more: str, key: str = KEY) -> list[str]:
    """Return exactly the headers that a request may have."""
    headers = [
        "accept: application/json",
        "accept-encoding: gzip, deflate",
        f"host: {server.address}",
        f"user-agent: {USER_AGENT}",
        *more,
    ]
    if key:
        headers.append(f"authorization: Bearer {key}")
    if body is not None:
        headers += ["content-type: application/json", f"content-length: {len(body)}"]
    return sorted(headers)


@pytest.mark.parametrize("key", [KEY, ""])
@pytest.mark.parametrize("stream", [True, False])
async def test_an_answer_is_asked_for(server: RecordingServer, stream: bool, key: str) -> None:
    if stream:
        event = f"event: response.completed\ndata: {json.dumps(COMPLETED)}\n\n"
        server.answer(event.encode(), "text/event-stream")
    else:
        server.answer(json.dumps(RESPONSE).encode())
    model = client(server.base_url, key=key)
    with in_request("req-of-a-test"):
        await read(model, stream=stream)
    await model.close()
    body = json.dumps({**request(), "stream": stream}, ensure_ascii=False).encode()
    more = "x-client-request-id: req-of-a-test"
    first, headers, content = sent(server)
    assert first == "POST /v1/responses HTTP/1.1"
    assert headers == allowed(server, body, more, key=key)
    assert content == body
    assert len(server.requests) == 1


@pytest.mark.parametrize("key", [KEY, ""])
@pytest.mark.parametrize("stream", [True, False])
async def test_an_answer_is_asked_for_by_the_older_api(
    server: RecordingServer, stream: bool, key: str
) -> None:
    choice = {"index": 0, "message": {"content": "a"}, "finish_reason": "stop"}
    answer = json.dumps({"choices": [choice]})
    if stream:
        server.answer(f"data: {answer}\n\ndata: [DONE]\n\n".encode(), "text/event-stream")
    else:
        server.answer(answer.encode())
    model = client(server.base_url, key=key, kind="chat_completions")
    with in_request("req-of-a-test"):
        await read(model, stream=stream)
    await model.close()
    message = {"role": "user", "content": "hi 안녕"}
    asked = {"model": "m", "messages": [message], "store": False, "stream": stream}
    if stream:
        asked["stream_options"] = {"include_usage": True}
    body = json.dumps(asked, ensure_ascii=False).encode()
    first, headers, content = sent(server)
    assert first == "POST /v1/chat/completions HTTP/1.1"
    assert headers == allowed(server, body, "x-client-request-id: req-of-a-test", key=key)
    assert content == body
    assert len(server.requests) == 1


async def test_a_traced_call_names_its_span_once(
    server: RecordingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with trace_collector() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint)
        instruments = Instrumentation("0")
        server.answer(json.dumps(RESPONSE).encode())
        model = client(server.base_url, instruments=instruments)
        await read(model, stream=False)
        await model.close()
        await instruments.telemetry.close()
    _, headers, body = sent(server)
    (traceparent,) = (header for header in headers if header.startswith("traceparent: "))
    assert headers == allowed(server, body, traceparent)


@pytest.mark.parametrize("key", [KEY, ""])
async def test_embeddings_are_asked_for(server: RecordingServer, key: str) -> None:
    vectors = [{"object": "embedding", "index": 0, "embedding": [1.0, 0.5]}]
    server.answer(json.dumps({"object": "list", "data": vectors, "model": "m"}).encode())
    model = OpenAIEmbedder(upstream_at(server.base_url, key=key), "m-embed")
    with in_request("req-of-a-test"):
        assert await model.embed(["안녕"]) == [[1.0, 0.5]]
    await model.close()
    body = '{"input": ["안녕"], "model": "m-embed", "encoding_format": "float"}'.encode()
    first, headers, content = sent(server)
    assert first == "POST /v1/embeddings HTTP/1.1"
    more = "x-client-request-id: req-of-a-test"
    assert headers == allowed(server, body, more, key=key)
    assert content == body


@pytest.mark.parametrize("key", [KEY, ""])
async def test_the_models_are_asked_for_and_the_path_is_looked_for(
    server: RecordingServer, key: str
) -> None:
    server.answer(b'{"object": "list", "data": [{"id": "m"}]}')
    server.answer(b'{"detail": "model is required"}')
    found = await look_at(upstream_at(server.base_url, key=key), 10)
    assert (found.reach, found.models) == ("ok", frozenset({"m"}))
    first, headers, content = sent(server, 0)
    assert first == "GET /v1/models HTTP/1.1"
    assert headers == allowed(server, None, key=key)
    assert content == b""
    first, headers, content = sent(server, 1)
    assert first == "POST /v1/responses HTTP/1.1"
    assert headers == allowed(server, b"{}", key=key)
    assert content == b"{}"
    assert len(server.requests) == 2


async def test_the_environment_adds_nothing_but_what_it_says(
    server: RecordingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-environment")
    server.answer(json.dumps(RESPONSE).encode())
    model = client(server.base_url, key="")
    await read(model, stream=False)
    await model.close()
    _, headers, content = sent(server)
    more = "openai-organization: org-1"
    assert headers == allowed(server, content, more, key="")
