"""Statements about threads. A caller finds only its own; all others seem not to exist."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, String, and_, bindparam, or_, select, update

from app.db import removed_threads, resource_uses
from app.db.prepared import Prepared
from app.db.resource_uses import ids_of
from app.db.rows import THREADS, ThreadRow
from app.db.tables import threads
from app.domain.access import REMOVED, Caller
from app.domain.errors import not_found

_key = threads.c.id == bindparam("key")
_session = bindparam("of_session", type_=String)
_not_removed = threads.c.project != REMOVED
_own = and_(
    _key,
    threads.c.project == bindparam("of_project"),
    or_(_session.is_(None), threads.c.session_id == _session),
)

_BY_ID = select(threads).where(_own)
_EXISTING = select(threads.c.id).where(
    threads.c.id.in_(bindparam("keys", expanding=True)), _not_removed
)
_ANYWHERE = select(threads).where(_key, _not_removed)
# On PostgreSQL this lock still lets others insert rows that refer to the thread.
_OWNER = (
    select(threads.c.project, threads.c.session_id)
    .where(_key, _not_removed)
    .with_for_update(key_share=True)
)
_LOCKED = Prepared(select(threads.c.id).where(_own).with_for_update(key_share=True))
_UPDATE = update(threads).where(_key)
_HELD = select(threads.c.id).where(_own).with_for_update()


def create(connection: Connection, thread: ThreadRow) -> ThreadRow:
    THREADS.insert(connection, thread)
    resource_uses.note_thread(connection, thread.id, ids_of(thread.tool_resources))
    return thread


def retrieve(connection: Connection, caller: Caller, thread_id: str) -> ThreadRow:
    """Raises `NotFound`."""
    row = connection.execute(_BY_ID, _keys(caller, thread_id)).first()
    return THREADS.read(_found(row, thread_id))


def find(connection: Connection, thread_id: str) -> ThreadRow | None:
    """Return the thread, whoever owns it."""
    return THREADS.read_first(connection.execute(_ANYWHERE, {"key": thread_id}).first())


def missing(connection: Connection, thread_ids: Sequence[str]) -> list[str]:
    """Return those of the ids that no thread has."""
    found = set(connection.execute(_EXISTING, {"keys": list(thread_ids)}).scalars())
    return [thread_id for thread_id in thread_ids if thread_id not in found]


def owner_of(connection: Connection, thread_id: str) -> Caller | None:
    """Return the thread's owner, and lock it until the transaction ends; None if it is gone."""
    row = connection.execute(_OWNER, {"key": thread_id}).first()
    return None if row is None else Caller(row.project, row.session_id)


def lock(connection: Connection, caller: Caller, thread_id: str) -> None:
    """Lock the thread until the transaction ends, so that its writers take turns.

    On SQLite a writing transaction locks everything anyway. Raises `NotFound`.
    """
    if _LOCKED.first(connection, _keys(caller, thread_id)) is None:
        raise not_found("thread", thread_id)


def modify(
    connection: Connection, caller: Caller, thread_id: str, values: dict[str, Any]
) -> ThreadRow:
    """Write `values` (columns by name) and return the thread. Raises `NotFound`."""
    thread = retrieve(connection, caller, thread_id)
    if values:
        connection.execute(_UPDATE, {**THREADS.encoded(values), "key": thread_id})
        resource_uses.note_thread(connection, thread_id, ids_of(values.get("tool_resources", {})))
    return replace(thread, **values)


def remove(connection: Connection, caller: Caller, thread_id: str) -> None:
    """Delete the thread with its messages, runs and steps, and what only it used.

    Raises `NotFound`.
    """
    _found(connection.execute(_HELD, _keys(caller, thread_id)).first(), thread_id)
    removed_threads.remove(connection, [thread_id])


def _keys(caller: Caller, thread_id: str) -> dict[str, Any]:
    return {"key": thread_id, "of_project": caller.project, "of_session": caller.session}


def _found(row: Row[Any] | None, thread_id: str) -> Row[Any]:
    if row is None:
        raise not_found("thread", thread_id)
    return row
