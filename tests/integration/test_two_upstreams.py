"""Two upstreams at once: each answers for its own models, and fails for itself alone."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.callers import ORIGIN, session_of
from tests.support.fake_embeddings import fake_embeddings
from tests.support.fake_upstream import FakeUpstream
from tests.support.figures import Figures
from tests.support.replies import Reply
from tests.support.talk import error_of, finished
from tests.support.terminal import run

KEYS = {"near": "sk-of-the-near-one", "far": "sk-of-the-far-one"}
GONE = "http://127.0.0.1:1/v1"
# How a chat's error begins.
CHAT = "The model did not answer: "
GONE_SHOWN = "far (http://127.0.0.1:1/v1)"
FAR_URL = "base_url of far in providers.yaml"


@pytest.fixture
def far() -> Iterator[FakeUpstream]:
    """The second fake model server; `upstream` is the first."""
    with FakeUpstream.serve() as server:
        yield server
        assert not server.refused


@pytest.fixture
def two(monkeypatch, upstream, far) -> list[dict[str, Any]]:
    """What the file of providers says. A test may change it before a server starts."""
    for name, key in KEYS.items():
        monkeypatch.setenv(f"{name.upper()}_KEY", key)
    shared = {"api": "responses", "max_retries": 0}
    return [
        {
            "name": "near",
            "base_url": upstream.base_url,
            "api_key_env": "NEAR_KEY",
            "models": ["small"],
            **shared,
        },
        {
            "name": "far",
            "base_url": far.base_url,
            "api_key_env": "FAR_KEY",
            "models": ["large"],
            "aliases": {"old": "large-2"},
            "context_window": 1024,
            "embedding_model": "embed",
            **shared,
        },
    ]


@pytest.fixture
def start(start, two, tmp_path):
    """Start servers with the file as it is at that moment."""

    def begin(**settings: Any) -> Any:
        return start(providers_file=written(two, tmp_path), **settings)

    return begin


def written(two: list[dict[str, Any]], folder: Any) -> str:
    file = folder / "providers.yaml"
    # JSON is YAML too.
    file.write_text(json.dumps({"providers": two}), "utf-8")
    return str(file)


def down(two: list[dict[str, Any]]) -> None:
    two[1]["base_url"] = GONE


def chat(http: httpx.Client, model: str, message: str = "hi") -> httpx.Response:
    assistant = http.post("/assistants", json={"model": model}).json()["id"]
    return http.post("/chat", json={"message": message, "assistant_id": assistant})


def asked(server: FakeUpstream) -> list[tuple[str, str]]:
    """Return each request's model and authorization."""
    return [(one.body["model"], one.headers["authorization"]) for one in server.requests]


def test_each_model_goes_to_its_own_server_with_its_own_key(start, two, upstream, far):
    http = start().http
    for model in ("small", "large", "old", "unheard-of"):
        assert chat(http, model).is_success
    near_key, far_key = (f"Bearer {key}" for key in KEYS.values())
    assert asked(upstream) == [("small", near_key), ("unheard-of", near_key)]
    assert asked(far) == [("large", far_key), ("large-2", far_key)]
    listed = {model["id"] for model in http.get("/models").json()["data"]}
    assert {"small", "large", "old"} <= listed


def test_the_run_model_decides_how_much_is_read(start, two, upstream, far):
    server = start(assistant_instructions="")
    http = server.http
    thread = http.post("/threads").json()["id"]
    for number in range(6):
        said = {"role": "user", "content": f"{number} " + "word " * 200}
        assert http.post(f"/threads/{thread}/messages", json=said).is_success
    assistant = http.post("/assistants", json={"model": "small"}).json()["id"]
    for model in ("small", "large"):
        assert finished(server.client, thread, assistant, model=model).status == "completed"
    read = [len(one.requests[0].body["input"]) for one in (upstream, far)]
    # Beyond the six messages, the second run might read the first one's answer.
    assert read[0] == 6
    assert 1 <= read[1] < 6


def test_what_one_model_refuses_is_not_held_against_another_server(start, two, upstream, far):
    http = start().http
    refusal = {"error": {"code": "unsupported_parameter", "param": "temperature", "message": "No."}}
    body = {"temperature": 0.3}
    upstream.reply(Reply.http_error(400, refusal))
    for model in ("small", "large", "small"):
        assistant = http.post("/assistants", json={"model": model, **body}).json()["id"]
        assert http.post("/chat", json={"message": "hi", "assistant_id": assistant}).is_success
    assert ["temperature" in one.body for one in upstream.requests] == [True, False, False]
    assert ["temperature" in one.body for one in far.requests] == [True]


def test_an_error_names_the_server_that_failed(start, two, upstream, far, caplog):
    http = start().http
    far.reply(Reply.http_error(401), Reply.http_error(500, {"error": {"message": "Full."}}))
    place = f"far ({far.base_url})"
    refused = error_of(chat(http, "large"), 502)["message"]
    assert refused == f"{CHAT}The upstream far refused the API key (HTTP 401). Check FAR_KEY."
    full = error_of(chat(http, "large"), 502)["message"]
    assert full == f"{CHAT}The upstream far answered HTTP 500: Full."
    failures = [one for one in caplog.records if one.getMessage() == "The upstream failed"]
    assert [one.__dict__["fields"]["upstream"] for one in failures] == [place, place]
    assert not any(key in caplog.text + refused + full for key in KEYS.values())


def test_one_that_is_down_fails_its_own_models_alone(start, two, upstream):
    down(two)
    http = start().http
    message = error_of(chat(http, "large"), 502)["message"]
    assert message == f"{CHAT}The upstream far can't be reached. Check {FAR_URL}."
    assert chat(http, "small").is_success
    assert upstream.requests


def test_a_visitor_does_not_see_which_server_failed(start, two, call_as):
    down(two)
    key = "key-of-the-web-12345"
    server = start(
        api_keys=[f"web:{key}"],
        public_chat=True,
        public_project="web",
        cors_origins=[ORIGIN],
        openai_model="large",
    )
    operator, visitor = call_as(server, key), call_as(server, session_of(call_as(server)))
    failed = visitor.http.post("/chat", json={"message": "hi"})
    assert error_of(failed, 502)["message"] == (
        "The assistant could not answer. Please try again later."
    )
    path = f"/threads/{failed.headers['x-thread-id']}/runs/{failed.headers['x-run-id']}"
    assert "far" not in failed.text + visitor.http.get(path).text
    error = operator.http.get(path).json()["last_error"]["message"]
    assert error == f"The upstream far can't be reached. Check {FAR_URL}."


def test_ready_tells_both_and_one_is_enough(start, two, caplog):
    assert ready(start()) == (200, "ok", {"near": "ok", "far": "ok"})
    down(two)
    with caplog.at_level(logging.INFO):
        half = start()
        assert ready(half) == (200, "ok", {"near": "ok", "far": "unreachable"})
    assert f"the upstream {GONE_SHOWN} can't be reached" in caplog.messages
    figures = Figures(half)
    up = {name: figures.value("threadkeeper_upstream_up", upstream=name) for name in KEYS}
    assert up == {"near": 1, "far": 0}
    assert figures.value("threadkeeper_component_up", component="upstream") == 1
    two[0]["base_url"] = GONE
    nothing = {"near": "unreachable", "far": "unreachable"}
    assert ready(start()) == (503, "unreachable", nothing)


def ready(server: Any) -> tuple[int, str, dict[str, str]]:
    answer = server.http.get("/ready")
    # Whoever asks this needs no key.
    assert "127.0.0.1" not in answer.text
    return answer.status_code, answer.json()["upstream"], answer.json()["upstreams"]


def test_metrics_tell_them_apart(start, two, far):
    server = start()
    far.reply(Reply.http_error(500))
    assert chat(server.http, "small").is_success
    assert not chat(server.http, "large").is_success
    figures = Figures(server)
    calls = "threadkeeper_upstream_duration_seconds_count"
    assert figures.value(calls, upstream="near", outcome="ok") == figures.value(calls, outcome="ok")
    assert figures.value(calls, upstream="far", outcome="server_error") == 1
    assert {labels["upstream"] for labels in figures.labels(calls)} == {"near", "far"}


def test_the_embedding_model_goes_to_its_own_server(start, two):
    with fake_embeddings(["cat"]) as embeddings:
        two[1]["base_url"] = embeddings.base_url
        server = start()
        file = server.client.files.create(file=("a.txt", b"a cat"), purpose="assistants")
        store = server.client.vector_stores.create(file_ids=[file.id])
        found = server.client.vector_stores.files.poll(file.id, vector_store_id=store.id)
        assert found.status == "completed"
        assert embeddings.requests[0]["model"] == "embed"


def test_the_doctor_looks_at_both(two, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    down(two)
    written(two, tmp_path)
    for language, well, gone in (
        ("en", "The upstream near (", f"The upstream {GONE_SHOWN} does not answer"),
        ("ko", "업스트림이 응답합니다: near (", f"업스트림이 응답하지 않습니다: {GONE_SHOWN}"),
    ):
        result = run("doctor", "--json", "--language", language, PORT="0")
        assert result.exit_code == 1
        assert well in result.stdout and gone in result.stdout
        assert FAR_URL in result.stdout
        assert not any(key in result.stdout for key in KEYS.values())
