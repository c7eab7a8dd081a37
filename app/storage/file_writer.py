"""Writes new files: first the bytes, then the row, so that a file has all of its bytes or doesn't
exist."""

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass

from app.core.object_store import ObjectStore, StorageError, file_key
from app.db import files, resource_uses, threads
from app.db.database import Connection, Database
from app.db.file_rows import FileRow
from app.domain.clock import now
from app.domain.ids import new_id

logger = logging.getLogger(__name__)

# How long storing the bytes may take (in seconds); later they count as left by a process that died.
UPLOAD_SECONDS = 24 * 3600
# How long until the removal of bytes is retried after a failure (in seconds).
_RETRY_SECONDS = 300


@dataclass(frozen=True)
class StoredBytes:
    """The bytes of a file that has no row yet: the file's id, its size in bytes, and when storing
    began."""

    file_id: str
    size: int
    created_at: int


@dataclass(frozen=True)
class NewThreadFile:
    """A file that was made for a thread; its bytes are stored, and its row is still to come."""

    stored: StoredBytes
    filename: str
    purpose: str


class FileWriter:
    """Stores files for uploads, the assistants file and tools."""

    def __init__(self, database: Database, store: ObjectStore) -> None:
        self._database = database
        self._store = store

    async def put(self, chunks: AsyncIterator[bytes]) -> StoredBytes:
        """Store the bytes of a new file, whose row must follow within a day.

        Then either `files.create` inserts the row or `give_up` removes the bytes. Raises
        `StorageError` and whatever `chunks` raises; in that case the bytes are removed.
        """
        file_id, moment = new_id("file"), now()
        await self._database.transaction(files.reserve, file_id, moment + UPLOAD_SECONDS)
        try:
            size = await self._store.put(file_key(file_id), chunks)
        except Exception:
            await self.give_up(file_id)
            raise
        return StoredBytes(file_id, size, moment)

    async def write_for_thread(
        self, thread_id: str, filename: str, content: bytes, *, purpose: str
    ) -> FileRow | None:
        """Store a file that was created for a thread; return None if the thread is gone.

        The file belongs to the thread's project and, if a browser session owns the thread, to that
        session. Deleting the thread removes it. Raises `StorageError`.
        """
        new = await self.put_for_thread(filename, content, purpose=purpose)
        created = None
        try:
            created = await self._database.transaction(create_for_thread, thread_id, new)
        finally:
            if created is None:
                await self.give_up(new.stored.file_id)
        return created

    async def put_for_thread(self, filename: str, content: bytes, *, purpose: str) -> NewThreadFile:
        """Store the bytes of a file for a thread.

        Within a day, either `create_for_thread` inserts the row, together with what refers to it,
        or `give_up` removes the bytes. Raises `StorageError`.
        """
        return NewThreadFile(await self.put(_once(content)), filename, purpose)

    async def give_up(self, file_id: str) -> None:
        """Remove the bytes of a file that has no row; a file with a row is left alone."""
        try:
            if await self._database.transaction(files.postpone, file_id, now()):
                await self.remove_bytes(file_id)
        except Exception:
            # The caller reports its own failure. The row in `file_removals` stays and becomes due
            # after a day.
            logger.exception("the bytes of %s could not be marked for removal", file_id)

    async def remove_bytes(self, file_id: str) -> None:
        """Remove bytes that are due; if the store fails, the removal is retried later."""
        try:
            await self._store.delete(file_key(file_id))
        except StorageError:
            logger.exception("the bytes of %s could not be removed", file_id)
            await self._database.transaction(files.postpone, file_id, now() + _RETRY_SECONDS)
        else:
            await self._database.transaction(files.drop_removal, file_id)


def create_for_thread(connection: Connection, thread_id: str, new: NewThreadFile) -> FileRow | None:
    """Insert the file's row; return None if the thread or the file's bytes are gone.

    The file belongs to the thread's owner, and is deleted with the thread.
    """
    owner = threads.owner_of(connection, thread_id)
    if owner is None:
        return None
    file = FileRow(
        id=new.stored.file_id,
        purpose=new.purpose,
        filename=new.filename,
        bytes=new.stored.size,
        created_at=new.stored.created_at,
        expires_at=None,
        project=owner.project,
        session_id=owner.session,
    )
    if files.create(connection, file) is None:
        return None
    resource_uses.note_thread(connection, thread_id, [file.id])
    return file


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
