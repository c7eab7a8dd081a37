"""Merges what transactions added to SQLite's full-text indexes, a little at a time.

FTS5 writes a part of its own for each statement that changed an index, and a search looks into all
parts. It would merge them by itself, within whatever transaction writes: with a large index, that
took several times as long as the rest. PostgreSQL has nothing to merge.
"""

from typing import Any

from sqlalchemy import Connection, TextClause, text

from app.db.slices import in_slice

# Pages of 4 kB that one step writes. It goes on to the end of the word that it has begun.
_PAGES = 32
_MERGES = [
    text(f"INSERT INTO {index} ({index}, rank) VALUES ('merge', {_PAGES})")
    for index in ("message_index", "chunk_index")
]
# If there is nothing to merge, FTS5 changes fewer rows.
_LEAST_CHANGES = 2


def merge_some(connection: Connection) -> bool:
    """Merge for a short time. True if there may be more to merge."""
    return connection.dialect.name == "sqlite" and in_slice(connection, _merge_next)


def _merge_next(connection: Connection) -> bool:
    return any(_has_merged(connection, statement) for statement in _MERGES)


def _has_merged(connection: Connection, statement: TextClause) -> bool:
    driver: Any = connection.connection.dbapi_connection
    before = driver.total_changes
    connection.execute(statement)
    return bool(driver.total_changes - before >= _LEAST_CHANGES)
