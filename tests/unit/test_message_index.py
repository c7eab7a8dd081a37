"""Words that few messages contain, and words that many contain, are found in different ways."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, text

from app.db import message_index, thread_lists
from app.db.paging import Page
from app.db.thread_lists import ThreadFilter
from app.domain.access import Caller
from benchmarks.large_data import LONG_THREAD, Amount, Vocabulary, fill
from tests.support.rows import connected

WORDS = Vocabulary().words


@pytest.fixture
def connection(database_url) -> Iterator[Connection]:
    """Some hundred messages, all of them indexed, and no statistics about them."""
    fill(database_url, Amount(threads=60, long=40))
    with connected(database_url) as connection:
        while message_index.catch_up(connection):
            pass
        yield connection


def listed(connection: Connection, words: str, page: Page) -> list[str]:
    found, _ = thread_lists.list_page(connection, Caller(), page, ThreadFilter(words=words))
    return [one.thread.id for one in found]


def pages(connection: Connection, words: str) -> list[list[str]]:
    cursor = listed(connection, words, Page(limit=5))[-1:]
    further = [Page(limit=5, after=key) for key in cursor]
    every = (Page(limit=100), Page(limit=5), Page(limit=100, order="asc"), *further)
    return [listed(connection, words, page) for page in every]


@pytest.mark.parametrize(
    "words",
    [
        WORDS[0],
        WORDS[0][:3],
        WORDS[49],
        f"{WORDS[0]} {WORDS[1]}",
        f"{WORDS[0]} {WORDS[30_000]}",
        WORDS[30_000],
        "qqqqqqqq",
    ],
)
def test_frequent_words_find_what_rare_ones_would(connection, monkeypatch, words):
    few = pages(connection, words)
    monkeypatch.setattr(message_index, "_MANY", 0)
    assert pages(connection, words) == few


def test_the_commonest_word_is_in_the_newest_thread_too(connection):
    assert listed(connection, WORDS[0], Page(limit=1)) == [LONG_THREAD]


def test_a_rare_word_is_found_by_the_index(connection, monkeypatch):
    """PostgreSQL's planner would read a whole large table, until that was analysed."""
    if connection.dialect.name == "sqlite":
        pytest.skip("SQLite has no other way")
    # So few that reading a small table seems cheap, too.
    monkeypatch.setattr(message_index, "_MANY", 0)
    scans = text(
        "SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relid = to_regclass('message_index')"
    )
    before = connection.scalar(scans)
    assert listed(connection, "qqqqqqqq", Page()) == []
    assert connection.scalar(scans) == before
    assert connection.scalar(text("SHOW enable_seqscan")) == "on"
