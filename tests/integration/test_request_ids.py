"""A request's id goes with everything that is done for it, to the model's server and back."""

import logging

import pytest

from tests.support.replies import Reply
from tests.support.stream_reader import streaming
from tests.support.waiting import wait_until

ASKED = {
    "assistant_id": "asst_default",
    "thread": {"messages": [{"role": "user", "content": "hello"}]},
}
THEIRS = {"x-request-id": "req_of-theirs", "retry-after-ms": "1"}
HEADER = "x-client-request-id"


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_the_upstream_is_sent_the_request_id(http, upstream, stream):
    body = {"message": "hello", "stream": stream}
    with http.stream("POST", "/chat", json=body) as answer:
        answer.read()
    assert upstream.requests[0].headers[HEADER] == answer.headers["x-request-id"]


def test_each_request_has_an_id_of_its_own_there(http, upstream):
    own = [http.post("/chat", json={"message": "hi"}).headers["x-request-id"] for _ in range(2)]
    assert [request.headers[HEADER] for request in upstream.requests] == own
    assert len(set(own)) == 2


def test_another_try_is_for_the_same_request(start, upstream, caplog):
    server = start(openai_max_retries=1)
    upstream.reply(Reply.http_error(500, headers=THEIRS))
    answer = server.http.post("/chat", json={"message": "hi"})
    assert answer.is_success
    assert [request.headers[HEADER] for request in upstream.requests] == [
        answer.headers["x-request-id"]
    ] * 2
    assert fields_in(caplog, "The upstream did not answer well: retry 1") == [
        {"status": 500, "upstream_request_id": "req_of-theirs"}
    ]


def test_a_client_can_not_choose_the_id_sent_to_the_upstream(http, upstream):
    own = {HEADER: "chosen", "x-request-id": "chosen"}
    answer = http.post("/chat", json={"message": "hi"}, headers=own)
    assert upstream.requests[0].headers[HEADER] == answer.headers["x-request-id"] != "chosen"


@pytest.mark.parametrize("status", [400, 401, 429, 500])
def test_the_upstreams_id_of_a_failed_request_is_logged(http, upstream, caplog, status):
    upstream.reply(Reply.http_error(status, headers=THEIRS))
    assert not http.post("/chat", json={"message": "hi"}).is_success
    assert fields_in(caplog, "The upstream failed") == [
        {"status": status, "upstream_request_id": "req_of-theirs"}
    ]


def test_an_answer_that_breaks_off_is_logged(http, upstream, caplog):
    upstream.reply(Reply.text("Half", " of").cut(after=5))
    with streaming(http, "/threads/runs", ASKED) as reader:
        reader.rest()
    assert fields_in(caplog, "The upstream failed") == [
        {"status": 200, "upstream_request_id": "none"}
    ]


def test_a_server_that_is_not_there_has_no_id(start, caplog):
    server = start(openai_base_url="http://127.0.0.1:1/v1")
    assert server.http.post("/chat", json={"message": "hi"}).status_code == 502
    assert fields_in(caplog, "The upstream failed") == [{"status": "none"}]


def fields_in(caplog: pytest.LogCaptureFixture, message: str) -> list[dict[str, object]]:
    """Return what the log's lines of this message tell besides it."""
    found = [record for record in caplog.records if record.getMessage() == message]
    assert all(record.levelno == logging.WARNING for record in found)
    fields = [record.__dict__["fields"] for record in found]
    for one in fields:
        assert one.pop("upstream").startswith("custom (http://127.0.0.1:")
    return fields


def test_a_long_path_is_logged_by_its_beginning(http, caplog):
    """A client may send 64 KB of it: 750 such requests wiped all the log's files."""
    caplog.set_level(logging.INFO)
    assert http.get("/threads/" + "x" * 30_000).status_code == 400
    [record] = wait_until(lambda: [r for r in caplog.records if r.getMessage() == "request"])
    path = str(record.__dict__["fields"]["path"])
    assert path.startswith("/api/v1/threads/xxx") and path.endswith("x…")
    assert len(path) == 301
