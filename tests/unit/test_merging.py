"""SQLite's full-text indexes are merged in transactions of their own, a little at a time."""

from collections.abc import Iterator
from typing import Any

import anyio
import pytest
from sqlalchemy import Connection, make_url, text

from app.db import (
    chunk_removal,
    index_merging,
    message_index,
    removed_threads,
    slices,
    thread_lists,
)
from app.db.database import Database
from app.db.engines import sqlite_engine
from app.services.file_removal import FileRemover
from app.services.slices import in_slices
from app.services.thread_lists import ThreadListService
from benchmarks.large_data import LONG_THREAD, Amount, Vocabulary, fill
from benchmarks.search_store import SearchStore
from tests.support.databases import fresh_database
from tests.support.rows import connected
from tests.support.waiting import wait_until

NOT_USED: Any = None
MESSAGES = 1_000
# In seconds; the background looks by itself once a minute.
SOON = 30.0
# FTS5 merges four parts into one, and four of those into the next one.
FEW = 12


@pytest.fixture
def url(tmp_path, monkeypatch) -> Iterator[str]:
    """A database with a long thread that is not indexed yet; a slice is one step."""
    monkeypatch.setattr(slices, "_SECONDS", 0.0)
    monkeypatch.setattr(message_index, "_AT_ONCE", 10)
    with fresh_database("sqlite", tmp_path) as url:
        fill(url, Amount(threads=0, long=MESSAGES))
        yield url


@pytest.fixture
def connection(url) -> Iterator[Connection]:
    engine = sqlite_engine(make_url(url), begin="BEGIN IMMEDIATE")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def parts(connection: Connection, index: str = "message_index") -> dict[int, int]:
    """Return how many pages each part of the index has, by FTS5's number for the part."""
    pages = connection.execute(
        text(f"SELECT id >> 37, count(*) FROM {index}_data WHERE id > 10 GROUP BY 1")
    )
    return {row[0]: row[1] for row in pages}


def steps(connection: Connection, step) -> Iterator[tuple[dict[int, int], dict[int, int]]]:
    """Commit one step after the other; yield the parts before and after it."""
    more = True
    while more:
        before = parts(connection)
        more = step(connection)
        connection.commit()
        yield before, parts(connection)
        connection.commit()


def remove(connection: Connection) -> None:
    removed_threads.remove(connection, thread_lists.hold(connection, [LONG_THREAD]))
    connection.commit()


def test_neither_indexing_nor_deleting_merges(connection):
    for before, after in steps(connection, message_index.catch_up):
        assert before.items() <= after.items()
    assert len(parts(connection)) == MESSAGES // 10
    remove(connection)
    for before, after in steps(connection, removed_threads.drop_some):
        assert before.items() <= after.items()
    assert connection.scalar(text("SELECT count(*) FROM messages")) == 0


def test_a_step_merges_few_pages_and_all_steps_everything(connection):
    for _ in steps(connection, message_index.catch_up):
        pass
    written = []
    for before, after in steps(connection, index_merging.merge_some):
        written.append(sum(max(0, after[one] - before.get(one, 0)) for one in after))
    # It ends with the word that it has begun; no word of these messages takes more than a page.
    assert max(written) <= index_merging._PAGES + 2
    assert len(written) > 2
    assert len(parts(connection)) < FEW
    some = text("SELECT count(*) FROM message_index WHERE message_index MATCH :word")
    assert connection.scalar(some, {"word": Vocabulary().words[0]}) > MESSAGES // 2


async def test_the_server_merges_what_it_indexes_and_deletes(url, connection):
    database = Database(url, pool_size=1)
    await ThreadListService(database, NOT_USED, NOT_USED, search_seconds=10)._catch_up()
    assert len(parts(connection)) < FEW
    connection.commit()
    remove(connection)
    await FileRemover(database, NOT_USED).drop_threads()
    database.close()
    assert connection.scalar(text("SELECT count(*) FROM message_index")) == 0
    assert len(parts(connection)) < FEW


async def test_what_each_search_indexes_is_merged_soon(url, connection):
    database = Database(url, pool_size=1)
    lists = ThreadListService(database, NOT_USED, NOT_USED, search_seconds=10)
    connection.execute(text("DELETE FROM message_index_queue"))
    connection.commit()
    lists.open()
    for sequence in range(1, FEW + 1):
        connection.execute(text(f"INSERT INTO message_index_queue VALUES ({sequence})"))
        connection.commit()
        await lists.index_newest()

    def few_are_left() -> bool:
        with connected(url) as other:
            return len(parts(other)) < FEW

    await anyio.to_thread.run_sync(wait_until, few_are_left, SOON)
    await lists.close()
    database.close()


async def test_passages_that_are_added_at_once_are_one_part_until_it_is_merged(url, connection):
    database = Database(url, pool_size=1)
    store = SearchStore(database)
    await store.create()
    said = " ".join(Vocabulary().texts(20))
    for number in range(20):
        assert await store.add({f"file-{number}": said}) > 1
    assert len(parts(connection, "chunk_index")) == 20
    connection.commit()
    await in_slices(database, index_merging.merge_some)
    assert len(parts(connection, "chunk_index")) < FEW
    connection.commit()
    await in_slices(database, chunk_removal.remove_some, store.id)
    database.close()
    assert connection.scalar(text("SELECT count(*) FROM chunks")) == 0
    assert len(parts(connection, "chunk_index")) < FEW
    connection.execute(text("INSERT INTO chunk_index (chunk_index) VALUES ('integrity-check')"))
