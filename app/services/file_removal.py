"""Removes what no client can see any more, in the background.

That is bytes without a file, expired files, and the rows, files and vector stores of deleted
threads.
"""

import logging

from app.core.periodic import Periodic
from app.db import chunk_removal, files, index_merging, removed, removed_threads
from app.db.database import Database
from app.domain.clock import now
from app.services.slices import in_slices
from app.storage.file_writer import FileWriter

logger = logging.getLogger(__name__)

# How often (in seconds) to look for expired files and for bytes that could not be removed before.
_SWEEP_EVERY = 60.0
_AT_ONCE = 100


class FileRemover:
    """Removes what the rows mark as removable. Several processes may do so at the same time."""

    def __init__(self, database: Database, writer: FileWriter) -> None:
        self._database = database
        self._writer = writer
        self._sweeps = Periodic("file removal", self.sweep, every=_SWEEP_EVERY)
        self._threads = Periodic("thread removal", self.drop_threads, every=_SWEEP_EVERY)

    def open(self) -> None:
        self._sweeps.open()
        self._threads.open()

    async def close(self) -> None:
        await self._sweeps.close()
        await self._threads.close()

    def wake(self) -> None:
        """Sweep soon."""
        self._sweeps.wake()
        self._threads.wake()

    async def sweep(self) -> None:
        """Remove expired files, the files and stores of deleted threads, and all bytes due."""
        await self._database.transaction(files.remove_expired, now())
        await self._remove_taken()
        while due := await self._database.read(files.due_removals, now(), _AT_ONCE):
            for file_id in due:
                await self._writer.remove_bytes(file_id)

    async def drop_threads(self) -> None:
        """Delete the rows of deleted threads, and merge what was left in indexes."""
        await in_slices(self._database, removed_threads.drop_some)
        # Also what short transactions left, such as deletions of single messages.
        await in_slices(self._database, index_merging.merge_some)

    async def _remove_taken(self) -> None:
        while stores := await self._database.read(removed.stores, _AT_ONCE):
            for store_id in stores:
                await in_slices(self._database, chunk_removal.remove_some, store_id)
                await self._database.transaction(removed.drop_store, store_id)
        while in_stores := await self._database.read(removed.in_stores, _AT_ONCE):
            for store_id, file_id in in_stores:
                await in_slices(self._database, chunk_removal.remove_some, store_id, file_id)
                await self._database.transaction(removed.take_out, store_id, file_id)
        while await self._database.transaction(removed.drop_files, now(), _AT_ONCE):
            pass
