"""Large threads and many messages: what takes long is done in pieces, and shows at once."""

import threading

import pytest
from sqlalchemy import insert, text

from app.db import message_index, removed_threads, slices
from app.db.rows import MESSAGES, RUNS, MessageRow
from app.db.tables import run_events, run_items, steps, thread_pairs
from app.domain.clock import now
from tests.support.rows import connected, run_row
from tests.support.talk import error_of
from tests.support.waiting import wait_until

MANY = 180
OF_A_THREAD = {
    **dict.fromkeys(("messages", "runs", "steps"), "thread_id"),
    **dict.fromkeys(("run_items", "run_events"), "run_id"),
    "threads": "id",
    "thread_pairs": "value",
    "feedback": "thread_id",
}


@pytest.fixture
def http(start):
    return start().http


@pytest.fixture
def in_single_steps(monkeypatch):
    """Every transaction that does a part of long work ends after its first step."""
    monkeypatch.setattr(slices, "_SECONDS", 0.0)


def message(thread_id: str, number: int, words: str) -> MessageRow:
    return MessageRow(
        id=f"msg_{thread_id}_{number}",
        thread_id=thread_id,
        created_at=now(),
        assistant_id=None,
        run_id=None,
        role="assistant" if number % 2 else "user",
        content=[{"type": "text", "text": {"value": words, "annotations": []}}],
        attachments=[],
        metadata={},
        status="completed",
        incomplete_details=None,
        completed_at=None,
        incomplete_at=None,
    )


def long_thread(http, database_url: str) -> str:
    """Create a thread with many messages, and runs that have rows of every kind."""
    thread_id = str(http.post("/threads", json={"metadata": {"k": "long"}}).json()["id"])
    runs = [run_row(thread_id, "completed") for _ in range(MANY // 2)]
    with connected(database_url) as connection:
        words = (message(thread_id, number, f"lengthy {number}") for number in range(MANY))
        MESSAGES.insert(connection, *words)
        RUNS.insert(connection, *runs)
        for run in runs:
            some = range(3 if run is not runs[-1] else MANY)
            connection.execute(insert(run_items), [{"run_id": run.id, "item": {}} for _ in some])
            events = [
                {"run_id": run.id, "last_event_id": one, "body": "", "created_at": 1}
                for one in some
            ]
            connection.execute(insert(run_events), events)
        of_all = {"thread_id": thread_id, "assistant_id": "a", "created_at": 1}
        more = {"type": "t", "status": "completed", "step_details": {}, "metadata": {}}
        of_runs = [{"id": f"step_{run.id}", "run_id": run.id, **of_all, **more} for run in runs]
        connection.execute(insert(steps), of_runs)
    rated = http.post(
        f"/threads/{thread_id}/messages/msg_{thread_id}_1/feedback", json={"rating": "down"}
    )
    assert rated.is_success, rated.text
    return thread_id


def left(database_url: str) -> dict[str, int]:
    with connected(database_url) as connection:
        counts = {
            name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()
            for name in (*OF_A_THREAD, "message_index", "message_index_queue")
        }
    return {name: count for name, count in counts.items() if count}


def test_a_deleted_thread_is_gone_at_once_and_its_rows_soon(http, database_url, in_single_steps):
    thread_id = long_thread(http, database_url)
    assert http.get("/threads", params={"q": "lengthy"}).json()["data"]
    assert http.delete(f"/threads/{thread_id}").is_success
    for path in ("", "/messages", "/runs"):
        error_of(http.get(f"/threads/{thread_id}{path}"), 404)
    error_of(http.delete(f"/threads/{thread_id}"), 404)
    for params in ({}, {"q": "lengthy"}, {"metadata[k]": "long"}):
        assert http.get("/threads", params=params).json()["data"] == []
    assert http.get("/conversations").json()["data"] == []
    wait_until(lambda: left(database_url) == {})


def test_after_a_crash_the_next_start_deletes_the_rest(start, database_url, in_single_steps):
    server = start()
    thread_id = long_thread(server.http, database_url)
    server.stop()
    with connected(database_url) as connection:
        removed_threads.remove(connection, [thread_id])
    assert left(database_url)["messages"] > MANY // 2
    http = start().http
    error_of(http.get(f"/threads/{thread_id}"), 404)
    # Its id is not free yet, or what is imported would be deleted with the rest.
    wait_until(lambda: left(database_url) == {})
    line = {"id": thread_id, "object": "thread", "created_at": 1}
    assert http.post("/import", json=line).is_success
    assert http.get(f"/threads/{thread_id}").is_success


def test_a_thread_that_is_being_removed_is_not_imported_into(http, database_url, monkeypatch):
    monkeypatch.setattr(removed_threads, "in_slice", lambda *_: False)
    thread_id = http.post("/threads").json()["id"]
    assert http.delete(f"/threads/{thread_id}").is_success
    line = {"id": thread_id, "object": "thread", "created_at": 1}
    assert "is still being removed" in http.post("/import", json=line).text


def test_a_search_finds_the_newest_while_many_wait(http, database_url, monkeypatch):
    """Of very many new messages, a search indexes some; the background indexes the others."""
    first = http.post("/threads").json()["id"]
    last = http.post("/threads").json()["id"]
    goes_on = threading.Event()
    index = message_index.catch_up

    def slowly(connection) -> bool:
        if not goes_on.is_set():
            with connected(database_url) as other:
                waiting = other.execute(text("SELECT count(*) FROM message_index_queue")).scalar()
            if (waiting or 0) <= MANY:
                return True
        return index(connection)

    monkeypatch.setattr(message_index, "_AT_ONCE", 20)
    monkeypatch.setattr(slices, "_SECONDS", 0.0)
    monkeypatch.setattr(message_index, "catch_up", slowly)
    with connected(database_url) as connection:
        for thread_id, words in ((first, "early"), (last, "late")):
            said = (message(thread_id, number, words) for number in range(MANY))
            MESSAGES.insert(connection, *said)

    def found(words: str) -> list[str]:
        listed = http.get("/threads", params={"q": words}).json()["data"]
        return [thread["id"] for thread in listed]

    assert found("late") == [last]
    assert found("early") == []
    goes_on.set()
    wait_until(lambda: found("early") == [first])


def test_a_frequent_word_is_found_as_a_rare_one_is(http, monkeypatch):
    made = []
    for number in range(5):
        said = [{"role": "user", "content": f"common {'odd' if number % 2 else 'even'}"}]
        made.append(http.post("/threads", json={"messages": said}).json()["id"])
    http.post("/threads", json={"messages": [{"role": "user", "content": "other"}]})

    def listed(words: str, **params) -> list[str]:
        answer = http.get("/threads", params={"q": words, **params}).json()
        return [thread["id"] for thread in answer["data"]]

    for many in (10, 1):
        monkeypatch.setattr(message_index, "_MANY", many)
        assert listed("common") == made[::-1]
        assert listed("common", limit=2, order="asc", after=made[1]) == made[2:4]
        assert listed("common odd") == made[3::-2]
        assert listed("common none") == []


def test_pairs_follow_the_metadata(http, database_url):
    long_value = "가" * 512
    thread_id = http.post("/threads", json={"metadata": {"k": "v", "long": long_value}}).json()[
        "id"
    ]
    another = http.post("/threads", json={"metadata": {"k": "v"}}).json()["id"]

    def listed(**wanted: str) -> list[str]:
        params = {f"metadata[{key}]": value for key, value in wanted.items()}
        return [one["id"] for one in http.get("/threads", params=params).json()["data"]]

    assert listed(k="v") == [another, thread_id]
    assert listed(k="v", long=long_value) == [thread_id]
    assert listed(long=long_value[:-1]) == listed(long=long_value[:200]) == []
    page = {"metadata[k]": "v", "order": "asc", "limit": 1}
    first = http.get("/threads", params=page).json()
    assert [one["id"] for one in first["data"]] == [thread_id]
    second = http.get("/threads", params={**page, "after": thread_id}).json()
    assert [one["id"] for one in second["data"]] == [another]
    assert http.post(f"/threads/{thread_id}", json={"metadata": {"k": "w"}}).is_success
    assert (listed(k="v"), listed(k="w"), listed(long=long_value)) == ([another], [thread_id], [])
    for one in (thread_id, another):
        http.delete(f"/threads/{one}")
    with connected(database_url) as connection:
        assert connection.execute(thread_pairs.select()).all() == []
