"""Servers of one PostgreSQL database tell each other what their readers wait for.

Heartbeats are rare in here, and the upstream is silent while something is awaited: nothing but a
notice, or polling, can bring it.
"""

import secrets

import pytest
from sqlalchemy import text

from app.engine import neighbours, poller
from tests.support.replies import Reply
from tests.support.rows import connected
from tests.support.stream_reader import following, names, run_path, streaming
from tests.support.talk import ended
from tests.support.waiting import wait_until

ASKED = {
    "assistant_id": "asst_default",
    "thread": {"messages": [{"role": "user", "content": "hello"}]},
}
SLOW_BEAT = {"lease_seconds": 300}
# Reserved by no program: nothing listens there.
NOWHERE = "postgresql://127.0.0.1:9/nowhere"


@pytest.fixture(params=["postgresql"])
def database_kind(request):
    return request.param


@pytest.fixture
def no_polling(monkeypatch):
    """Runs are looked at once, and then only when a notice comes."""
    monkeypatch.setattr(poller, "LOOK_IN_CASE", 300)


def text_of(events) -> str:
    deltas = [event.data["delta"] for event in events if event.name == "thread.message.delta"]
    return "".join(delta["content"][0]["text"]["value"] for delta in deltas)


def wait_until_heard(caplog, times: int) -> None:
    """Wait until servers have begun so often to hear notices."""
    wait_until(lambda: caplog.text.count("notices between servers arrive") == times)


@pytest.fixture
def listener() -> str:
    """The name of this test's connections that listen: other tests use the same database."""
    return f"listener-{secrets.token_hex(8)}"


@pytest.fixture
def pair(start, caplog, database_url, listener):
    """Two servers that hear each other."""
    caplog.set_level("INFO")
    url = f"{database_url}&application_name={listener}"
    servers = [start(**SLOW_BEAT, database_listen_url=url) for _ in range(2)]
    wait_until_heard(caplog, 2)
    return servers


def test_a_reader_elsewhere_gets_each_delta_before_the_next(pair, upstream, no_polling):
    here, there = pair
    upstream.reply(Reply.text("One", " two", " three").stalled(after=6))
    with streaming(here.http, "/threads/runs", ASKED) as first:
        first.until("thread.message.delta")
        with following(there.http, run_path(first.events)) as second:
            while text_of(second.events) != "One two":
                assert second.next() is not None
            upstream.release()
            second.rest()
    assert text_of(second.events) == "One two three"
    assert names(second.events)[-1] == "done"


def test_an_event_is_stored_once_however_it_is_read(pair, upstream, no_polling):
    here, there = pair
    upstream.reply(Reply.text(*(f"{number} " for number in range(50))).stalled(after=20))
    with streaming(here.http, "/threads/runs", ASKED) as first:
        first.until("thread.message.delta")
        with following(there.http, run_path(first.events)) as second:
            second.until("thread.message.delta")
            upstream.release()
            first.rest()
            second.rest()
    ids = [event.id for event in second.events if event.id]
    assert ids == sorted({*ids})
    assert text_of(second.events) == "".join(f"{number} " for number in range(50))
    with following(there.http, run_path(first.events)) as again:
        assert [event.id for event in again.rest() if event.id] == ids


def test_a_cancel_reaches_the_server_that_executes_the_run(pair, upstream, no_polling):
    here, there = pair
    upstream.reply(Reply.text("One", " two").stalled(after=5))
    with streaming(here.http, "/threads/runs", ASKED) as first:
        first.until("thread.message.delta")
        path = run_path(first.events)
        assert there.http.post(f"{path}/cancel").json()["status"] == "cancelling"
        assert names(first.rest())[-2:] == ["run.cancelled", "done"]
    assert ended(there.http, path)["status"] == "cancelled"


def test_a_chat_that_waits_elsewhere_is_answered_when_its_turn_comes(
    pair, upstream, aside, no_polling
):
    here, there = pair
    upstream.reply(Reply.text("First").stalled(), Reply.text("Second"))
    thread = here.http.post("/threads", json={}).json()["id"]
    body = {"thread_id": thread}
    first = aside(lambda: here.http.post("/chat", json={**body, "message": "one"}))
    assert upstream.wait_stalled()
    second = aside(lambda: there.http.post("/chat", json={**body, "message": "two"}))
    wait_until(lambda: len(here.http.get(f"/threads/{thread}/runs").json()["data"]) == 2)
    upstream.release()
    assert first.result(timeout=60).json()["message"] == "First"
    assert second.result(timeout=60).json()["message"] == "Second"


def test_without_notices_rows_are_polled(start, upstream, caplog, monkeypatch):
    monkeypatch.setattr(neighbours, "_AGAIN_SECONDS", 300)
    here, there = (start(database_listen_url=NOWHERE) for _ in range(2))
    wait_until(lambda: "no notices of other servers" in caplog.text)
    upstream.reply(Reply.text("One", " two").stalled(after=5))
    with streaming(here.http, "/threads/runs", ASKED) as first:
        first.until("thread.message.delta")
        path = run_path(first.events)
        with following(there.http, path) as second:
            upstream.release()
            assert text_of(second.rest()) == "One two"
    assert NOWHERE not in caplog.text


def test_a_lost_connection_is_opened_again(
    pair, upstream, database_url, listener, no_polling, caplog
):
    here, there = pair
    end_listening(database_url, listener)
    wait_until_heard(caplog, 2)
    upstream.reply(Reply.text("One", " two").stalled(after=5))
    with streaming(here.http, "/threads/runs", ASKED) as first:
        first.until("thread.message.delta")
        path = run_path(first.events)
        assert there.http.post(f"{path}/cancel").is_success
        assert names(first.rest())[-2:] == ["run.cancelled", "done"]


def end_listening(database_url, listener: str) -> None:
    """End the connections that listen, as a restart of the database would."""
    ending = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = :listener AND query LIKE 'LISTEN%'"
    )
    with connected(database_url) as rows:
        assert len(rows.execute(ending, {"listener": listener}).all()) == 2
