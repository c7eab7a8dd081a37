"""How a stream is delivered: its bytes, its timing, and what readers can't do to it."""

import json
import time

import httpx
import pytest

from app.core import answer_bounds
from tests.support.replies import Reply
from tests.support.stream_reader import (
    PING,
    delta_text,
    events_of,
    following,
    names,
    run_path,
    streaming,
    unnumbered,
)
from tests.support.talk import ended, texts

# One delta is out when the reply stalls after this many of its events, two one later, …
FIRST_DELTA = 5


@pytest.fixture
def runs(thread_id):
    return f"/threads/{thread_id}/runs"


@pytest.fixture
def body(assistant_id):
    return {"assistant_id": assistant_id}


@pytest.fixture
def second(server):
    """Another client, with a connection of its own."""
    with httpx.Client(base_url=f"{server.base_url}/api/v1", timeout=60) as client:
        yield client


def test_the_bytes(http, runs, body, upstream):
    upstream.reply(Reply.text("안녕하세요", " 👋🏽", ' "quoted"\n\nnew\r line', "\u2028"))
    with streaming(http, runs, body) as reader:
        events = reader.rest()
        headers = reader.response.headers
    assert headers["content-type"] == "text/event-stream; charset=utf-8"
    assert headers["cache-control"] == "no-cache"
    assert headers["x-accel-buffering"] == "no"
    assert headers["x-request-id"].startswith("req_")
    assert "content-length" not in headers
    assert "안녕하세요".encode() in reader.raw, "text travels as UTF-8, not as escapes"
    assert "👋🏽".encode() in reader.raw
    written = b"".join(
        f"event: {event.name}\ndata: {_json(event.data)}\n\n".encode() for event in events[:-1]
    )
    assert reader.raw == written + b"event: done\ndata: [DONE]\n\n"
    assert delta_text(events) == '안녕하세요 👋🏽 "quoted"\n\nnew\r line\u2028'
    assert texts(http, runs.split("/")[2])[1] == ("assistant", delta_text(events))


def _json(data) -> str:
    # What ends a line in Unicode alone is escaped: line readers would stop there.
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("\u2028", "\\u2028")


def test_an_error_before_the_stream_is_an_ordinary_one(http, thread_id, assistant_id):
    body = {"assistant_id": assistant_id, "stream": True}
    unknown = http.post("/threads/thread_unknown/runs", json=body)
    assert (unknown.status_code, unknown.headers["content-type"]) == (404, "application/json")
    wrong = http.post(f"/threads/{thread_id}/runs", json={**body, "assistant_id": "asst_unknown"})
    assert (wrong.status_code, wrong.headers["content-type"]) == (404, "application/json")


@pytest.mark.parametrize("stream", [False, None])
def test_a_stream_is_asked_for_in_the_body_only(http, runs, body, stream):
    headers = {"accept": "text/event-stream"}
    run = http.post(runs, json={**body, "stream": stream}, headers=headers).json()
    assert run["object"] == "thread.run"
    assert ended(http, f"{runs}/{run['id']}")["status"] == "completed"


@pytest.mark.parametrize("count", [1, 2, 3])
def test_deltas_arrive_one_by_one(http, runs, body, upstream, count):
    words = ("One", " two", " three", " four")
    upstream.reply(Reply.text(*words).stalled(after=FIRST_DELTA + count - 1))
    with streaming(http, runs, body) as reader:
        for _ in range(count):
            reader.until("thread.message.delta")
        # The model has not said the next word yet.
        assert upstream.wait_stalled()
        assert delta_text(reader.events) == "".join(words[:count])
        upstream.release()
        reader.rest()
    assert delta_text(reader.events) == "".join(words)


@pytest.mark.parametrize(
    ("stall", "event", "status"),
    [
        (0, "thread.run.in_progress", "in_progress"),
        (FIRST_DELTA - 1, "thread.message.created", "in_progress"),
        (FIRST_DELTA - 1, "thread.run.step.created", "in_progress"),
        (None, "thread.message.completed", "completed"),
        (None, "thread.run.step.completed", "completed"),
        (None, "thread.run.completed", "completed"),
    ],
)
def test_an_event_is_sent_after_its_commit(
    http, runs, body, upstream, second, stall, event, status
):
    reply = Reply.text("One", " two")
    upstream.reply(reply if stall is None else reply.stalled(after=stall))
    with streaming(http, runs, body) as reader:
        data = reader.until(event).data
        path = {
            "thread.run": runs,
            "thread.message": runs.replace("/runs", "/messages"),
            "thread.run.step": f"{run_path(reader.events)}/steps",
        }[data["object"]]
        assert second.get(f"{path}/{data['id']}").json() == data
        assert data["status"] == status
        upstream.release()
        reader.rest()


def test_required_action_is_sent_once_it_can_be_answered(http, runs, body, upstream, second):
    upstream.reply(Reply.function_calls(("call_1", "f", "{}")))
    tools = [{"type": "function", "function": {"name": "f"}}]
    with streaming(http, runs, {**body, "tools": tools}) as reader:
        reader.until("thread.run.requires_action")
        path = run_path(reader.events)
        outputs = {"tool_outputs": [{"tool_call_id": "call_1", "output": "1"}]}
        answer = second.post(f"{path}/submit_tool_outputs", json=outputs)
        assert answer.json()["status"] == "queued"
        # Events from here on are sent to others.
        assert names(reader.rest()) == ["done"]
    assert ended(http, path)["status"] == "completed"


@pytest.mark.parametrize("last", ["thread.run.created", "thread.message.delta"])
def test_a_reader_that_disconnects_does_not_end_the_run(http, runs, body, upstream, last):
    upstream.reply(Reply.text("One", " two").stalled(after=FIRST_DELTA))
    with streaming(http, runs, body) as reader:
        reader.until(last)
    assert upstream.wait_stalled()
    upstream.release()
    run = ended(http, run_path(reader.events))
    assert run["status"] == "completed"
    assert not upstream.wait_hang_up(0)
    assert texts(http, run["thread_id"])[1] == ("assistant", "One two")


def test_a_slow_reader_delays_no_other(http, runs, body, upstream, second, monkeypatch):
    # No model says so much; less would not fill the sockets.
    monkeypatch.setattr(answer_bounds, "SAID_CHARACTERS", 20_000_000)
    # More than the sockets between the two hold.
    words = ["x" * 100_000 + str(number) for number in range(100)]
    upstream.reply(Reply.text(*words).stalled(after=FIRST_DELTA))
    with streaming(http, runs, body) as slow:
        path = run_path([slow.until("thread.message.delta")] and slow.events)
        with following(second, path) as quick:
            upstream.release()
            events = quick.rest()
        assert delta_text(events) == "".join(words)
        assert second.get(path).json()["status"] == "completed"
        slow.rest()
    assert [event.data for event in slow.events] == [event.data for event in events]


def test_many_readers_hear_the_same(http, runs, body, upstream):
    upstream.reply(Reply.text("One", " two", " three").stalled(after=FIRST_DELTA))
    with streaming(http, runs, body) as first:
        first.until("thread.message.delta")
        path = run_path(first.events)
        with following(http, path) as early, following(http, path, 8) as late:
            early.until("thread.message.delta")
            upstream.release()
            early.rest()
            late.rest()
        first.rest()
    assert unnumbered(early.events) == first.events
    assert late.events == early.events[8:]


def test_a_comment_after_a_silence_only(start, upstream):
    server = start(stream_keepalive_seconds=1.5)
    upstream.reply(Reply.text("One", " two").stalled(after=FIRST_DELTA))
    body = {"assistant_id": "asst_default"}
    with streaming(server.http, "/threads/runs", body) as reader:
        reader.until("thread.message.delta")
        silent_since = time.monotonic()
        assert PING not in [event.name for event in reader.events]
        reader.until(PING)
        assert time.monotonic() - silent_since > 1
        reader.until(PING)
        upstream.release()
        rest = names(reader.rest())
    assert rest[-2:] == ["run.completed", "done"]
    assert b": ping\n\n" in reader.raw


def test_no_keepalive_comment_during_steady_output(start):
    server = start(stream_keepalive_seconds=5)
    events = events_of(server.http, "/threads/runs", {"assistant_id": "asst_default"})
    assert PING not in [event.name for event in events]
