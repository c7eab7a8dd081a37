"""Stores the bytes of imported files, whose rows were there first."""

from collections.abc import AsyncIterator

from app.core.object_store import ObjectStore, StorageError, file_key
from app.db import file_contents
from app.db.database import Database
from app.domain.clock import now
from app.domain.errors import InvalidRequest, ThreadkeeperError
from app.storage.file_writer import UPLOAD_SECONDS, FileWriter


class ContentWriter:
    def __init__(self, database: Database, store: ObjectStore, writer: FileWriter) -> None:
        self._database = database
        self._store = store
        self._writer = writer

    async def fill(self, project: str, file_id: str, chunks: AsyncIterator[bytes]) -> bool:
        """Store the bytes of a file that lacks them; return False if it has them already.

        Raises `ThreadkeeperError`, and whatever `chunks` raises; then the file still lacks them.
        """
        moment = now()
        file = await self._database.transaction(
            file_contents.begin, project, file_id, moment, moment + UPLOAD_SECONDS
        )
        if file is None:
            return False
        try:
            size = await self._store.put(file_key(file_id), _up_to(file.bytes, chunks))
            if size != file.bytes:
                raise InvalidRequest(
                    f"The content has {size} bytes, but the file's 'bytes' are {file.bytes}.",
                    param="data",
                )
            if not await self._database.transaction(
                file_contents.complete, project, file_id, now()
            ):
                raise InvalidRequest(
                    "The file was deleted meanwhile, or its content came too late."
                )
        except StorageError as error:
            await self._writer.give_up(file_id)
            raise ThreadkeeperError(
                "The server's file store does not answer. Please try again in a moment.",
                status=503,
                code="storage_unavailable",
            ) from error
        except Exception:
            await self._writer.give_up(file_id)
            raise
        return True


async def _up_to(size: int, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    sent = 0
    async for chunk in chunks:
        sent += len(chunk)
        if sent > size:
            raise InvalidRequest(
                f"The content is longer than the file's 'bytes', which are {size}.", param="data"
            )
        yield chunk
