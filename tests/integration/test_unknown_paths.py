"""What no route takes is answered in the one envelope, with what there is instead."""

import httpx
import pytest

from tests.support.raw_http import answer_to
from tests.support.talk import error_of

# Endpoints of OpenAI's that this server doesn't have.
OF_OPENAI = [
    *("chat/completions", "responses", "responses/resp_1", "completions", "embeddings"),
    *("images/generations", "audio/speech", "audio/transcriptions", "fine_tuning/jobs"),
    *("moderations", "batches", "conversations", "realtime/sessions", "uploads", "evals"),
    *("organization/projects", "containers", "videos"),
]


@pytest.fixture
def outside(server):
    """A client whose paths begin at the server's root."""
    with httpx.Client(base_url=server.base_url) as client:
        yield client


@pytest.mark.parametrize("path", OF_OPENAI)
@pytest.mark.parametrize("version", ["/api/v1", "/v1"])
def test_what_openai_serves_besides_is_not_served_here(outside, version, path):
    # `GET /conversations` is ours: threads as an owner sees them.
    status = 405 if f"{version}/{path}" == "/api/v1/conversations" else 404
    error = error_of(outside.post(f"{version}/{path}", json={}), status)
    assert (error["code"], error["type"]) == ("not_served", "invalid_request_error")
    assert f"POST {version}/{path}" in error["message"]
    assert "/docs" in error["message"]


def test_the_nearest_is_named(outside):
    error = error_of(outside.post("/api/v1/chat/completions", json={}), 404)
    assert "/api/v1/chat, /api/v1/threads/runs" in error["message"]


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("/api/v1/nowhere", ""),
        ("/api/v1//threads", ""),
        ("/api/v1/chat/sessions/x", ""),
        ("/v1/threads", ". The API's paths begin with /api/v1."),
        ("/nowhere", ". The API's paths begin with /api/v1."),
        ("/static/nowhere.js", ". The API's paths begin with /api/v1."),
    ],
)
def test_an_unknown_path(outside, path, hint):
    assert error_of(outside.get(path), 404) == {
        "message": f"Invalid URL (GET {path}){hint}",
        "type": "invalid_request_error",
        "param": None,
        "code": None,
    }


def test_a_path_under_a_prefix(start):
    server = start(root_path="/openai")
    for path in ("/openai/nowhere", "/nowhere", "/openai/static/nowhere"):
        shown = path.removeprefix("/openai")
        answer = httpx.get(f"{server.base_url}{path}")
        assert error_of(answer, 404)["message"].startswith(f"Invalid URL (GET {shown})")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/api/v1/threads", "GET, POST, DELETE"),
        ("DELETE", "/static/shared/client.js", "GET, HEAD"),
        ("POST", "/docs", "GET, HEAD"),
        ("POST", "/api/v1/models", "GET"),
        ("DELETE", "/api/v1/models/gpt-5.4-mini", "GET"),
    ],
)
def test_a_wrong_method(outside, method, path, allowed):
    answer = outside.request(method, path)
    assert error_of(answer, 405)["code"] == "method_not_supported"
    assert answer.headers["allow"] == allowed


def test_slashes_too_many_lead_to_the_list(outside):
    answer = outside.get("/api/v1/threads/////")
    assert (answer.status_code, answer.content) == (307, b"")
    assert outside.get(answer.headers["location"]).json()["object"] == "list"


def test_a_request_that_is_not_http_gets_a_400(server):
    request = "GET /api/v1/한글 HTTP/1.1\r\nhost: localhost\r\n\r\n".encode()
    assert error_of(answer_to(server.base_url, request))["code"] == "invalid_http"
