"""PostgreSQL's ranking by words is BM25, as computed from the tokens alone."""

import math
import random
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest
from sqlalchemy import Connection, text

from app.db import chunk_ranking, chunk_statistics, chunks
from app.db.chunks import NewChunk
from app.db.knowledge_tables import chunks as table
from tests.support.rows import connected
from tests.support.store_rows import insert_stores

WORDS = ["화면", "설정", "it's", "scr101", "a\\b", "목록", "구독", "w", "x", "y", "z"]
# How often a word is repeated: PostgreSQL counts up to 256.
TIMES = [1, 1, 1, 1, 2, 2, 3, 4, 7, 8, 20, 129, 256]
QUESTIONS = [WORDS[:1], WORDS[:3], WORDS[2:6], [*WORDS, "nowhere"], ["화면", "화면", "y"]]


def made(chance: random.Random) -> list[str]:
    """Return a chunk's tokens: the first words are in most of them."""
    chosen = [word for place, word in enumerate(WORDS) if chance.random() < 1 / (1 + place / 3)]
    tokens = [word for word in chosen for _ in range(chance.choice(TIMES))]
    chance.shuffle(tokens)
    return tokens or ["empty"]


@pytest.fixture
def connection(database_url) -> Iterator[Connection]:
    """Two stores of two files; `vs_1` has the most chunks."""
    with connected(database_url) as connection:
        if connection.dialect.name == "sqlite":
            pytest.skip("SQLite has BM25 built in")
        chance = random.Random(3)
        insert_stores(connection, ["vs_1", "vs_2"], ["file-a", "file-b"])
        for store, count in (("vs_1", 150), ("vs_2", 20)):
            for file in ("file-a", "file-b"):
                rows = [NewChunk(place, str(place), made(chance)) for place in range(count)]
                chunks.add_chunks(connection, store, file, rows)
        yield connection


def tokens_of(
    connection: Connection, stores: Sequence[str], files: Sequence[str] | None
) -> dict[int, Counter[str]]:
    """Return the tokens that were stored, by the chunk."""
    rows = connection.execute(table.select().where(table.c.vector_store_id.in_(stores)))
    counted = text(
        "SELECT lexeme, cardinality(positions) FROM unnest("
        "(SELECT tokens FROM chunks WHERE sequence = :sequence))"
    )
    return {
        row.sequence: Counter(
            dict(tuple(pair) for pair in connection.execute(counted, {"sequence": row.sequence}))
        )
        for row in rows
        if files is None or row.file_id in files
    }


def bm25(tokens: dict[int, Counter[str]], asked: Sequence[str]) -> dict[int, float]:
    """Return the score of each chunk that contains one of the words."""
    average = sum(map(Counter.total, tokens.values())) / len(tokens)
    scores: dict[int, float] = {}
    for word in set(asked):
        holders = sum(word in one for one in tokens.values())
        weight = math.log(1 + (len(tokens) - holders + 0.5) / (holders + 0.5))
        for key, one in tokens.items():
            if times := one[word]:
                length = 0.25 + 0.75 * one.total() / average
                score = weight * 2.2 * times / (times + 1.2 * length)
                scores[key] = scores.get(key, 0.0) + score
    return scores


@pytest.mark.parametrize("asked", QUESTIONS, ids="-".join)
@pytest.mark.parametrize(
    ("stores", "files"),
    [(["vs_1"], None), (["vs_2"], None), (["vs_1", "vs_2"], None), (["vs_1"], ["file-b"])],
)
def test_the_order_is_that_of_bm25(connection, stores, files, asked):
    scores = bm25(tokens_of(connection, stores, files), asked)
    hits = chunk_ranking.lexical_search(connection, stores, asked, 40, files)
    expected = sorted(scores, key=lambda key: (-round(scores[key], 9), key))[:40]
    assert [hit.chunk_id for hit in hits] == expected


def test_statistics_change_nothing_if_they_are_right(connection, monkeypatch):
    connection.execute(text("ANALYZE chunks"))
    asked = WORDS[:4]
    counted = chunk_ranking.lexical_search(connection, ["vs_1", "vs_2"], asked, 100)
    monkeypatch.setattr(chunk_statistics, "_LEAST_CHUNKS", 100)
    assert chunk_statistics.statistics(connection, ["vs_1", "vs_2"]) is not None
    estimated = chunk_ranking.lexical_search(connection, ["vs_1", "vs_2"], asked, 100)
    assert estimated == counted
