"""The vectors in memory: as exact as the rows, and true after additions and deletions."""

import numpy as np
import pytest
from sqlalchemy import delete, event

from app.db import chunk_vectors
from app.db.database import Database
from app.db.file_tables import files
from app.db.knowledge_tables import vector_store_files
from app.domain.deadline import Deadline
from app.domain.errors import SearchTimeout
from app.knowledge.vector_index import VectorIndex, passage_bytes
from app.knowledge.vector_indexes import VectorIndexes
from app.knowledge.vectors import Nearest, pack
from benchmarks.search_store import SearchStore

LONG = 600.0
WORDS = ["refund", "screen", "invoice", "update"]


class Counting:
    """An `Embedder` with a dimension for each word."""

    async def embed(self, texts):
        return [self.place(text) for text in texts]

    @staticmethod
    def place(text: str) -> list[float]:
        return [0.1 + text.count(word) for word in WORDS]


@pytest.fixture
async def database(database_url):
    database = Database(database_url, pool_size=2)
    await database.start()
    yield database
    database.close()


@pytest.fixture
async def store(database) -> SearchStore:
    store = SearchStore(database, Counting())
    await store.create()
    await store.add({"refunds": "a refund", "screens": "a screen"})
    return store


def nearest(database, indexes, store, word, *, seconds=LONG, files=None):
    """Search as another process with `indexes` would; return the ids of the files."""

    def work(connection):
        found = indexes.nearest(
            connection, [store.id], Counting.place(word), 3, files, Deadline(seconds)
        )
        names = dict(
            pair
            for batch in chunk_vectors.embeddings(connection, store.id)
            for pair in zip(batch.ids, batch.file_ids, strict=True)
        )
        return [names[key] for key in found]

    return database.read(work)


def test_the_nearest_of_many_are_those_that_comparing_all_finds():
    chance = np.random.default_rng(3)
    centres = chance.normal(size=(300, 192))
    vectors = centres[chance.integers(0, 300, 20_000)] + 0.7 * chance.normal(size=(20_000, 192))
    packed = pack(vectors.tolist())
    index, exact = VectorIndex(192), [Nearest(one.tolist()) for one in vectors[:20]]
    for start in range(0, len(packed), 700):
        ids = [*range(start, min(start + 700, len(packed)))]
        some = packed[start : start + 700]
        index.add(ids, [f"file-{key % 10}" for key in ids], some)
        for one in exact:
            one.add(ids, some)
    shares = []
    for question, one in zip(vectors, exact, strict=False):
        right = dict(one.best(50))
        found = dict(index.best(question.tolist(), 50))
        shares.append(len(right.keys() & found.keys()) / 50)
        assert [found[key] for key in found if key in right] == pytest.approx(
            [right[key] for key in found if key in right], abs=1e-5
        )
    assert np.mean(shares) >= 0.98
    of_files = [key for key, _ in index.best(vectors[0].tolist(), 50, ["file-3", "file-none"])]
    assert len(of_files) == 50
    assert {key % 10 for key in of_files} == {3}
    index.keep_only(range(100))
    assert {key for key, _ in index.best(vectors[0].tolist(), 200)} == {*range(100)}
    assert index.mostly_removed
    assert index.memory < 32_768 * passage_bytes(192)


def test_vectors_of_another_model_are_left_out():
    index = VectorIndex(3)
    assert index.best([1.0, 0.0, 0.0], 5) == []
    index.add([1, 2], ["a", "a"], pack([[1.0, 0.0, 0.0]]) + pack([[1.0, 0.0]]))
    [(key, cosine)] = index.best([1.0, 0.0, 0.0], 5)
    assert key == 1
    assert cosine == pytest.approx(1.0)


@pytest.mark.parametrize("mebibytes", [64, 0])
async def test_what_is_added_and_deleted_is_noticed(database, store, mebibytes):
    indexes = VectorIndexes(mebibytes, in_database=False)
    assert (await nearest(database, indexes, store, "refund"))[0] == "refunds"
    await store.add({"bills": "an invoice", "news": "an update"})
    assert (await nearest(database, indexes, store, "invoice"))[0] == "bills"
    assert await nearest(database, indexes, store, "invoice", files=["news"]) == ["news"]
    of_news = delete(vector_store_files).where(vector_store_files.c.id == "news")
    await database.transaction(lambda connection: connection.execute(of_news).rowcount)
    everything = delete(files).where(files.c.id.in_(["bills", "refunds"]))
    assert "news" not in await nearest(database, indexes, store, "update")
    await database.transaction(lambda connection: connection.execute(everything).rowcount)
    assert await nearest(database, indexes, store, "invoice") == ["screens"]
    # Most of it was deleted, so it is loaded anew.
    assert await nearest(database, indexes, store, "invoice") == ["screens"]


async def test_embeddings_are_read_once(database, store):
    indexes = VectorIndexes(64, in_database=False)
    read: list[str] = []

    def note(_connection, _cursor, statement, *_):
        if "chunks.embedding" in statement:
            read.append(statement)

    def work(connection):
        event.listen(connection, "before_cursor_execute", note)
        try:
            for word in WORDS:
                indexes.nearest(
                    connection, [store.id], Counting.place(word), 3, None, Deadline(LONG)
                )
        finally:
            event.remove(connection, "before_cursor_execute", note)

    await database.read(work)
    # The passages, and that there are no more.
    assert len(read) == 2
    await store.add({"bills": "an invoice"})
    await database.read(work)
    assert len(read) == 4


async def test_a_first_load_that_runs_out_of_time_goes_on_later(database, store):
    indexes = VectorIndexes(64, in_database=False)
    with pytest.raises(SearchTimeout):
        await nearest(database, indexes, store, "refund", seconds=0)
    assert (await nearest(database, indexes, store, "refund"))[0] == "refunds"
