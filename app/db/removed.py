"""Statements that gradually delete vector stores and files of the project `REMOVED`."""

from sqlalchemy import Connection, bindparam, delete, select

from app.db.file_rows import FILE_REMOVALS, FileRemovalRow
from app.db.file_tables import files
from app.db.knowledge_tables import vector_store_files as store_files
from app.db.knowledge_tables import vector_stores
from app.domain.access import REMOVED

_STORES = (
    select(vector_stores.c.id)
    .where(vector_stores.c.project == REMOVED)
    .order_by(vector_stores.c.sequence)
    .limit(bindparam("count"))
)
_DROP_STORE = delete(vector_stores).where(
    vector_stores.c.id == bindparam("key"), vector_stores.c.project == REMOVED
)
_IN_STORES = (
    select(store_files.c.vector_store_id, store_files.c.id)
    .join(files, files.c.id == store_files.c.id)
    .where(files.c.project == REMOVED)
    .limit(bindparam("count"))
)
_TAKE_OUT = delete(store_files).where(
    store_files.c.vector_store_id == bindparam("store_id"), store_files.c.id == bindparam("key")
)
_some_files = (
    select(files.c.id)
    .where(files.c.project == REMOVED)
    .order_by(files.c.sequence)
    .limit(bindparam("count"))
)
_DROP_FILES = delete(files).where(files.c.id.in_(_some_files)).returning(files.c.id)


def stores(connection: Connection, limit: int) -> list[str]:
    """Return the ids of stores to delete; their chunks must be removed first."""
    return list(connection.execute(_STORES, {"count": limit}).scalars())


def drop_store(connection: Connection, store_id: str) -> None:
    connection.execute(_DROP_STORE, {"key": store_id})


def in_stores(connection: Connection, limit: int) -> list[tuple[str, str]]:
    """Return the stores that still contain such files, each with the file's id."""
    rows = connection.execute(_IN_STORES, {"count": limit})
    return [(row.vector_store_id, row.id) for row in rows]


def take_out(connection: Connection, store_id: str, file_id: str) -> None:
    connection.execute(_TAKE_OUT, {"store_id": store_id, "key": file_id})


def drop_files(connection: Connection, now: int, limit: int) -> bool:
    """Delete the rows of some files; their bytes are due for removal at once. False if none."""
    dropped = connection.execute(_DROP_FILES, {"count": limit}).scalars().all()
    FILE_REMOVALS.insert(connection, *(FileRemovalRow(file_id, now) for file_id in dropped))
    return bool(dropped)
