"""Copies the content of each file in the database from the store into the backup's folder."""

import asyncio
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from app.core.object_store import NotStored, ObjectStore, StorageError, file_key
from app.db.backup import StoredFile
from app.terminal.backup.folder import open_private

# Parallel copies: a remote store answers several requests about as fast as one.
_AT_ONCE = 4


@dataclass
class Copied:
    """What was copied: `checksums` are SHA-256 by path in the backup, `size` is in bytes.

    `deleted` are the ids of files that the server deleted during the backup. `lost` are the ids of
    files that the server has, but whose content is missing from the store or has the wrong size.
    """

    checksums: dict[str, str] = field(default_factory=dict)
    size: int = 0
    deleted: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


class FileCopier:
    def __init__(
        self,
        store: ObjectStore,
        folder: Path,
        *,
        is_there: Callable[[str], bool],
        watch: Callable[[int], None],
    ) -> None:
        """`folder`: the backup's folder, which the paths of `file_key` are relative to.

        `is_there` returns whether the server still has a file; `watch` is called with the number of
        bytes of each piece written.
        """
        self._store = store
        self._folder = folder
        self._is_there = is_there
        self._watch = watch
        self._copied = Copied()

    async def copy(self, files: Iterable[StoredFile]) -> Copied:
        """Copy all files. Raises `StorageError` if the store fails, and `OSError`."""
        waiting = iter(files)
        await asyncio.gather(*(self._copy_from(waiting) for _ in range(_AT_ONCE)))
        return self._copied

    async def _copy_from(self, waiting: Iterator[StoredFile]) -> None:
        for file in waiting:
            await self._copy_one(file)

    async def _copy_one(self, file: StoredFile) -> None:
        path = file_key(file.id)
        try:
            size = await self._write(path)
        except StorageError as error:
            (self._folder / path).unlink(missing_ok=True)
            # The server deletes the row before the content: a file with a row should have content.
            if not self._is_there(file.id):
                self._copied.deleted.append(file.id)
            elif isinstance(error, NotStored):
                self._copied.lost.append(file.id)
            else:
                raise
            return
        self._copied.size += size
        if size != file.size:
            self._copied.lost.append(file.id)

    async def _write(self, path: str) -> int:
        digest, size = hashlib.sha256(), 0
        pieces = await self._store.read(path)
        with _new_file(self._folder / path) as target:
            async for piece in pieces:
                await asyncio.to_thread(target.write, piece)
                digest.update(piece)
                size += len(piece)
                self._watch(len(piece))
            target.flush()
            await asyncio.to_thread(os.fsync, target.fileno())
        self._copied.checksums[path] = digest.hexdigest()
        return size


def _new_file(path: Path) -> BinaryIO:
    return os.fdopen(open_private(path), "wb")
