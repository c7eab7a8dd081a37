"""What clients do with HTTP itself."""

import time
from collections.abc import Iterator

import pytest

from tests.support.stream_reader import events_of, names
from tests.support.talk import error_of

JSON = {"content-type": "application/json"}
ORIGIN = "https://example.org"


def test_health_says_which_upstream_answers(http, start):
    from_upstream = http.get("/health").json()
    assert from_upstream["status"] == from_upstream["database"] == "ok"
    assert from_upstream["upstream"] == "custom"
    assert start(openai_base_url="", openai_api_key="").http.get("/health").json() == {
        **from_upstream,
        "upstream": "demo",
    }


def test_the_root_shows_the_way(http):
    welcome = http.get(http.base_url.join("/")).json()
    assert welcome["name"] == "Threadkeeper"
    for link in ("docs", "openapi", "health"):
        assert http.get(http.base_url.join(welcome[link])).status_code == 200


def test_the_demo_model_answers_without_a_key(start, upstream):
    reply = start(openai_base_url="", openai_api_key="").http.post("/chat", json={"message": "hi"})
    assert reply.json()["message"].startswith("[Demo model]")
    assert upstream.requests == []


def test_the_demo_models_words_come_one_after_the_other(start, upstream):
    """Some chat components hang on deltas that all arrive in one burst."""
    server = start(openai_base_url="", openai_api_key="")
    begun = time.monotonic()
    events = events_of(server.http, "/chat", {"message": "hi"})
    seconds = time.monotonic() - begun
    deltas = names(events).count("delta")
    assert deltas > 5
    assert seconds > deltas * 0.005


def test_every_answer_has_an_id_and_its_time(http):
    answers = [http.get("/health"), http.get("/nowhere"), http.post("/threads"), http.put("/chat")]
    ids = {answer.headers["x-request-id"] for answer in answers}
    assert len(ids) == 4
    assert all(answer.headers["openai-processing-ms"].isdigit() for answer in answers)


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("GET", "/nowhere", 404, "Invalid URL (GET /api/v1/nowhere)"),
        ("PUT", "/threads", 405, "Not allowed to PUT /api/v1/threads"),
        ("PATCH", "/threads", 405, "Not allowed to PATCH /api/v1/threads"),
        ("DELETE", "/chat", 405, "Not allowed to DELETE /api/v1/chat"),
    ],
)
def test_what_is_not_there_is_said_in_openais_envelope(http, method, path, status, message):
    assert error_of(http.request(method, path), status)["message"] == message


def test_what_a_client_adds_to_the_address_is_ignored(http, thread_id):
    query = {"api-version": "2024-05-01-preview", "more": "x"}
    assert http.get(f"/threads/{thread_id}", params=query).is_success
    assert http.post("/threads", params=query, json={}).is_success
    assert http.get(f"/threads/{thread_id}/messages", params=query).is_success


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"openai-beta": "assistants=v2"},
        {"openai-beta": "assistants=v1", "authorization": "Bearer anything"},
        {"content-type": "application/json"},
        {"accept": "application/json", "x-stainless-poll-helper": "true"},
    ],
)
def test_headers_make_no_difference(http, thread_id, headers):
    assert http.get(f"/threads/{thread_id}", headers=headers).is_success


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON"]
)
def test_json_has_several_names(http, kind):
    body = '{"metadata": {"k": "안녕"}}'.encode()
    response = http.post("/threads", content=body, headers={"content-type": kind})
    assert response.json()["metadata"] == {"k": "안녕"}


def sized(size: int) -> bytes:
    return b'{"metadata": {}' + b" " * (size - 16) + b"}"


def in_chunks(content: bytes) -> Iterator[bytes]:
    """Give the content in pieces, without a length that could be looked at first."""
    for at in range(0, len(content), 1000):
        yield content[at : at + 1000]


@pytest.mark.parametrize("form", [bytes, in_chunks], ids=["with a length", "in chunks"])
def test_a_body_may_have_the_largest_size(start, form):
    http = start(max_body_bytes=2000).http
    assert http.post("/threads", content=form(sized(2000)), headers=JSON).is_success


@pytest.mark.parametrize("form", [bytes, in_chunks], ids=["with a length", "in chunks"])
@pytest.mark.parametrize("size", [2001, 100_000])
def test_a_body_may_not_be_larger(start, form, size):
    http = start(max_body_bytes=2000).http
    response = http.post("/threads", content=form(sized(size)), headers=JSON)
    assert error_of(response, 413)["code"] == "request_too_large"
    assert http.get("/health").is_success


def test_pages_of_named_origins_may_call(start):
    http = start(cors_origins=[ORIGIN]).http
    preflight = http.options(
        "/chat",
        headers={
            "origin": ORIGIN,
            "access-control-request-method": "POST",
            "access-control-request-headers": "content-type,openai-beta,x-stainless-os",
        },
    )
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == ORIGIN
    allowed = preflight.headers["access-control-allow-headers"]
    assert {"content-type", "openai-beta", "x-stainless-os"} <= {
        name.strip() for name in allowed.split(",")
    }
    for response in (http.get("/health"), http.get("/nowhere"), http.post("/chat", json={})):
        assert "access-control-allow-origin" not in response.headers
    for path in ("/health", "/nowhere"):
        response = http.get(path, headers={"origin": ORIGIN})
        assert response.headers["access-control-allow-origin"] == ORIGIN
        assert "x-request-id" in response.headers["access-control-expose-headers"]
    stranger = http.get("/health", headers={"origin": "https://elsewhere.example"})
    assert "access-control-allow-origin" not in stranger.headers


def test_without_the_setting_no_other_origin_may_call(http):
    response = http.get("/health", headers={"origin": ORIGIN})
    assert "access-control-allow-origin" not in response.headers
