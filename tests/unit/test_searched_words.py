"""What is searched for is split where FTS5 has split the messages, and found as it is named."""

import json
import unicodedata
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, text

from app.db import message_index, searched_words, thread_lists
from app.db.paging import Page
from app.db.searched_words import query, split
from app.db.thread_lists import ThreadFilter
from app.domain.access import Caller
from benchmarks.large_data import LONG_THREAD, Amount, fill
from tests.support.databases import fresh_database
from tests.support.rows import connected

SAID = "It’s a “Größe”, 문구를·보세요 🤔why ab\u19b0cd x_y"


@pytest.fixture
def connection(tmp_path) -> Iterator[Connection]:
    """One message, which says that."""
    with fresh_database("sqlite", tmp_path) as url:
        fill(url, Amount(threads=0, long=1))
        with connected(url) as connection:
            content = json.dumps([{"type": "text", "text": {"value": SAID}}])
            connection.execute(text("UPDATE messages SET content = :content"), {"content": content})
            while message_index.catch_up(connection):
                pass
            yield connection


@pytest.fixture(params=[30, 0])
def most_named(request, monkeypatch) -> None:
    """FTS5 is asked for the words themselves, or for what they begin with."""
    monkeypatch.setattr(searched_words, "_MOST_NAMED", request.param)


def found(connection: Connection, words: str) -> list[str]:
    listed, _ = thread_lists.list_page(connection, Caller(), Page(), ThreadFilter(words=words))
    return [one.thread.id for one in listed]


@pytest.mark.parametrize(
    "words",
    [
        "it’s",
        "“größe”",
        "GRO",
        "문구",
        "문구를·보세",
        unicodedata.normalize("NFD", "Größe"),
        "🤔why",
        "ab\u19b0c",
        "ab\u19b0",
        "x_y",
        '"a" *',
        "NOT why",
        SAID,
    ],
)
@pytest.mark.usefixtures("most_named")
def test_words_are_found_however_they_are_separated(connection, words):
    expected = [] if words == "NOT why" else [LONG_THREAD]
    assert found(connection, words) == expected


@pytest.mark.parametrize("words", ["", "…", "’ ·", "*", "구를", "it’q"])
@pytest.mark.usefixtures("most_named")
def test_what_is_not_there_is_not_found(connection, words):
    assert found(connection, words) == []


def test_a_search_leaves_nothing_to_the_next_one(connection):
    assert sorted(split(connection, "It’s it’s")) == ["it", "s"]
    assert split(connection, "why") == ["why"]
    assert split(connection, "…") == []


def test_few_words_that_begin_alike_are_named(connection, monkeypatch):
    split(connection, SAID)
    assert query(connection, ["x", "a"]) == '("x") AND ("a" OR "ab")'
    assert query(connection, ["a", "none"]) is None
    monkeypatch.setattr(searched_words, "_MOST_NAMED", 1)
    assert query(connection, ["x", "a"]) == '("x") AND "a" *'


def test_very_many_words_are_searched_for(connection):
    words = " ".join(f"{one} " for one in SAID.split())
    assert found(connection, f"{words} " * 200) == [LONG_THREAD]
    assert found(connection, " ".join(f"word{number}" for number in range(1_000))) == []
