"""Statements about threads."""

from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from app.db.tables import threads
from app.domain.errors import not_found
from app.schemas.threads import Thread

_INSERT = insert(threads)
_BY_ID = select(threads).where(threads.c.id == bindparam("key"))
# Weak enough on PostgreSQL for others to insert rows that point to the thread meanwhile.
_LOCKED = (
    select(threads.c.id).where(threads.c.id == bindparam("key")).with_for_update(key_share=True)
)
_UPDATE = update(threads).where(threads.c.id == bindparam("key"))
_DELETE = delete(threads).where(threads.c.id == bindparam("key"))


def create(connection: Connection, thread: Thread) -> Thread:
    connection.execute(_INSERT, thread.model_dump(exclude={"object"}))
    return thread


def retrieve(connection: Connection, thread_id: str) -> Thread:
    """Raises `NotFound`."""
    return _thread(_found(connection.execute(_BY_ID, {"key": thread_id}).first(), thread_id))


def lock(connection: Connection, thread_id: str) -> None:
    """Hold the thread until the transaction ends: who writes into it takes turns.

    On SQLite a writing transaction holds everything already. Raises `NotFound`.
    """
    _found(connection.execute(_LOCKED, {"key": thread_id}).first(), thread_id)


def modify(connection: Connection, thread_id: str, values: dict[str, Any]) -> Thread:
    """Write `values` (columns by name) and return the thread. Raises `NotFound`."""
    if values:
        connection.execute(_UPDATE, {**values, "key": thread_id})
    return retrieve(connection, thread_id)


def remove(connection: Connection, thread_id: str) -> None:
    """Delete the thread and with it its messages, runs and steps. Raises `NotFound`."""
    if connection.execute(_DELETE, {"key": thread_id}).rowcount == 0:
        raise not_found("thread", thread_id)


def _found(row: Row[Any] | None, thread_id: str) -> Row[Any]:
    if row is None:
        raise not_found("thread", thread_id)
    return row


def _thread(row: Row[Any]) -> Thread:
    return Thread.model_validate(row._mapping)
