"""The files of a backup: the bytes of each file that a row names, from the store into a folder."""

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

# A store far away answers one request slowly, and several at once as fast.
_AT_ONCE = 4


@dataclass
class Copied:
    """What was copied: `checksums` are SHA-256 by path in the backup, `size` is in bytes.

    `deleted` are ids of files that the server deleted meanwhile. `lost` are those of files that
    the server has, but whose bytes are missing from the store or of another length.
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
        """`folder`: where the backup is written, as for `file_key`.

        `is_there` says whether the server still has a file; `watch` is called with the length of
        each piece that was written.
        """
        self._store = store
        self._folder = folder
        self._is_there = is_there
        self._watch = watch
        self._copied = Copied()

    async def copy(self, files: Iterable[StoredFile]) -> Copied:
        """Copy all of them. Raises `StorageError` if the store fails, and `OSError`."""
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
            # The row goes before the bytes do: one that is there still should have them.
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
