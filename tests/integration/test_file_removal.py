"""Bytes without a file: after a failure, a crash, an expiry, or a store that would not delete."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.core.object_store import ObjectStore
from app.db.database import Database
from app.domain.access import Caller
from app.schemas.files import FileCreate
from app.services.files import FileService
from app.storage.file_writer import FileWriter
from tests.support.forms import half_sent
from tests.support.rows import connected
from tests.support.waiting import wait_until


def stored(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "files").rglob("*") if path.is_file())


def run(url: str, statement: str) -> None:
    with connected(url) as connection:
        connection.exec_driver_sql(statement)


def removals(url: str) -> list[str]:
    with connected(url) as connection:
        return list(connection.exec_driver_sql("SELECT file_id FROM file_removals").scalars())


def test_an_expired_file_is_removed(start, tmp_path, database_url):
    client = start().client
    expiry = {"anchor": "created_at", "seconds": 3600}
    file = client.files.create(file=b"x", purpose="user_data", expires_after=expiry)
    kept = client.files.create(file=b"x", purpose="user_data", expires_after=expiry)
    run(database_url, f"UPDATE files SET expires_at = 1 WHERE id = '{file.id}'")
    # Each server looks as it starts, then every minute.
    start()
    wait_until(lambda: stored(tmp_path) == [kept.id] and removals(database_url) == [])
    assert [listed.id for listed in client.files.list()] == [kept.id]


def test_what_a_crash_left_is_removed_once_it_is_due(start, tmp_path, database_url):
    start()
    folder = tmp_path / "files" / "files"
    folder.mkdir(exist_ok=True)
    for name in ("file-stored", "file-unfinished#1", "file-other", "file-under-way#1"):
        (folder / name).write_bytes(b"x")
    run(
        database_url,
        "INSERT INTO file_removals (file_id, due_at) VALUES "
        "('file-stored', 1), ('file-unfinished', 2), ('file-under-way', 9999999999)",
    )
    start()
    wait_until(lambda: removals(database_url) == ["file-under-way"])
    assert stored(tmp_path) == ["file-other", "file-under-way#1"]


def test_bytes_that_could_not_be_deleted_are_deleted_later(start, tmp_path, database_url):
    server = start()
    file = server.client.files.create(file=b"x", purpose="user_data")
    path = tmp_path / "files" / "files" / file.id
    path.unlink()
    # No file can be removed where a folder is.
    path.mkdir()
    assert server.client.files.delete(file.id).deleted
    assert server.http.get(f"/files/{file.id}").status_code == 404
    assert removals(database_url) == [file.id]

    path.rmdir()
    path.write_bytes(b"x")
    run(database_url, "UPDATE file_removals SET due_at = 1")
    start()
    wait_until(lambda: removals(database_url) == [])
    assert stored(tmp_path) == []


def test_a_large_upload_that_breaks_off_leaves_nothing(start, tmp_path, database_url):
    server = start()
    with half_sent(server.base_url, 12_000_000):
        # A part of it is on the disk by now.
        wait_until(lambda: stored(tmp_path))
    wait_until(lambda: (stored(tmp_path), removals(database_url)) == ([], []))
    assert server.http.get("/files").json()["data"] == []


def test_a_file_whose_bytes_are_lost_is_said_to_be(start, tmp_path):
    server = start()
    file = server.client.files.create(file=b"x", purpose="user_data")
    (tmp_path / "files" / "files" / file.id).unlink()
    answer = server.http.get(f"/files/{file.id}/content")
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "storage_unavailable"
    assert server.client.files.delete(file.id).deleted


class Arriving:
    """An upload in which something happens before its end."""

    filename = "a.txt"

    def __init__(self, happens) -> None:
        self._happens = happens

    async def chunks(self) -> AsyncIterator[bytes]:
        yield b"x" * 6_000_000
        self._happens()
        yield b"x" * 6_000_000

    def about(self) -> FileCreate:
        return FileCreate(purpose="assistants")


@pytest.fixture
async def database(database_url) -> AsyncIterator[Database]:
    database = Database(database_url, pool_size=2)
    await database.start()
    yield database
    database.close()


def file_service(database: Database, tmp_path: Path) -> FileService:
    store = ObjectStore(str(tmp_path / "files"))
    return FileService(database, store, FileWriter(database, store), max_bytes=20_000_000)


async def test_a_failing_database_leaves_nothing(database, database_url, tmp_path):
    service = file_service(database, tmp_path)
    gone = Arriving(lambda: run(database_url, "DROP TABLE files"))
    with pytest.raises(Exception, match="files"):
        await service.create(Caller(), gone)
    assert (stored(tmp_path), removals(database_url)) == ([], [])


async def test_an_upload_that_was_given_up_is_no_file(database, database_url, tmp_path):
    service = file_service(database, tmp_path)
    slow = Arriving(lambda: run(database_url, "DELETE FROM file_removals"))
    with pytest.raises(Exception, match="too long"):
        await service.create(Caller(), slow)
