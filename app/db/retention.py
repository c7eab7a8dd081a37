"""Statements about threads without recent messages."""

from collections.abc import Sequence

from sqlalchemy import Connection, and_, bindparam, func, select, text

from app.db import removed_threads
from app.db.tables import ACTIVE, messages, runs, threads
from app.domain.access import REMOVED

_newest = (
    select(messages.c.created_at)
    .where(messages.c.thread_id == threads.c.id)
    .order_by(messages.c.sequence.desc())
    .limit(1)
    .scalar_subquery()
)
_stale = and_(
    threads.c.project != REMOVED,
    threads.c.created_at < bindparam("before"),
    func.coalesce(_newest, 0) < bindparam("before"),
    ~select(runs.c.sequence).where(runs.c.thread_id == threads.c.id, text(ACTIVE)).exists(),
)
_FIND = select(threads.c.id).where(_stale).order_by(threads.c.sequence).limit(bindparam("count"))
_FIND_TRIALS = _FIND.where(threads.c.trial)
_among_keys = threads.c.id.in_(bindparam("keys", expanding=True))
_HOLD = select(threads.c.id).where(_among_keys).order_by(threads.c.sequence).with_for_update()
_STILL = select(threads.c.id).where(_among_keys, _stale).order_by(threads.c.sequence)


def stale_threads(
    connection: Connection, before: int, limit: int, *, trials_only: bool = False
) -> list[str]:
    """Return threads with no message since `before` (Unix time) and no active run.

    `trials_only`: only those in which an assistant was tried.
    """
    find = _FIND_TRIALS if trials_only else _FIND
    return list(connection.execute(find, {"before": before, "count": limit}).scalars())


def remove_stale(connection: Connection, keys: Sequence[str], before: int) -> int:
    """Delete those of the threads that are still stale, with what only they used.

    Return the number of deleted threads.
    """
    # Wait for transactions that are writing to one of them: a statement that began earlier would
    # not see what they write.
    connection.execute(_HOLD, {"keys": list(keys)})
    values = {"keys": list(keys), "before": before}
    stale = list(connection.execute(_STILL, values).scalars())
    removed_threads.remove(connection, stale)
    return len(stale)
