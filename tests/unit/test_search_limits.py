"""A search ends in time, and delays nothing but other searches."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Connection, event, text

from app.db import chunk_terms, message_index, vector_stores
from app.db.chunk_terms import MOST_TERMS, searched_terms
from app.db.database import Database
from app.domain.deadline import Deadline
from app.domain.errors import SearchTimeout
from app.knowledge.analyser import tokens
from app.knowledge.search import Query, Search
from app.knowledge.store_search import StoreSearch
from benchmarks.search_store import SearchStore

LONG = 600.0
ENDLESS = text(
    "WITH RECURSIVE counted (number) AS "
    "(SELECT 1 UNION ALL SELECT number + 1 FROM counted WHERE number < 1000000000000) "
    "SELECT sum(number) FROM counted"
)


@pytest.fixture
async def database(database_url) -> AsyncIterator[Database]:
    database = Database(database_url, pool_size=2)
    await database.start()
    yield database
    database.close()


@pytest.fixture
async def store(database) -> SearchStore:
    """A store whose every file is about common things, and one besides about a rare one."""
    store = SearchStore(database)
    await store.create()
    common = " ".join(f"common{number}" for number in range(400))
    await store.add({f"file-{number}": common for number in range(3)})
    await store.add({"file-rare": f"{common} zanzibar"})
    return store


def ask_without_end(connection: Connection) -> None:
    connection.execute(ENDLESS)


async def test_a_statement_is_stopped_at_its_deadline(database):
    with pytest.raises(SearchTimeout) as caught:
        await database.search(Deadline(0.1), ask_without_end)
    assert "0.1 seconds" in caught.value.message
    assert caught.value.status == 400
    # The connection serves the next one, which has a limit of its own.
    assert (
        await database.search(
            Deadline(LONG), lambda connection: connection.scalar(text("SELECT 1"))
        )
        == 1
    )


async def test_what_waited_too_long_is_not_begun(database):
    begun: list[object] = []
    with pytest.raises(SearchTimeout):
        await database.search(Deadline(0), begun.append)
    assert not begun


async def test_searches_delay_neither_reads_nor_writes(database):
    release = threading.Event()
    searches = [
        asyncio.create_task(database.search(Deadline(LONG), lambda _: release.wait(60)))
        for _ in range(8)
    ]
    try:
        assert await database.is_up()
        assert await database.transaction(lambda connection: connection.scalar(text("SELECT 1")))
        assert database.waiting["search"] > 0
    finally:
        release.set()
    assert all(await asyncio.gather(*searches))


async def test_a_long_question_is_searched_for_by_its_rarest_words(database, store):
    question = " ".join(f"common{number} absent{number}" for number in range(600)) + " zanzibar"
    asked = list(dict.fromkeys(tokens(question)))
    assert len(asked) > 20 * MOST_TERMS
    chosen = await database.read(searched_terms, [store.id], asked)
    assert len(chosen) == MOST_TERMS
    assert chosen[0] == "zanzibar"
    assert not [term for term in chosen if term.startswith("absent")]
    assert "file-rare" in await store.ask(question)


async def test_a_question_of_some_sentences_is_searched_for_whole(database, store):
    asked = [f"absent{number}" for number in range(MOST_TERMS)]
    assert await database.read(searched_terms, [store.id], asked) == asked


async def test_no_statement_names_more_words_than_are_counted(database, store):
    longest = 0

    def note(_connection, _cursor, _statement, values, *_):
        nonlocal longest
        longest = max(longest, *(str(value).count("common") for value in [values]))

    def watched(connection: Connection) -> None:
        event.listen(connection, "before_cursor_execute", note)
        try:
            searched_terms(connection, [store.id], [f"common{number}" for number in range(8000)])
        finally:
            event.remove(connection, "before_cursor_execute", note)

    await database.read(watched)
    assert 0 < longest <= chunk_terms._MOST_COUNTED


async def test_a_search_of_many_questions_has_one_deadline(database, store):
    search = StoreSearch(database, Search(database, seconds=LONG))
    await database.transaction(lambda connection: vector_stores.touch(connection, [store.id], 1))
    assert await search.find("default", [store.id], ["zanzibar"] * 32)
    hasty = StoreSearch(database, Search(database, seconds=0))
    with pytest.raises(SearchTimeout):
        await hasty.find("default", [store.id], ["zanzibar"])
    with pytest.raises(SearchTimeout):
        await Search(database).search(Query("zanzibar", [store.id]), Deadline(0))


def test_words_that_others_begin_with_are_not_asked_for():
    assert message_index._distinct(["ab", "a", "b", "ab", "!", "abc"]) == ["abc", "b"]
    assert message_index._distinct([]) == []
