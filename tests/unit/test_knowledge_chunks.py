"""Chunks in both databases: ranked, filtered, and gone with what they belong to."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, delete, select, text

from app.db import chunk_ranking, chunk_statistics, chunk_vectors, chunks
from app.db.chunks import NewChunk
from app.db.file_tables import files
from app.db.knowledge_tables import chunks as table
from app.db.knowledge_tables import vector_store_files, vector_stores
from app.knowledge.analyser import tokens
from tests.support.rows import connected
from tests.support.store_rows import insert_stores


@pytest.fixture
def connection(database_url) -> Iterator[Connection]:
    """A database with the files `file-a` and `file-b` in the stores `vs_1` and `vs_2`."""
    with connected(database_url) as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(text("PRAGMA foreign_keys = ON"))
        insert_stores(connection, ["vs_1", "vs_2"], ["file-a", "file-b"])
        yield connection


def add(connection: Connection, store: str, file: str, *texts: str) -> None:
    rows = [NewChunk(place, said, tokens(said)) for place, said in enumerate(texts)]
    chunks.add_chunks(connection, store, file, rows)


def found(
    connection: Connection, question: str, *stores: str, files: set[str] | None = None
) -> list[str]:
    stores = stores or ("vs_1",)
    hits = chunk_ranking.lexical_search(connection, stores, tokens(question), 10, files)
    return [one.text for one in chunks.retrieve(connection, [hit.chunk_id for hit in hits])]


def indexed(connection: Connection) -> int:
    """Count what the index itself holds, beside the rows."""
    if connection.dialect.name == "postgresql":
        return int(connection.execute(text("SELECT count(*) FROM chunks")).scalar_one())
    connection.execute(
        text("INSERT INTO chunk_index (chunk_index, rank) VALUES ('integrity-check', 1)")
    )
    return int(connection.execute(text("SELECT count(*) FROM chunk_index_docsize")).scalar_one())


def test_two_syllables_under_a_particle_are_found(connection):
    add(connection, "vs_1", "file-a", "구독을 해지합니다.", "화면이 켜집니다.", "디바이스 등록")
    assert found(connection, "해지하려면?") == ["구독을 해지합니다."]
    assert found(connection, "화면을") == ["화면이 켜집니다."]
    assert found(connection, "디바이스를") == ["디바이스 등록"]


def test_rare_words_and_more_of_them_rank_higher(connection):
    common = [f"화면 설정 안내 {number}" for number in range(10)]
    add(connection, "vs_1", "file-a", *common, "화면 번인 안내", "번인 번인 화면")
    assert found(connection, "화면 번인")[:2] == ["번인 번인 화면", "화면 번인 안내"]


def test_a_short_chunk_ranks_before_a_long_one(connection):
    add(
        connection,
        "vs_1",
        "file-a",
        "환불 " + "다른 이야기를 길게 합니다 " * 20,
        "환불 안내",
        "기타",
    )
    assert found(connection, "환불")[0] == "환불 안내"


def test_coverage_is_the_share_of_the_words(connection):
    add(connection, "vs_1", "file-a", "red green", "red", "blue sky")
    hits = chunk_ranking.lexical_search(
        connection, ["vs_1"], ["red", "green", "red", "missing"], 10
    )
    assert [round(hit.coverage, 3) for hit in hits] == [0.667, 0.333]


def test_only_the_asked_stores_and_files_are_searched(connection):
    add(connection, "vs_1", "file-a", "refund one")
    add(connection, "vs_1", "file-b", "refund two")
    add(connection, "vs_2", "file-a", "refund three")
    assert sorted(found(connection, "refunds")) == ["refund one", "refund two"]
    assert found(connection, "refund", files={"file-b"}) == ["refund two"]
    assert found(connection, "refund", files=set()) == []
    assert found(connection, "refund", "vs_2") == ["refund three"]
    assert len(found(connection, "refund", "vs_1", "vs_2")) == 3
    assert found(connection, "refund", "VS_1") == []


@pytest.mark.parametrize(
    "question",
    ["", "?!", '"', "a' OR 'b", 'tokens : "x"', "NEAR(a b)", "x* -y ^z (", "a\\'b\\", "%s :x"],
)
def test_no_question_is_a_query(connection, question):
    add(connection, "vs_1", "file-a", "refund")
    assert found(connection, question) in ([], ["refund"])


def test_odd_tokens_are_kept_as_they_are(connection):
    odd = ["it's", 'a"b', "back\\slash", "2.4.1", "10:30", "a_b", "é", "화면", "東京"]
    chunks.add_chunks(connection, "vs_1", "file-a", [NewChunk(0, "odd", odd)])
    [kept] = connection.execute(select(table.c.tokens)).scalars()
    assert set(kept) == set(odd)
    for token in ("it's", "back\\slash", "2.4.1", "10:30", "a_b", "é", "화면", "東京"):
        assert len(chunk_ranking.lexical_search(connection, ["vs_1"], [token], 5)) == 1, token


def test_a_chunk_of_more_tokens_than_a_database_counts(connection):
    many = ["word"] * 20_000 + [f"t{number}" for number in range(20_000)]
    chunks.add_chunks(connection, "vs_1", "file-a", [NewChunk(0, "long", many)])
    assert len(chunk_ranking.lexical_search(connection, ["vs_1"], ["t19999", "word"], 5)) == 1


@pytest.mark.parametrize(
    ("statement", "left"),
    [
        (delete(files).where(files.c.id == "file-a"), 2),
        (delete(vector_stores).where(vector_stores.c.id == "vs_1"), 2),
        (delete(vector_store_files).where(vector_store_files.c.vector_store_id == "vs_2"), 2),
        (delete(vector_store_files), 0),
    ],
)
def test_what_is_deleted_takes_its_chunks_and_their_index_along(connection, statement, left):
    for store in ("vs_1", "vs_2"):
        for file in ("file-a", "file-b"):
            add(connection, store, file, "refund")
    assert indexed(connection) == 4
    connection.execute(statement)
    assert indexed(connection) == left
    assert len(found(connection, "refund", "vs_1", "vs_2")) == left


def test_a_files_chunks_can_be_replaced(connection):
    add(connection, "vs_1", "file-a", "one", "two")
    add(connection, "vs_2", "file-a", "other")
    assert chunks.texts_of_file(connection, "vs_1", "file-a") == ["one", "two"]
    assert chunks.count_of_file(connection, "vs_1", "file-a") == 2
    chunks.remove_of_file(connection, "vs_1", "file-a")
    assert chunks.texts_of_file(connection, "vs_1", "file-a") == []
    assert indexed(connection) == 1
    add(connection, "vs_1", "file-a", "three")
    assert found(connection, "three") == ["three"]


def test_embeddings_come_in_parts(connection):
    rows = [NewChunk(place, "a", ["a"], bytes([place % 250])) for place in range(1203)]
    chunks.add_chunks(connection, "vs_1", "file-a", rows)
    chunks.add_chunks(connection, "vs_1", "file-b", [NewChunk(0, "b", ["b"])])
    parts = list(chunk_vectors.embeddings(connection, "vs_1"))
    assert [len(part.ids) for part in parts] == [500, 500, 203]
    packed = [one[0] for part in parts for one in part.embeddings]
    assert packed == [place % 250 for place in range(1203)]
    rest = list(chunk_vectors.embeddings(connection, "vs_1", after=parts[1].last))
    assert rest == parts[2:]
    assert list(chunk_vectors.embeddings(connection, "vs_1", {"file-b"})) == []
    assert list(chunk_vectors.embeddings(connection, "vs_2")) == []


def test_a_store_counts_what_is_added(connection):
    assert chunk_vectors.revisions(connection, ["vs_1", "vs_2", "vs_3"]) == {"vs_1": 0, "vs_2": 0}
    chunk_vectors.note_added(connection, "vs_1", "file-a")
    chunk_vectors.note_added(connection, "vs_1", "file-b")
    assert chunk_vectors.revisions(connection, ["vs_1", "vs_2"]) == {"vs_1": 2, "vs_2": 0}
    assert sorted(chunk_vectors.changed_files(connection, "vs_1", 0)) == ["file-a", "file-b"]
    assert chunk_vectors.changed_files(connection, "vs_1", 1) == ["file-b"]
    assert chunk_vectors.changed_files(connection, "vs_2", 0) == []


def test_a_chunk_that_is_gone_is_left_out(connection):
    add(connection, "vs_1", "file-a", "one")
    [hit] = chunk_ranking.lexical_search(connection, ["vs_1"], ["one"], 5)
    assert [one.text for one in chunks.retrieve(connection, [hit.chunk_id, 999])] == ["one"]


def test_statistics_stand_for_counts_of_common_words(connection, monkeypatch):
    if connection.dialect.name == "sqlite":
        pytest.skip("only PostgreSQL has them")
    common = [f"화면 설정 안내 {number}" for number in range(300)]
    add(connection, "vs_1", "file-a", *common, "화면 번인 안내", "번인 번인 화면")
    add(connection, "vs_2", "file-a", *["화면 번인"] * 20)
    counted = found(connection, "화면 번인")
    connection.execute(text("ANALYZE chunks"))
    assert chunk_statistics.statistics(connection, ["vs_1"]) is None, "the table is small"
    monkeypatch.setattr(chunk_statistics, "_LEAST_CHUNKS", 100)
    known = chunk_statistics.statistics(connection, ["vs_1"])
    assert known is not None
    assert known.share == pytest.approx(302 / 322, abs=0.01)
    assert known.holders["화면"] == 322
    assert found(connection, "화면 번인")[:2] == counted[:2] == ["번인 번인 화면", "화면 번인 안내"]
    assert chunk_statistics.statistics(connection, ["vs_2"]) is None, "a small part of it"
