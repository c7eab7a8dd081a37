"""Removes chunks a few at a time.

Each row is also removed from the index, which takes a third of a millisecond: removing a large
store in one statement would block every other writer of a SQLite database for minutes.
"""

from sqlalchemy import Connection, bindparam, delete, select

from app.db.knowledge_tables import chunks
from app.db.slices import in_slice

# Chunks that one statement removes.
_AT_ONCE = 50

_OF_STORE = (
    select(chunks.c.sequence)
    .where(chunks.c.vector_store_id == bindparam("store_id"))
    .limit(_AT_ONCE)
)
_OF_FILE = _OF_STORE.where(chunks.c.file_id == bindparam("file"))
_REMOVE_OF_STORE = delete(chunks).where(chunks.c.sequence.in_(_OF_STORE))
_REMOVE_OF_FILE = delete(chunks).where(chunks.c.sequence.in_(_OF_FILE))


def remove_some(connection: Connection, store_id: str, file_id: str | None = None) -> bool:
    """Remove chunks of the store, or of one file in it, for a short time.

    True if there may be more.
    """
    values = {"store_id": store_id}
    statement = _REMOVE_OF_STORE
    if file_id is not None:
        statement, values = _REMOVE_OF_FILE, {**values, "file": file_id}

    def remove_next(connection: Connection) -> bool:
        return connection.execute(statement, values).rowcount == _AT_ONCE

    return in_slice(connection, remove_next)
