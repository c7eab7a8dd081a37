"""A process that is asked to stop while runs are at work, and one whose model misbehaves."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.databases import fresh_database
from tests.support.heirs import environment, succession
from tests.support.replies import Reply
from tests.support.server import forked_server
from tests.support.stream_reader import (
    begun,
    delta_text,
    events_of,
    following,
    names,
    run_path,
    streaming,
)
from tests.support.talk import ended, error_of, texts

ASSISTANT = {"assistant_id": "asst_default"}
ASKED = {"thread": {"messages": [{"role": "user", "content": "hello there"}]}}
ANSWER = "Answer to: hello there"


@pytest.fixture
def stop_within() -> int:
    return 2


@pytest.fixture
def servers(database_url, upstream, tmp_path, stop_within):
    settings = environment(database_url, upstream, SHUTDOWN_SECONDS=str(stop_within))
    with succession(tmp_path, settings) as pair:
        yield pair


def test_a_stream_that_does_not_end_in_time_says_how_to_resume(servers, upstream):
    upstream.reply(Reply.text("Never", " heard").stalled(after=6))
    with begun(servers.first.http, "/threads/runs", {**ASSISTANT, **ASKED}) as reader:
        while delta_text(reader.events) != "Never heard":
            assert reader.next() is not None
        path = run_path(reader.events)
        asked_at, last_id = time.monotonic(), reader.events[-1].id
        servers.first.terminate()
        rest = reader.rest()
    servers.first.wait()
    assert time.monotonic() - asked_at < 3.5, "it stops within SHUTDOWN_SECONDS"
    assert names(rest) == ["error", "done"]
    assert rest[0].data["error"]["code"] == "server_restarting"
    heir = servers.heir()
    with following(heir.http, path, last_id) as resumed:
        more = resumed.rest()
    assert (names(more)[0], names(more)[-2:]) == ("message.incomplete", ["run.completed", "done"])
    assert delta_text(more) == ANSWER
    assert texts(heir.http, path.split("/")[2])[1:] == [("assistant", ANSWER)]


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "plain"])
def test_a_chat_that_does_not_end_in_time_gets_an_error(servers, upstream, stream):
    upstream.reply(Reply.text("Never", " heard").stalled(after=6))
    thread_id = servers.first.http.post("/threads", json={}).json()["id"]
    body = {"message": "hello there", "thread_id": thread_id, "stream": stream}
    with ThreadPoolExecutor(1) as executor:
        if stream:
            chat = executor.submit(events_of, servers.first.http, "/chat", body)
        else:
            answer = executor.submit(servers.first.http.post, "/chat", json=body)
        assert upstream.wait_stalled()
        servers.first.terminate()
        error = chat.result()[-1].data["error"] if stream else error_of(answer.result(), 503)
    assert error["code"] == "server_restarting"
    servers.first.wait()
    heir = servers.heir()
    (run,) = heir.http.get(f"/threads/{thread_id}/runs").json()["data"]
    assert ended(heir.http, f"/threads/{thread_id}/runs/{run['id']}")["status"] == "completed"
    assert texts(heir.http, thread_id)[1:] == [("assistant", ANSWER)]


class TestWithTime:
    @pytest.fixture
    def stop_within(self) -> int:
        return 20

    def test_a_run_that_ends_in_time_ends_as_ever(self, servers, upstream):
        upstream.reply(Reply.text("In", " time").stalled(after=5))
        with streaming(servers.first.http, "/threads/runs", {**ASSISTANT, **ASKED}) as reader:
            reader.until("thread.message.delta")
            servers.first.terminate()
            released_at = time.monotonic()
            upstream.release()
            rest = reader.rest()
        servers.first.wait()
        assert time.monotonic() - released_at < 5, "there was nothing more to wait for"
        assert names(rest)[-2:] == ["run.completed", "done"]
        thread_id = run_path(reader.events).split("/")[2]
        assert texts(servers.heir().http, thread_id)[1:] == [("assistant", "In time")]


@pytest.fixture(scope="module")
def steady(database_kind, upstream_server, tmp_path_factory):
    """One process for all that a model may do to it."""
    folder = tmp_path_factory.mktemp("steady")
    with fresh_database(database_kind, folder) as url:
        settings = environment(url, upstream_server, OPENAI_TIMEOUT="1")
        with forked_server(folder, **settings) as server:
            yield server


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (lambda: Reply.text("x").cut(), "server_error"),
        (lambda: Reply.text("Half", " of").cut(after=5), "server_error"),
        (lambda: Reply.text("x").stalled(), "server_error"),
        (lambda: Reply.text("Half", " of").stalled(after=5), "server_error"),
        (lambda: Reply.http_error(429, {"error": {"message": "Slow."}}), "rate_limit_exceeded"),
        (lambda: Reply.http_error(500, "<html>Oops</html>"), "server_error"),
        (lambda: Reply.http_error(401, {"error": {"message": "sk-of-…"}}), "server_error"),
        (lambda: Reply.text("x").garbage(), "server_error"),
        (lambda: Reply.text("Half", " of").garbage(after=5), "server_error"),
    ],
    ids=[
        *("cut", "cut in mid-answer", "silent", "silent in mid-answer"),
        *("429", "500", "401", "garbage", "garbage in mid-answer"),
    ],
)
def test_a_model_that_misbehaves(steady, upstream, reply, code):
    upstream.reply(reply())
    events = events_of(steady.http, "/threads/runs", {**ASSISTANT, **ASKED})
    assert names(events)[-2:] == ["run.failed", "done"]
    run = events[-2].data
    assert run["last_error"]["code"] == code
    assert "sk-" not in run["last_error"]["message"]
    page = steady.http.get(f"/threads/{run['thread_id']}/messages").json()["data"]
    # Half an answer is kept as what it is.
    assert [message["status"] for message in page if message["role"] == "assistant"] in (
        [],
        ["incomplete"],
    )
    chat = {"message": "hello again", "thread_id": run["thread_id"]}
    assert steady.http.post("/chat", json=chat).json()["message"] == "Answer to: hello again"
