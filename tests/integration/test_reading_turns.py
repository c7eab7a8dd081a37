"""Whose file is read next: no project keeps another one waiting."""

import asyncio
from collections.abc import AsyncIterator

import anyio
import pytest

from app.core.object_store import ObjectStore, file_key
from app.db import files, ingestion
from app.db.database import Connection, Database
from app.db.file_rows import FileRow
from app.db.ingestion import Turns
from app.db.knowledge_tables import vector_store_files as store_files
from app.domain.clock import now
from app.domain.ids import new_id
from app.knowledge.extraction import ExtractionError
from app.schemas.vector_stores import FileError, NewVectorStore
from app.services.ingestion import Ingestor
from app.services.reading_turns import ReadingTurns
from app.services.vector_stores import create_store
from tests.support.rows import connected
from tests.support.waiting import wait_until


class HeldStore(ObjectStore):
    """Notes which files are read, and holds every reader until `gate` is set."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.reads: list[str] = []
        self.gate = asyncio.Event()

    async def read(self, key: str) -> AsyncIterator[bytes]:
        self.reads.append(key)
        await self.gate.wait()
        return await super().read(key)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, pool_size=2)
    await database.start()
    yield database
    database.close()


@pytest.fixture
def store(tmp_path) -> HeldStore:
    return HeldStore(str(tmp_path / "files"))


async def uploaded(database: Database, store: ObjectStore, project: str) -> str:
    file_id = new_id("file")

    async def pieces() -> AsyncIterator[bytes]:
        yield b"a text"

    def add(connection: Connection) -> None:
        files.reserve(connection, file_id, now())
        file = FileRow(
            id=file_id,
            created_at=now(),
            filename="notes.txt",
            purpose="assistants",
            bytes=1,
            expires_at=None,
            project=project,
        )
        files.create(connection, file)

    await store.put(file_key(file_id), pieces())
    await database.transaction(add)
    return file_id


async def attached(database: Database, project: str, *file_ids: str) -> None:
    await database.transaction(create_store, project, NewVectorStore(file_ids=[*file_ids]))


async def projects_of(database: Database, store: ObjectStore, *names: str) -> dict[str, str]:
    """Attach a file for each name, in this order; return the projects by the files' ids."""
    projects = {}
    for name in names:
        file_id = await uploaded(database, store, name)
        await attached(database, name, file_id)
        projects[file_id] = name
    return projects


async def test_projects_take_turns(database, store):
    projects = await projects_of(database, store, "many", "many", "many", "few")
    turns = ReadingTurns(readers=1)
    order = []
    for _ in projects:
        claim = await database.transaction(ingestion.claim, "one", 60.0, turns.next())
        assert claim is not None and claim.project == projects[claim.file_id]
        turns.take(claim.project)
        turns.give_back(claim.project)
        order.append(claim.project)
    assert order == ["many", "few", "many", "many"]


async def test_files_of_busy_projects_are_left_alone(database, store):
    await projects_of(database, store, "many", "few")
    busy = Turns(busy=["many"])
    claim = await database.transaction(ingestion.claim, "one", 60.0, busy)
    assert claim is not None and claim.project == "few"
    assert not await database.read(ingestion.is_waiting, ["many"])
    assert await database.read(ingestion.is_waiting)
    assert await database.transaction(ingestion.claim, "one", 60.0, busy) is None


async def test_a_reader_stays_free_for_another_project(database, store):
    projects = await projects_of(database, store, *["many"] * 5)
    ingestor = Ingestor(database, store, None, lease_seconds=60, readers=3)
    ingestor.open()
    try:
        await anyio.to_thread.run_sync(wait_until, lambda: len(store.reads) == 2)
        projects |= await projects_of(database, store, "few")
        ingestor.wake()
        await anyio.to_thread.run_sync(wait_until, lambda: len(store.reads) == 3)
        by_key = {file_key(file_id): project for file_id, project in projects.items()}
        assert [by_key[key] for key in store.reads] == ["many", "many", "few"]
    finally:
        await ingestor.close()


async def test_a_file_that_took_all_it_may_is_not_tried_again(
    database, store, database_url, monkeypatch
):
    tried = []

    async def too_costly(*_: object) -> str:
        tried.append(1)
        raise ExtractionError("invalid_file", "It takes too much.", over_limits=True)

    monkeypatch.setattr("app.services.ingestion.extract_text", too_costly)
    store.gate.set()
    file_id = await uploaded(database, store, "many")
    ingestor = Ingestor(database, store, None, lease_seconds=60)
    ingestor.open()
    try:
        for number in range(1, 4):
            await attached(database, "many", file_id)
            ingestor.wake()
            await anyio.to_thread.run_sync(
                wait_until, lambda number=number: statuses(database_url) == ["failed"] * number
            )
    finally:
        await ingestor.close()
    assert len(tried) == 1


def test_what_is_remembered_has_a_bound():
    turns = ReadingTurns()
    error = FileError(code="invalid_file", message="It takes too much.")
    for number in range(1500):
        turns.note_too_costly(f"file-{number}", error)
        turns.take(f"project-{number}")
        turns.give_back(f"project-{number}")
    assert turns.too_costly("file-0") is None
    assert turns.too_costly("file-1499") == error
    assert len(turns.next().served) == 1000 and not turns.next().busy
    assert turns.readers >= 2


def statuses(url: str) -> list[str]:
    with connected(url) as connection:
        return [row.status for row in connection.execute(store_files.select())]
