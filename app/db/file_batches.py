"""Statements about batches of vector stores' files: those that name it are in it."""

from sqlalchemy import Connection, bindparam, func, insert, select, text, update

from app.db.knowledge_tables import vector_store_batches as batches
from app.db.knowledge_tables import vector_store_files as store_files
from app.domain.errors import not_found
from app.schemas.vector_stores import FileBatch, FileCounts, FileStatus

_IN_PROGRESS = text("status = 'in_progress'")

_INSERT = insert(batches)
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


def create(connection: Connection, batch_id: str, store_id: str, now: int) -> None:
    values = {"id": batch_id, "vector_store_id": store_id, "created_at": now}
    connection.execute(_INSERT, {**values, "status": "in_progress"})


def retrieve(connection: Connection, store_id: str, batch_id: str) -> FileBatch:
    """Raises `NotFound`."""
    row = connection.execute(_BY_ID, {"key": batch_id, "store_id": store_id}).first()
    if row is None:
        raise not_found("file_batch", batch_id)
    rows = connection.execute(_COUNTS, {"key": batch_id})
    counts = FileCounts.of((status, count) for status, count in rows)
    # The row only knows whether it was cancelled.
    status = row.status if row.status == "cancelled" else _status(counts)
    return FileBatch.model_validate({**row._mapping, "status": status, "file_counts": counts})


def cancel(connection: Connection, batch_id: str) -> None:
    """Cancel the files that are not read yet, and the batch with them."""
    connection.execute(_CANCEL_FILES, {"key": batch_id})
    connection.execute(_CANCEL, {"key": batch_id})


def _status(counts: FileCounts) -> FileStatus:
    if counts.in_progress:
        return "in_progress"
    return "failed" if counts.failed and counts.failed == counts.total else "completed"
