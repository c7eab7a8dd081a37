"""While very many messages wait to be indexed, only the first search waits for some of them."""

from typing import Any

import pytest
from sqlalchemy import Connection, text

from app.db import message_index, slices
from app.db.database import Database
from app.services import thread_lists
from app.services.thread_lists import ThreadListService
from benchmarks.large_data import Amount, fill

NOT_USED: Any = None


@pytest.fixture
async def database(database_url, monkeypatch):
    """One in which 40 messages wait, each for a transaction of its own."""
    monkeypatch.setattr(slices, "_SECONDS", 0.0)
    monkeypatch.setattr(message_index, "_AT_ONCE", 1)
    monkeypatch.setattr(thread_lists, "_WAITS_FOR", 5)
    fill(database_url, Amount(threads=0, long=40))
    database = Database(database_url, pool_size=1)
    yield database
    database.close()


def waiting(connection: Connection) -> list[int]:
    rows = connection.execute(text("SELECT sequence FROM message_index_queue ORDER BY sequence"))
    return [*rows.scalars()]


def queue(connection: Connection, sequence: int) -> None:
    """Do what the trigger does when a message is finished."""
    connection.execute(text("INSERT INTO message_index_queue VALUES (:key)"), {"key": sequence})


async def test_later_searches_only_wait_for_newer_messages(database):
    lists = ThreadListService(database, NOT_USED, NOT_USED, search_seconds=10)
    every = await database.read(waiting)
    await lists.index_newest()
    assert await database.read(waiting) == every[:-5]
    await lists.index_newest()
    assert await database.read(waiting) == every[:-5]
    await database.transaction(queue, every[-1] + 1)
    await lists.index_newest()
    assert await database.read(waiting) == every[:-5]
    await lists._catch_up()
    assert await database.read(waiting) == []
    await database.transaction(queue, every[0])
    await lists.index_newest()
    assert await database.read(waiting) == [], "nothing is left to the background any more"
