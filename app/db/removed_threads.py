"""Statements that delete threads: at once for every reader, and their rows little by little.

A deleted thread first goes to the project `REMOVED`, where no reader finds it, without its active
runs. Its rows are then deleted in transactions that each take some hundredths of a second: with
thousands of messages, the one writer of SQLite would be busy for seconds. Most threads are so
short that the transaction which deletes them also deletes all rows.
"""

from collections.abc import Sequence

from sqlalchemy import (
    BindParameter,
    Connection,
    Delete,
    Table,
    Text,
    bindparam,
    cast,
    delete,
    func,
    null,
    select,
    text,
    update,
)

from app.db import insight_days, past_ids
from app.db.handover_tables import handovers
from app.db.resource_uses import Taken, take_along
from app.db.slices import in_slice, together
from app.db.summary_tables import summaries
from app.db.tables import ACTIVE, messages, run_events, run_items, runs, steps, threads
from app.domain.access import REMOVED

# Rows that one statement deletes.
_AT_ONCE = 50

_keys: BindParameter[list[str]] = bindparam("keys", expanding=True)
_in_thread: BindParameter[str] = bindparam("in_thread")

# Their executors notice that the runs are gone, and end.
_END_RUNS = delete(runs).where(runs.c.thread_id.in_(_keys), text(ACTIVE))
# These are listed or worked on without reading their thread.
_BESIDE = [
    delete(handovers).where(handovers.c.id.in_(_keys)),
    delete(summaries).where(summaries.c.thread_id.in_(_keys)),
]
_MARK = update(threads).where(threads.c.id.in_(_keys)).values(project=REMOVED, session_id=null())
# Several processes may do this at the same time, each with another thread.
_NEXT = (
    select(threads.c.id)
    .where(threads.c.project == REMOVED)
    .order_by(threads.c.sequence)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_SOME_RUNS = (
    select(runs.c.id)
    .where(runs.c.thread_id == _in_thread)
    .order_by(runs.c.sequence)
    .limit(_AT_ONCE)
)
_DROP_RUNS = delete(runs).where(runs.c.id.in_(_keys))
_DROP = delete(threads).where(threads.c.id == _in_thread)


def _drop_some(table: Table, owner: str, value: BindParameter[list[str]]) -> Delete:
    some = select(table.c.sequence).where(table.c[owner].in_(value)).limit(_AT_ONCE)
    return delete(table).where(table.c.sequence.in_(some))


_OF_RUNS = [_drop_some(table, "run_id", _keys) for table in (run_events, run_items, steps)]
_SOME_MESSAGES = (
    select(messages.c.sequence, func.length(cast(messages.c.content, Text)))
    .where(messages.c.thread_id == _in_thread)
    .order_by(messages.c.sequence)
    .limit(_AT_ONCE)
)
_DROP_MESSAGES = delete(messages).where(messages.c.sequence.in_(_keys))


def remove(connection: Connection, keys: Sequence[str]) -> Taken:
    """Delete the threads for every reader, with what only they used; the caller has locked them.

    Their rows are deleted too, as far as there is time; `drop_some` deletes the rest.
    """
    if not keys:
        return Taken()
    insight_days.forget(connection, keys)
    past_ids.note(connection, keys)
    for statement in (_END_RUNS, *_BESIDE, _MARK):
        connection.execute(statement, {"keys": list(keys)})
    taken = take_along(connection, keys)
    left = list(keys)

    def drop_next(connection: Connection) -> bool:
        if _drop_part(connection, left[-1]):
            left.pop()
        return bool(left)

    in_slice(connection, drop_next)
    return taken


def drop_some(connection: Connection) -> bool:
    """Delete rows of deleted threads for a short time. True if there may be more."""
    return in_slice(connection, _drop_next)


def _drop_next(connection: Connection) -> bool:
    thread_id = connection.execute(_NEXT).scalar()
    if thread_id is not None:
        _drop_part(connection, thread_id)
    return thread_id is not None


def _drop_part(connection: Connection, thread_id: str) -> bool:
    """Delete some rows of the thread, and itself once it is empty. True if it is gone."""
    scope = {"in_thread": thread_id}
    if some := connection.execute(_SOME_RUNS, scope).scalars().all():
        keys = {"keys": list(some)}
        if all(connection.execute(drop, keys).rowcount < _AT_ONCE for drop in _OF_RUNS):
            connection.execute(_DROP_RUNS, keys)
        return False
    found = [(key, length) for key, length in connection.execute(_SOME_MESSAGES, scope)]
    if dropped := together(found):
        connection.execute(_DROP_MESSAGES, {"keys": dropped})
    if len(found) == _AT_ONCE or len(dropped) < len(found):
        return False
    connection.execute(_DROP, scope)
    return True
