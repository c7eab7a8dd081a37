"""Makes a backup: first a snapshot of the database, then the content of the files in it."""

import asyncio
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from app import __version__
from app.core.config import Settings
from app.core.object_store import ObjectStore, StorageError
from app.db import backup
from app.db.backup import Contents
from app.db.checks import DatabaseFault, look_at_schema, sqlite_file
from app.terminal.backup import folder as folders
from app.terminal.backup.copying import Copied, FileCopier
from app.terminal.failures import Failure
from app.terminal.language import Said
from app.terminal.options import not_written


class Display(Protocol):
    """Shows a backup's progress."""

    def begin(self, step: Said, total: int | None = None) -> None:
        """Start showing a step of `total` bytes; None if the size is unknown."""

    def set(self, done: int) -> None:
        """Show how many bytes of the step are done."""

    def advance(self, size: int) -> None:
        """Show that `size` more bytes are done."""


@dataclass(frozen=True)
class Made:
    """A complete backup; `contents` is None if it has only files."""

    contents: Contents | None
    copied: Copied
    about: dict[str, Any]


def make_backup(settings: Settings, output: Path, display: Display, *, files_only: bool) -> Made:
    """Write the new folder `output`, or raise `Failure` and leave nothing behind."""
    if not files_only:
        _check_database(settings.database_url)
    try:
        with folders.new_folder(output) as folder:
            return _Making(settings, folder, display).make(files_only=files_only)
    except DatabaseFault as error:
        raise Failure(_DATABASE.filled(reason=error)) from error
    except StorageError as error:
        raise Failure(_STORE.filled(reason=error)) from error
    except OSError as error:
        raise not_written(output, error) from error


def _check_database(url: str) -> None:
    file = sqlite_file(url)
    if file is None:
        raise Failure(_POSTGRESQL, status=2)
    if not file.is_file():
        raise Failure(_NO_DATABASE.filled(path=file))


class _Making:
    def __init__(self, settings: Settings, folder: Path, display: Display) -> None:
        self._url = settings.database_url
        self._files_url = settings.files_url
        self._folder = folder
        self._database = folder / folders.DATABASE
        self._display = display

    def make(self, *, files_only: bool) -> Made:
        sizes = backup.measure(self._url)
        needed = sizes.file_bytes + (0 if files_only else sizes.database_bytes)
        folders.check_space(self._folder, needed)
        begun = int(time.time())
        contents = None if files_only else self._copy_database(sizes.database_bytes)
        copied = self._copy_files(sizes.file_bytes, from_copy=not files_only)
        checksums = dict(copied.checksums)
        about: dict[str, Any] = {"threadkeeper": __version__, "created_at": begun}
        if contents is not None:
            if copied.deleted:
                backup.delete_files(self._database, copied.deleted, begun)
            checksums = {folders.DATABASE: self._settle_database()} | checksums
            about |= {
                "schema": look_at_schema(backup.url_of(self._database)).revision,
                "database_bytes": self._database.stat().st_size,
                "threads": contents.threads,
                "messages": contents.messages,
            }
        about |= {
            "files": len(copied.checksums),
            "file_bytes": copied.size,
            "files_deleted_meanwhile": sorted(copied.deleted),
            "files_lost": sorted(copied.lost),
        }
        self._write_lists(about, checksums)
        return Made(contents, copied, about)

    def _copy_database(self, expected: int) -> Contents:
        target = self._database
        self._display.begin(_COPYING_DATABASE, expected)
        os.close(folders.open_private(target))
        backup.copy_database(self._url, target, lambda: self._display.set(target.stat().st_size))
        self._display.begin(_CHECKING)
        return backup.check_copy(target, lambda: None)

    def _copy_files(self, expected: int, *, from_copy: bool) -> Copied:
        url = backup.url_of(self._database) if from_copy else self._url
        (self._folder / folders.FILES).mkdir(mode=0o700)
        if backup.measure(url).files == 0:
            return Copied()
        self._display.begin(_COPYING_FILES, expected)
        copier = FileCopier(
            ObjectStore(self._files_url, create=False),
            self._folder,
            is_there=lambda file_id: backup.has_file(self._url, file_id),
            watch=self._display.advance,
        )
        return asyncio.run(copier.copy(backup.stored_files(url)))

    def _settle_database(self) -> str:
        """Flush the copy to the disk and return its checksum."""
        folders.flush(self._database)
        self._display.begin(_CHECKSUM, self._database.stat().st_size)
        return folders.checksum(self._database, self._display.advance)

    def _write_lists(self, about: dict[str, Any], checksums: dict[str, str]) -> None:
        text = json.dumps(about, indent=2) + "\n"
        folders.write_text(self._folder / folders.ABOUT, text)
        lines = (f"{digest}  {path}\n" for path, digest in sorted(checksums.items()))
        folders.write_text(self._folder / folders.CHECKSUMS, "".join(lines))


_COPYING_DATABASE = Said("Copying the database", "데이터베이스 복사")
_CHECKING = Said("Checking the copy", "복사본 검사")
_COPYING_FILES = Said("Copying the files", "파일 복사")
_CHECKSUM = Said("Computing the checksum", "체크섬 계산")
_POSTGRESQL = Said(
    "Back up a PostgreSQL database with its own tool. First run pg_dump --format=custom "
    '--file=threadkeeper.dump "$DATABASE_URL", then this command with --files-only for the files.',
    "PostgreSQL 데이터베이스는 PostgreSQL 도구로 백업해 주세요. 먼저 pg_dump --format=custom "
    '--file=threadkeeper.dump "$DATABASE_URL" 명령을 실행한 다음, 이 명령에 --files-only를 붙여 '
    "파일을 백업해 주세요.",
)
_NO_DATABASE = Said(
    "There is no database to back up: {path}. Run this in the server's folder, with its .env.",
    "백업할 데이터베이스가 없습니다: {path}. 서버를 실행하는 폴더에서 같은 .env로 실행해 주세요.",
)
_DATABASE = Said(
    "The database could not be backed up: {reason}",
    "데이터베이스를 백업하지 못했습니다: {reason}",
)
_STORE = Said(
    "The files could not be backed up: {reason}",
    "파일을 백업하지 못했습니다: {reason}",
)
