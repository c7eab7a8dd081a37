"""Threads that nobody has spoken on for long go by themselves."""

import asyncio
import logging

import pytest
from sqlalchemy import text

from app.db import visitors
from app.db.database import Database
from app.db.retention import remove_stale
from app.domain.clock import now
from app.services.retention import Retention
from tests.support.belongings import FUNCTION
from tests.support.replies import Reply
from tests.support.rows import connected
from tests.support.talk import error_of
from tests.support.waiting import wait_until

DAY = 86_400


@pytest.fixture
def aged(database_url):
    """Let threads and their messages be as old as is said, in days."""

    def age(thread_id: str, *, thread: float, messages: float | None = None) -> None:
        with connected(database_url) as connection:
            for table, column, days in (
                ("threads", "id", thread),
                ("messages", "thread_id", thread if messages is None else messages),
            ):
                connection.execute(
                    text(f"UPDATE {table} SET created_at = :moment WHERE {column} = :id"),
                    {"moment": now() - int(days * DAY), "id": thread_id},
                )

    return age


@pytest.fixture
async def retention(database_url):
    """Sweeps that a test makes by itself, on the tables of a server that is there."""
    database = Database(database_url, pool_size=1)
    await database.start()
    yield Retention(database, lambda: None, days=7)
    database.close()


def is_waited_for(database_url: str) -> bool:
    """Tell whether anybody waits for a lock on a row."""
    with connected(database_url) as connection:
        waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"
        return connection.execute(text(waiting)).first() is not None


def spoken(http, message: str = "hello") -> str:
    return http.post("/chat", json={"message": message}).json()["thread_id"]


def there(http) -> set[str]:
    return {thread["id"] for thread in http.get("/threads", params={"limit": 100}).json()["data"]}


async def test_only_what_is_silent_for_long_goes(start, aged, retention):
    http = start().http
    silent, empty, young, spoken_on, on_the_edge = (spoken(http) for _ in range(5))
    aged(silent, thread=8)
    http.delete(f"/threads/{empty}/messages/none")
    aged(empty, thread=400)
    aged(young, thread=6.9)
    aged(spoken_on, thread=400, messages=6)
    aged(on_the_edge, thread=7)
    assert await retention.sweep() in (2, 3)
    assert {young, spoken_on} <= there(http) <= {young, spoken_on, on_the_edge}
    assert http.get("/threads", params={"q": "hello"}).json()["data"]
    # What they have cost stays.
    assert http.get("/usage").json()["total"]["runs"] == 5


async def test_a_thread_without_a_message_goes_by_its_own_age(start, aged, retention):
    http = start().http
    old, new = (http.post("/threads").json()["id"] for _ in range(2))
    aged(old, thread=8)
    assert await retention.sweep() == 1
    assert there(http) == {new}


async def test_a_thread_at_work_stays(start, aged, retention, upstream):
    http = start().http
    upstream.reply(Reply.function_calls(("call_1", "f", "{}")))
    asked = {"messages": [{"role": "user", "content": "x"}]}
    body = {"assistant_id": "asst_default", "thread": asked, "tools": [FUNCTION]}
    run = http.post("/threads/runs", json=body).json()
    path = f"/threads/{run['thread_id']}/runs/{run['id']}"
    wait_until(lambda: http.get(path).json()["status"] == "requires_action")
    aged(run["thread_id"], thread=99)
    assert await retention.sweep() == 0
    outputs = {"tool_outputs": [{"tool_call_id": "call_1", "output": "x"}]}
    assert http.post(f"{path}/submit_tool_outputs", json=outputs).is_success


async def test_there_may_be_very_many(start, aged, retention, database_url):
    http = start().http
    kept = spoken(http)
    for _ in range(230):
        http.post("/threads")
    with connected(database_url) as connection:
        connection.execute(text("UPDATE threads SET created_at = 1 WHERE id <> :id"), {"id": kept})
    assert await retention.sweep() == 230
    assert there(http) == {kept}


async def test_a_message_written_at_that_moment_keeps_the_thread(start, aged, database_url):
    """PostgreSQL lets a sweep begin while a message is on its way."""
    if not database_url.startswith("postgresql"):
        pytest.skip("SQLite has one writer at a time")
    http = start().http
    thread_id = spoken(http)
    aged(thread_id, thread=99)
    message = (
        "INSERT INTO messages (id, thread_id, created_at, role, content, attachments, metadata, "
        "status) VALUES ('msg_late', :thread, :now, 'user', '[]', '[]', '{}', 'completed')"
    )
    with connected(database_url) as connection:
        held = {"thread": thread_id}
        connection.execute(text("SELECT id FROM threads WHERE id = :thread FOR UPDATE"), held)
        before = now() - 7 * DAY
        database = Database(database_url, pool_size=1)
        await database.start()
        task = asyncio.create_task(database.transaction(remove_stale, [thread_id], before))
        await asyncio.to_thread(wait_until, lambda: is_waited_for(database_url))
        connection.execute(text(message), {"thread": thread_id, "now": now()})
        connection.commit()
        assert await task == 0
        database.close()
    assert http.get(f"/threads/{thread_id}/messages/msg_late").is_success


async def test_visitors_who_own_nothing_go(start, retention, database_url):
    http = start().http
    thread_id = spoken(http)
    session = "(SELECT session_id FROM visitors WHERE subject = 'owner')"
    with connected(database_url) as rows:
        for subject, days in (("owner", 99), ("gone", 99), ("new", 1)):
            visitors.known(rows, "default", subject, None, None)
            seen = {"moment": now() - days * DAY, "of": subject}
            rows.execute(text("UPDATE visitors SET seen_at = :moment WHERE subject = :of"), seen)
        owned = text(f"UPDATE threads SET session_id = {session} WHERE id = :thread")
        rows.execute(owned, {"thread": thread_id})
    assert await retention.forget_visitors() == 1
    with connected(database_url) as rows:
        left = rows.execute(text("SELECT subject FROM visitors ORDER BY subject")).scalars()
        assert list(left) == ["new", "owner"]


def test_the_server_sweeps_by_itself(start, aged, caplog):
    first = start()
    old, new = spoken(first.http), spoken(first.http)
    aged(old, thread=2)
    first.stop()
    caplog.set_level(logging.INFO)
    http = start(retention_days=1).http
    wait_until(lambda: there(http) == {new})
    error_of(http.get(f"/threads/{old}"), 404)
    wait_until(lambda: "deleted 1 old threads" in caplog.text)


def test_by_default_nothing_goes(start, aged):
    first = start()
    old = spoken(first.http)
    aged(old, thread=10_000)
    first.stop()
    assert there(start().http) == {old}
