"""Statements about file batches of vector stores. A batch contains the files that refer to it."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, select, text, update

from app.db.knowledge_rows import BATCHES, BatchRow
from app.db.knowledge_tables import vector_store_batches as batches
from app.db.knowledge_tables import vector_store_files as store_files
from app.domain.errors import not_found
from app.schemas.vector_stores import FileStatus

_IN_PROGRESS = text("status = 'in_progress'")

_BY_ID = select(batches).where(
    batches.c.id == bindparam("key"), batches.c.vector_store_id == bindparam("store_id")
)
_COUNTS = (
    select(store_files.c.status, func.count())
    .where(store_files.c.batch_id == bindparam("key"))
    .group_by(store_files.c.status)
)
_CANCEL = (
    update(batches).where(batches.c.id == bindparam("key"), _IN_PROGRESS).values(status="cancelled")
)
_CANCEL_FILES = (
    update(store_files)
    .where(store_files.c.batch_id == bindparam("key"), _IN_PROGRESS)
    .values(status="cancelled", worker_id=None, held_until=None)
)


@dataclass(frozen=True, slots=True)
class BatchWithFiles:
    """A batch, and the number of its files by status."""

    batch: BatchRow
    files: Mapping[FileStatus, int]

    @property
    def status(self) -> FileStatus:
        # The row only knows whether it was cancelled.
        if self.batch.status == "cancelled":
            return "cancelled"
        if self.files.get("in_progress"):
            return "in_progress"
        failed = self.files.get("failed", 0)
        return "failed" if failed and failed == sum(self.files.values()) else "completed"


def create(
    connection: Connection, batch_id: str, store_id: str, now: int, *, attempt: str | None
) -> None:
    """`attempt` marks the row; see `repeats.py`."""
    batch = BatchRow(id=batch_id, vector_store_id=store_id, created_at=now, attempt=attempt)
    BATCHES.insert(connection, batch)


def retrieve(connection: Connection, store_id: str, batch_id: str) -> BatchWithFiles:
    """Raises `NotFound`."""
    row = connection.execute(_BY_ID, {"key": batch_id, "store_id": store_id}).first()
    if row is None:
        raise not_found("file_batch", batch_id)
    counts = connection.execute(_COUNTS, {"key": batch_id})
    files = {status: count for status, count in counts}
    return BatchWithFiles(BATCHES.read(row), files)


def cancel(connection: Connection, batch_id: str) -> None:
    """Cancel the batch, and those of its files that have not been read."""
    connection.execute(_CANCEL_FILES, {"key": batch_id})
    connection.execute(_CANCEL, {"key": batch_id})
