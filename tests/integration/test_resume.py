"""Coming back to a run's stream, from another place or after its end."""

import pytest

from app.db import run_events
from tests.support.replies import Reply
from tests.support.rows import connected
from tests.support.stream_reader import (
    delta_text,
    events_of,
    following,
    names,
    run_path,
    streaming,
    unnumbered,
)
from tests.support.talk import ended, error_of
from tests.support.waiting import wait_until

ASSISTANT = {"assistant_id": "asst_default"}
FUNCTION = {"type": "function", "function": {"name": "f"}}


@pytest.fixture
def words(upstream):
    upstream.reply(Reply.text("안녕", "하세요", " 👋", "!"))


def replayed(http, path: str, after: int | None = None):
    with following(http, path, after) as reader:
        return reader.rest()


def test_from_every_position_exactly_what_was_missed(http, upstream, words):
    events = events_of(http, "/threads/runs", ASSISTANT)
    path = run_path(events)
    whole = replayed(http, path)
    assert unnumbered(whole) == events
    for place, event in enumerate(whole[:-1], 1):
        assert replayed(http, path, event.id) == whole[place:]
    last = whole[-2].id
    assert names(replayed(http, path, last)) == names(replayed(http, path, last + 5)) == ["done"]


def test_from_every_position_of_a_run_at_work(http, upstream):
    upstream.reply(Reply.text("One", " two", " three").stalled(after=6))
    with streaming(http, "/threads/runs", ASSISTANT) as first:
        while delta_text(first.events) != "One two":
            assert first.next() is not None
        path = run_path(first.events)
        with following(http, path) as reader:
            seen = [event for _ in first.events if (event := reader.next())]
        assert unnumbered(seen) == first.events
        readers = []
        for place, event in enumerate(seen[:-1], 1):
            with following(http, path, event.id) as reader:
                # Hung up on before the end: what was missed comes at once.
                readers.append([reader.next() for _ in seen[place:]])
        upstream.release()
        first.rest()
    assert readers == [seen[place:] for place in range(1, len(seen))]
    assert unnumbered(replayed(http, path)) == first.events


def test_a_run_that_was_not_streamed_can_be_followed(http, thread_id, assistant_id, upstream):
    upstream.reply(Reply.text("One", " two").stalled(after=5))
    run = http.post(f"/threads/{thread_id}/runs", json={"assistant_id": assistant_id}).json()
    path = f"/threads/{thread_id}/runs/{run['id']}"
    with following(http, path) as reader:
        reader.until("thread.message.delta")
        upstream.release()
        reader.rest()
    assert names(reader.events)[:3] == ["run.created", "run.queued", "run.in_progress"]
    assert names(reader.events)[-2:] == ["run.completed", "done"]


def test_ids_grow_over_the_clients_turn(http, upstream):
    upstream.reply(Reply.function_calls(("call_1", "f", "{}")))
    before = events_of(http, "/threads/runs", {**ASSISTANT, "tools": [FUNCTION]})
    path = run_path(before)
    waiting = replayed(http, path)
    assert unnumbered(waiting) == before, "it waits: that is an end for now"
    outputs = {"tool_outputs": [{"tool_call_id": "call_1", "output": "1"}]}
    after = events_of(http, f"{path}/submit_tool_outputs", outputs)
    with following(http, path, waiting[-2].id) as reader:
        assert unnumbered(reader.rest()) == after
    assert reader.events[0].id == waiting[-2].id + 1


def test_the_run_of_a_plain_chat_tells_its_end(http, upstream):
    reply = http.post("/chat", json={"message": "hi"}).json()
    events = replayed(http, f"/threads/{reply['thread_id']}/runs/{reply['run_id']}")
    assert names(events) == ["run.completed", "done"]


def test_the_run_of_a_plain_chat_is_waited_for(http, client, upstream):
    upstream.reply(Reply.text("One", " two").stalled())
    thread = client.beta.threads.create()
    run_id = _plain_chat(http, client, upstream, thread.id)
    with following(http, f"/threads/{thread.id}/runs/{run_id}") as reader:
        upstream.release()
        assert names(reader.rest()) == ["run.completed", "done"]


def _plain_chat(http, client, upstream, thread_id: str) -> str:
    body = {"message": "hi", "thread_id": thread_id}
    # Who hangs up does not end the run.
    with pytest.raises(Exception, match="timed out"):
        http.post("/chat", json=body, timeout=0.3)
    assert upstream.wait_stalled()
    (run,) = client.beta.threads.runs.list(thread_id).data
    run_id: str = run.id
    return run_id


@pytest.mark.parametrize("wrong", ["x", "-1", "1.5", ""])
def test_a_wrong_event_id(http, upstream, wrong):
    path = run_path(events_of(http, "/threads/runs", ASSISTANT))
    answer = http.get(f"{path}/events", headers={"last-event-id": wrong})
    assert "last-event-id" in error_of(answer)["message"].lower()


def test_an_event_id_beyond_all_numbers(http, upstream):
    path = run_path(events_of(http, "/threads/runs", ASSISTANT))
    answer = http.get(f"{path}/events", headers={"last-event-id": "9" * 30})
    assert "last-event-id" in error_of(answer)["message"].lower()


def test_an_unknown_run(http, thread_id):
    answer = http.get(f"/threads/{thread_id}/runs/run_unknown/events")
    assert error_of(answer, 404)["message"] == "No run found with id 'run_unknown'."
    assert error_of(http.get("/threads/thread_x/runs/run_x/events"), 404)


def test_a_run_of_another_thread_is_unknown(http, thread_id, upstream):
    run_id = run_path(events_of(http, "/threads/runs", ASSISTANT)).split("/")[-1]
    assert error_of(http.get(f"/threads/{thread_id}/runs/{run_id}/events"), 404)


def test_following_from_another_server(start, upstream):
    here, there = start(), start()
    upstream.reply(Reply.text("One", " two", " three").stalled(after=6))
    with streaming(here.http, "/threads/runs", ASSISTANT) as first:
        while delta_text(first.events) != "One two":
            assert first.next() is not None
        path = run_path(first.events)
        with following(there.http, path) as second:
            second.until("thread.message.created")
            upstream.release()
            second.rest()
        first.rest()
    assert unnumbered(second.events) == first.events
    assert replayed(there.http, path, second.events[4].id) == second.events[5:]


def test_deltas_reach_another_server_while_the_model_speaks(start, upstream):
    here, there = start(), start()
    # More than half a second of words: that long a process may keep them for itself.
    upstream.reply(Reply.text(*(f"{number} " for number in range(100))).paced(0.02))
    with streaming(here.http, "/threads/runs", ASSISTANT) as first:
        first.until("thread.message.created")
        path = run_path(first.events)
        with following(there.http, path) as second:
            second.until("thread.message.delta")
            assert there.http.get(path).json()["status"] == "in_progress"
            second.rest()
        first.rest()
    assert delta_text(second.events) == delta_text(first.events)


def test_a_cancel_reaches_the_server_that_executes_the_run(start, upstream):
    here, there = start(lease_seconds=1), start(lease_seconds=1)
    upstream.reply(Reply.text("One", " two").stalled(after=5))
    with streaming(here.http, "/threads/runs", ASSISTANT) as first:
        first.until("thread.message.delta")
        path = run_path(first.events)
        with following(there.http, path) as second:
            there.http.post(f"{path}/cancel")
            assert names(second.rest())[-3:] == ["run.cancelling", "run.cancelled", "done"]
        first.rest()
    assert unnumbered(second.events) == first.events


def test_what_is_no_longer_kept_ends_cleanly(start, database_url, upstream):
    server = start()
    path = run_path(events_of(server.http, "/threads/runs", ASSISTANT))
    ended(server.http, path)
    with connected(database_url) as connection:
        # As after JOURNAL_MINUTES, of which one is the least.
        run_events.remove_before(connection, 2**40)
    assert names(replayed(server.http, path)) in (["done"], ["run.completed", "done"])


def test_the_journal_of_a_run_at_work_is_kept(start, database_url, upstream):
    server = start()
    upstream.reply(Reply.text("One", " two").stalled(after=5))
    with streaming(server.http, "/threads/runs", ASSISTANT) as first:
        first.until("thread.message.delta")
        with connected(database_url) as connection:
            run_events.remove_before(connection, 2**40)
        upstream.release()
        first.rest()
    kept = wait_until(lambda: replayed(server.http, run_path(first.events)))
    assert unnumbered(kept) == first.events
