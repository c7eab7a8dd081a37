"""What a backup is made of: a statement that can be interrupted, a copied file, a new folder."""

import hashlib
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from app.core.object_store import ObjectStore, StorageError, file_key
from app.db import backup
from app.db.backup import StoredFile
from app.db.checks import DatabaseFault
from app.terminal.backup.copying import Copied, FileCopier
from app.terminal.backup.folder import check_space, new_folder
from app.terminal.failures import Failure
from tests.support.databases import fresh_database

ENDLESS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"


class Stopped(BaseException):
    """What a signal raises."""


@pytest.fixture
def url(tmp_path) -> Iterator[str]:
    """A SQLite database with all tables and no row."""
    with fresh_database("sqlite", tmp_path) as url:
        yield url


def test_a_long_statement_is_interrupted_by_what_its_watcher_raises(url):
    seen: list[int] = []

    def watch() -> None:
        seen.append(1)
        if len(seen) == 2:
            raise Stopped

    with backup.opened(url) as connection:
        with pytest.raises(Stopped):
            backup.run_watched(connection, ENDLESS, (), watch)
        # The connection can still be used.
        assert backup.run_watched(connection, "SELECT 1", (), lambda: None)[0][0] == 1


def test_a_copy_can_be_made_into_an_empty_private_file(url, tmp_path):
    copy = tmp_path / "copy 100% of it?.db"
    os.close(os.open(copy, os.O_CREAT, 0o600))
    backup.copy_database(url, copy, lambda: None)
    assert copy.stat().st_mode & 0o777 == 0o600
    found = backup.check_copy(copy, lambda: None)
    assert (found.threads, found.messages) == (0, 0)
    assert {path.name for path in tmp_path.iterdir()} == {"test.db", copy.name}


def test_a_database_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(DatabaseFault, match="unable to open"):
        backup.measure(f"sqlite:///{tmp_path}/none.db")
    assert [*tmp_path.iterdir()] == []


def test_a_damaged_copy_is_found(url, tmp_path):
    copy = tmp_path / "copy.db"
    backup.copy_database(url, copy, lambda: None)
    size = copy.stat().st_size
    with copy.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\xff" * (size // 4))
    with pytest.raises(DatabaseFault):
        backup.check_copy(copy, lambda: None)


def test_rows_that_refer_to_nothing_are_found(url, tmp_path):
    with backup.opened(url) as connection:
        connection.exec_driver_sql(
            "INSERT INTO messages (id, thread_id, created_at, role, content, attachments, metadata,"
            " status) VALUES ('msg', 'none', 1, 'user', '[]', '[]', '{}', 'completed')"
        )
    with pytest.raises(DatabaseFault, match="1 rows of messages refer to missing rows"):
        backup.check_copy(tmp_path / "test.db", lambda: None)


@pytest.fixture
def store(tmp_path) -> ObjectStore:
    return ObjectStore(str(tmp_path / "store"))


async def copied(store: ObjectStore, folder: Path, *files: StoredFile, is_there: bool) -> Copied:
    (folder / "files").mkdir(parents=True)
    copier = FileCopier(store, folder, is_there=lambda _: is_there, watch=lambda _: None)
    return await copier.copy(files)


async def some(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def test_bytes_are_copied_with_their_checksums(store, tmp_path):
    contents = {f"file-{n}": os.urandom(700_000 * n + 1) for n in range(6)}
    for name, content in contents.items():
        await store.put(file_key(name), some(content))
    rows = [StoredFile(name, len(content)) for name, content in contents.items()]
    result = await copied(store, tmp_path / "new", *rows, is_there=True)
    assert (result.deleted, result.lost) == ([], [])
    assert result.size == sum(map(len, contents.values()))
    for name, content in contents.items():
        path = tmp_path / "new" / "files" / name
        assert path.read_bytes() == content
        assert path.stat().st_mode & 0o777 == 0o600
        assert result.checksums[f"files/{name}"] == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(("is_there", "named"), [(False, "deleted"), (True, "lost")])
async def test_missing_bytes_are_named_by_whether_the_server_has_the_file(
    store, tmp_path, is_there, named
):
    result = await copied(store, tmp_path / "new", StoredFile("file-1", 3), is_there=is_there)
    assert {"deleted": result.deleted, "lost": result.lost} == {
        **{"deleted": [], "lost": []},
        named: ["file-1"],
    }
    assert result.checksums == {}


async def test_bytes_of_another_length_are_copied_and_named(store, tmp_path):
    await store.put(file_key("file-1"), some(b"half"))
    result = await copied(store, tmp_path / "new", StoredFile("file-1", 8), is_there=True)
    assert result.lost == ["file-1"]
    assert (tmp_path / "new" / "files" / "file-1").read_bytes() == b"half"


async def test_a_store_that_fails_ends_the_backup(tmp_path):
    class Failing(ObjectStore):
        async def read(self, key: str) -> AsyncIterator[bytes]:
            raise StorageError(f"{key}: it is away")

    store = Failing(str(tmp_path / "store"))
    with pytest.raises(StorageError, match="it is away"):
        await copied(store, tmp_path / "new", StoredFile("file-1", 3), is_there=True)


def test_a_folder_appears_under_its_name_at_the_end(tmp_path):
    output = tmp_path / "not" / "yet" / "here"
    with new_folder(output) as folder:
        (folder / "files").mkdir()
        (folder / "files" / "one").write_bytes(b"1")
        assert not output.exists()
        assert folder.stat().st_mode & 0o777 == 0o700
    assert (output / "files" / "one").read_bytes() == b"1"
    assert [*output.parent.iterdir()] == [output]


@pytest.mark.parametrize("error", [OSError("full"), KeyboardInterrupt(), Stopped()])
def test_nothing_is_left_of_a_folder_that_was_not_finished(tmp_path, error):
    with pytest.raises(type(error)), new_folder(tmp_path / "backup") as folder:
        (folder / "half").write_bytes(b"1")
        raise error
    assert [*tmp_path.iterdir()] == []


def test_what_is_there_is_not_touched(tmp_path):
    (tmp_path / "backup").mkdir()
    with pytest.raises(Failure, match="already exists"), new_folder(tmp_path / "backup"):
        raise AssertionError("not reached")
    # Nor if it came while the backup was made.
    with pytest.raises(Failure, match="already exists"), new_folder(tmp_path / "other"):
        (tmp_path / "other").mkdir()
    assert {path.name for path in tmp_path.iterdir()} == {"backup", "other"}


def test_a_full_disk_is_reported_before_copying(tmp_path):
    free = shutil.disk_usage(tmp_path).free
    check_space(tmp_path, 1)
    with pytest.raises(Failure, match="MB are free"):
        check_space(tmp_path, free)
