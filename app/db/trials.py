"""Statements about threads in which an assistant is only tried."""

from collections.abc import Sequence

from sqlalchemy import BindParameter, Connection, and_, bindparam, exists, select, text

from app.db import thread_lists
from app.db.tables import ACTIVE, messages, runs, threads

_before: BindParameter[int] = bindparam("before")
_left = and_(
    threads.c.trial,
    threads.c.created_at < _before,
    ~exists().where(messages.c.thread_id == threads.c.id, messages.c.created_at >= _before),
    ~exists().where(runs.c.thread_id == threads.c.id, text(ACTIVE)),
)
_FIND = select(threads.c.id).where(_left).order_by(threads.c.sequence).limit(bindparam("count"))
_STILL = select(threads.c.id).where(_left, threads.c.id.in_(bindparam("keys", expanding=True)))


def left_behind(connection: Connection, before: int, limit: int) -> list[str]:
    """Return trials with no message since `before` (Unix time) and no active run."""
    return list(connection.execute(_FIND, {"before": before, "count": limit}).scalars())


def remove(connection: Connection, keys: Sequence[str], before: int) -> int:
    """Delete those that are still left behind; return how many."""
    held = thread_lists.hold(connection, keys)
    still = list(connection.execute(_STILL, {"keys": held, "before": before}).scalars())
    if still:
        thread_lists.remove(connection, still)
    return len(still)
