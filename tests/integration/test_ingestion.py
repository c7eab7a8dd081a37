"""How files of vector stores are read in the background: held, tried again, given back."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import anyio
import pytest
from sqlalchemy import text

from app.core.object_store import ObjectStore, file_key
from app.db import (
    chunk_vectors,
    chunks,
    file_batches,
    files,
    ingestion,
    vector_store_files,
)
from app.db.chunks import NewChunk
from app.db.database import Connection, Database
from app.db.file_rows import FileRow
from app.db.knowledge_tables import vector_store_files as store_files
from app.db.vector_store_files import NewFile
from app.domain.access import DEFAULT_PROJECT
from app.domain.clock import now
from app.domain.errors import ModelError
from app.domain.ids import new_id
from app.knowledge.indexing import prepare
from app.schemas.vector_stores import FileError, NewVectorStore, stored_strategy
from app.services import ingestion as ingest
from app.services.ingestion import Ingestor
from app.services.vector_stores import create_store
from tests.support.rows import connected
from tests.support.waiting import wait_until

Row = dict[str, Any]


class CountingStore(ObjectStore):
    """Counts what is read; with `gate`, holds every reader until that is set."""

    gate: asyncio.Event | None = None

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.reads: list[str] = []

    async def read(self, key: str) -> AsyncIterator[bytes]:
        self.reads.append(key)
        if self.gate is not None:
            await self.gate.wait()
        return await super().read(key)


class FakeEmbedder:
    def __init__(self, failures: int = 0) -> None:
        self._failures = failures

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        if self._failures:
            self._failures -= 1
            raise ModelError("server_error", "The model's server can't be reached.")
        return [[1.0, 0.0, 0.5] for _ in texts]


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, pool_size=2)
    await database.start()
    yield database
    database.close()


@pytest.fixture
def store(tmp_path) -> CountingStore:
    return CountingStore(str(tmp_path / "files"))


@pytest.fixture
async def ingestors(database, store) -> AsyncIterator[Callable[..., Ingestor]]:
    """Open ingestors; whoever is open at the end is closed."""
    opened: list[Ingestor] = []

    def begin(embedder: FakeEmbedder | None = None, *, lease_seconds: float = 0.3) -> Ingestor:
        ingestor = Ingestor(
            database, store, embedder, lease_seconds=lease_seconds, retry_seconds=0.3
        )
        ingestor.open()
        opened.append(ingestor)
        return ingestor

    yield begin
    for ingestor in opened:
        await ingestor.close()


async def one_of(database: Database, store: ObjectStore, text: str | None) -> str:
    """Return the id of a new file; None: one whose bytes are lost."""
    file_id = new_id("file")

    async def pieces() -> AsyncIterator[bytes]:
        yield (text or "").encode()

    if text is not None:
        await store.put(file_key(file_id), pieces())
    await database.transaction(_add_file, file_id)
    return file_id


def _add_file(connection: Connection, file_id: str) -> None:
    files.reserve(connection, file_id, now())
    file = FileRow(
        id=file_id,
        purpose="assistants",
        filename="notes.txt",
        bytes=1,
        created_at=now(),
        expires_at=None,
        project=DEFAULT_PROJECT,
    )
    files.create(connection, file)


async def attached(database: Database, store: ObjectStore, *texts: str | None) -> str:
    """Return the id of a store with a file for each text, waiting."""
    ids = [await one_of(database, store, text) for text in texts]
    made = await database.transaction(create_store, DEFAULT_PROJECT, NewVectorStore(file_ids=ids))
    return made.id


def rows_of(url: str, store_id: str) -> list[Row]:
    with connected(url) as connection:
        statement = store_files.select().filter_by(vector_store_id=store_id)
        rows = connection.execute(statement.order_by(store_files.c.sequence))
        return [dict(row._mapping) for row in rows]


async def ended(url: str, store_id: str) -> list[Row]:
    """Return the rows of the store's files once none is waiting."""

    def look() -> list[Row]:
        rows = rows_of(url, store_id)
        return rows if {row["status"] for row in rows}.isdisjoint({"in_progress"}) else []

    return await anyio.to_thread.run_sync(wait_until, look)


async def until(condition: Callable[[], object]) -> None:
    await anyio.to_thread.run_sync(wait_until, condition)


async def test_a_failure_of_ours_is_tried_three_times(database, store, ingestors, database_url):
    store_id = await attached(database, store, None, "a text")
    ingestors()
    lost, read = await ended(database_url, store_id)
    assert (lost["status"], lost["attempts"]) == ("failed", 3)
    assert lost["last_error"]["code"] == "server_error"
    assert str(store) not in lost["last_error"]["message"]
    assert read["status"] == "completed"
    lost_key, read_key = file_key(lost["id"]), file_key(read["id"])
    assert store.reads.count(lost_key) == 3
    assert store.reads[-1] == lost_key != read_key, "it rests while others are read"


async def test_a_file_that_kills_every_reader_is_given_up(database, store, ingestors, database_url):
    store_id = await attached(database, store, "a text")
    with connected(database_url) as connection:
        connection.execute(store_files.update().values(attempts=3, worker_id="gone", held_until=1))
    ingestors()
    (row,) = await ended(database_url, store_id)
    assert (row["status"], row["last_error"]["code"]) == ("failed", "server_error")
    assert store.reads == []


async def test_what_files_add_to_the_index_of_words_is_merged(
    database, store, ingestors, database_url
):
    if not database_url.startswith("sqlite"):
        pytest.skip("PostgreSQL has nothing to merge")
    count = 12
    store_id = await attached(database, store, *(f"text {number}" for number in range(count)))
    ingestors()
    await ended(database_url, store_id)
    parts = text("SELECT count(DISTINCT id >> 37) - 1 FROM chunk_index_data")
    with connected(database_url) as connection:
        assert 0 < connection.execute(parts).scalar_one() < count * 3 // 4


@pytest.mark.skipif(sys.platform != "linux", reason="finds the reader in /proc")
async def test_a_reader_that_a_process_manager_ends_is_started_again(
    database, store, ingestors, database_url
):
    store_id = await attached(database, store, "a text\n" * 100_000)
    ingestors()
    await until(end_reader)
    (row,) = await ended(database_url, store_id)
    assert (row["status"], row["attempts"]) == ("completed", 2)


def end_reader() -> bool:
    """End the process that reads a file for this one; return whether there was one."""
    children = [
        int(pid)
        for thread in Path("/proc/self/task").iterdir()
        for pid in (thread / "children").read_text().split()
    ]
    for pid in children:
        if b"extraction_worker" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGTERM)
            return True
    return False


async def test_a_file_is_given_back_at_the_end(database, store, ingestors, database_url):
    store_id = await attached(database, store, "a text")
    store.gate = asyncio.Event()
    ingestor = ingestors()
    await until(lambda: store.reads)
    (held,) = rows_of(database_url, store_id)
    assert held["worker_id"] and held["attempts"] == 1
    await ingestor.close()
    (row,) = rows_of(database_url, store_id)
    assert row == held | {"worker_id": None, "held_until": None, "attempts": 0}
    store.gate.set()
    ingestors()
    (row,) = await ended(database_url, store_id)
    assert row["status"] == "completed"


async def test_a_lease_is_renewed_while_a_file_is_read(database, store, ingestors, database_url):
    store_id = await attached(database, store, "a text")
    store.gate = asyncio.Event()
    ingestors()
    await until(lambda: store.reads)
    (first,) = rows_of(database_url, store_id)
    await until(lambda: rows_of(database_url, store_id)[0]["held_until"] > first["held_until"])
    assert rows_of(database_url, store_id)[0]["attempts"] == 1
    store.gate.set()
    assert (await ended(database_url, store_id))[0]["status"] == "completed"


async def test_what_is_taken_out_while_it_is_read_is_left(database, store, ingestors, database_url):
    store_id = await attached(database, store, "a text", "another")
    store.gate = asyncio.Event()
    ingestors()
    await until(lambda: store.reads)
    first = rows_of(database_url, store_id)[0]
    await database.transaction(vector_store_files.remove, store_id, first["id"])
    # The next one is begun although the first is held up still.
    await until(lambda: len(store.reads) == 2)
    store.gate.set()
    (row,) = await ended(database_url, store_id)
    assert (row["status"], row["id"] == first["id"]) == ("completed", False)
    assert await database.read(chunks.count_of_file, store_id, first["id"]) == 0


async def test_each_file_is_read_once_however_many_read(database, store, ingestors, database_url):
    texts = [f"text number {number}" for number in range(4)]
    store_id = await attached(database, store, *texts)
    for _ in range(3):
        ingestors(lease_seconds=60)  # a slow machine takes no file over
    rows = await ended(database_url, store_id)
    assert {row["status"] for row in rows} == {"completed"}
    assert sorted(store.reads) == sorted(file_key(row["id"]) for row in rows)


async def test_a_large_file_is_written_while_it_is_cut(
    database, store, ingestors, database_url, monkeypatch
):
    made = 0
    made_at_write: list[int] = []
    add = ingestion.add

    def counted(*args: Any, **options: Any) -> Iterator[NewChunk]:
        nonlocal made
        for chunk in prepare(*args, **options):
            made += 1
            yield chunk

    def noted(*args: Any, **options: Any) -> bool:
        made_at_write.append(made)
        return add(*args, **options)

    monkeypatch.setattr(ingest, "prepare", counted)
    monkeypatch.setattr(ingestion, "add", noted)
    ingestors(lease_seconds=60)
    store_id = await attached(database, store, "some words of a text " * 80_000)
    (row,) = await ended(database_url, store_id)
    assert row["status"] == "completed"
    assert await database.read(chunks.count_of_file, store_id, row["id"]) == made
    # No more of them are in memory than are written at once, and those after them.
    assert made_at_write[0] <= 1000 < made


# Embeddings


async def test_chunks_are_embedded_if_there_is_a_model(database, store, ingestors, database_url):
    store_id = await attached(database, store, "a text")
    ingestors(FakeEmbedder())
    (row,) = await ended(database_url, store_id)
    assert (row["status"], row["usage_bytes"]) == ("completed", len("a text") + 3)
    with connected(database_url) as connection:
        [batch] = chunk_vectors.embeddings(connection, store_id)
        assert chunk_vectors.changed_files(connection, store_id, 0) == batch.file_ids
    assert [len(embedding) for embedding in batch.embeddings] == [3]


@pytest.mark.parametrize(("failures", "status"), [(2, "completed"), (3, "failed")])
async def test_a_model_that_fails_is_asked_again(
    database, store, ingestors, database_url, failures, status
):
    store_id = await attached(database, store, "a text")
    ingestors(FakeEmbedder(failures))
    (row,) = await ended(database_url, store_id)
    assert row["status"] == status
    if status == "failed":
        assert row["last_error"] == {
            "code": "server_error",
            "message": "The model's server can't be reached.",
        }


# Claims


async def test_a_claim_holds_a_file_until_it_lapses(database, store):
    await attached(database, store, "a text")
    take = ingestion.claim
    first = await database.transaction(take, "one", 60.0)
    assert first is not None and first.attempt == 1
    assert await database.transaction(take, "two", 60.0) is None
    assert not await database.read(ingestion.is_waiting)
    assert await database.transaction(ingestion.renew, first, 120.0)
    assert await database.transaction(take, "two", 60.0) is None
    # As if a while had passed.
    assert await database.transaction(ingestion.renew, first, -1.0)
    assert await database.read(ingestion.is_waiting)
    second = await database.transaction(take, "two", 60.0)
    assert second is not None and (second.attempt, second.worker_id) == (2, "two")


async def test_a_claim_that_lapsed_moves_nothing(database, store, database_url):
    store_id = await attached(database, store, "a text")
    first = await database.transaction(ingestion.claim, "one", -1.0)
    second = await database.transaction(ingestion.claim, "two", 60.0)
    assert first is not None and second is not None
    before = rows_of(database_url, store_id)
    new = [chunks.NewChunk(0, "a text", ["text"])]
    error = FileError(code="server_error", message="m")
    assert not await database.transaction(ingestion.renew, first, 60.0)
    await database.transaction(ingestion.complete, first, new, 6)
    await database.transaction(ingestion.fail, first, error)
    await database.transaction(ingestion.release, first, attempts=0)
    assert rows_of(database_url, store_id) == before
    assert await database.read(chunks.count_of_file, store_id, first.file_id) == 0
    await database.transaction(ingestion.complete, second, new, 6)
    assert await database.read(chunks.texts_of_file, store_id, first.file_id) == ["a text"]


async def test_a_file_that_is_half_written_is_not_found(database, store):
    store_id = await attached(database, store, "a text")
    claim = await database.transaction(ingestion.claim, "one", 60.0)
    assert claim is not None
    first, last = (chunks.NewChunk(place, "a text", ["text"]) for place in range(2))

    async def findable() -> int:
        return len(await database.read(vector_store_files.searchable, [store_id]))

    assert await database.transaction(ingestion.add, claim, [first], first=True)
    assert await findable() == 0
    await database.transaction(ingestion.complete, claim, [last], 12, first=False)
    assert await findable() == 1
    assert await database.read(chunks.count_of_file, store_id, claim.file_id) == 2


async def test_nothing_is_left_of_a_file_that_is_cancelled_half_written(database, store):
    file_id = await one_of(database, store, "a text")
    made = await database.transaction(create_store, DEFAULT_PROJECT, NewVectorStore())
    strategy = stored_strategy(None)
    await database.transaction(file_batches.create, "vsfb_1", made.id, now(), attempt=None)
    await database.transaction(
        vector_store_files.attach,
        DEFAULT_PROJECT,
        made.id,
        [NewFile(file_id, None, strategy)],
        now(),
        "vsfb_1",
    )
    claim = await database.transaction(ingestion.claim, "one", 60.0)
    assert claim is not None
    new = [chunks.NewChunk(0, "a text", ["text"])]
    assert await database.transaction(ingestion.add, claim, new, first=True)
    await database.transaction(file_batches.cancel, "vsfb_1")
    assert not await database.transaction(ingestion.add, claim, new, first=False)
    await database.transaction(ingestion.drop_unfinished, claim)
    assert await database.read(chunks.count_of_file, made.id, file_id) == 0


async def test_the_longest_waiting_file_is_first(database, store, database_url):
    store_id = await attached(database, store, *["a text"] * 3)
    order = [row["id"] for row in rows_of(database_url, store_id)]
    claims = [await database.transaction(ingestion.claim, "one", 60.0) for _ in range(3)]
    assert [claim.file_id for claim in claims if claim] == order
