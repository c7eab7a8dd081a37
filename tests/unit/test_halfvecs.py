"""PostgreSQL's own index of embeddings: filled by whoever adds passages, and searched."""

import numpy as np
import pytest
from sqlalchemy import delete, text

from app.db import halfvecs
from app.db.database import Database
from app.db.file_tables import files
from app.domain.deadline import Deadline
from app.knowledge.vector_indexes import VectorIndexes
from benchmarks.search_store import SearchStore
from tests.support.databases import fresh_database, postgresql_is_up

COUNT = text("SELECT count(*) FROM chunk_index_vectors")
LONG = 600.0


class Scattered:
    """An `Embedder` that places each text at random, but always at the same place."""

    async def embed(self, texts):
        return [self.place(text) for text in texts]

    @staticmethod
    def place(text: str) -> list[float]:
        return np.random.default_rng(sum(text.encode())).normal(size=24).tolist()


@pytest.fixture
async def database(tmp_path):
    if not postgresql_is_up():
        pytest.skip("not tested: PostgreSQL is not here")
    with fresh_database("postgresql", tmp_path) as url:
        database = Database(url, pool_size=2)
        try:
            await database.start()
            if not await database.read(halfvecs.is_there):
                pytest.skip("not tested: PostgreSQL's extension vector is not here")
            yield database
        finally:
            database.close()


async def test_it_finds_what_comparing_all_finds(database):
    store = SearchStore(database, Scattered())
    await store.create()
    await store.add({"before": "a first text"})
    await database.transaction(halfvecs.index, 24)
    await store.add({f"file-{number}": f"text {number * 7919}" for number in range(60)})
    assert await database.read(lambda connection: connection.scalar(COUNT)) == 61

    def work(connection, indexes, file_ids=None):
        asked = Scattered.place("text 7919")
        return indexes.nearest(connection, [store.id], asked, 5, file_ids, Deadline(LONG))

    own, memory = VectorIndexes(0), VectorIndexes(64, in_database=False)
    found = await database.search(Deadline(LONG), work, own)
    assert found == await database.search(Deadline(LONG), work, memory)
    assert len(found) == 5
    of_files = await database.search(Deadline(LONG), work, own, ["file-3", "file-4"])
    assert len(of_files) == 2
    # What is deleted takes its copy along.
    everything = delete(files).where(files.c.id.like("file-%"))
    await database.transaction(lambda connection: connection.execute(everything).rowcount)
    assert await database.read(lambda connection: connection.scalar(COUNT)) == 1


async def test_embeddings_from_before_are_copied(database):
    store = SearchStore(database, Scattered())
    await store.create()

    def without(connection):
        connection.execute(text("DROP TRIGGER chunk_index_copied ON chunks"))
        connection.execute(text("DROP FUNCTION chunk_index_copy, chunk_index_halfvec CASCADE"))
        connection.execute(text("DROP TABLE chunk_index_vectors"))

    await database.transaction(without)
    await store.add({"before": "a first text"})
    await database.start()
    assert await database.read(lambda connection: connection.scalar(COUNT)) == 1
    indexes = text("SELECT count(*) FROM pg_indexes WHERE indexname = 'chunk_index_of_24'")
    assert await database.read(lambda connection: connection.scalar(indexes)) > 0
