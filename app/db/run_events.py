"""Statements about the events that a streamed run has sent."""

from sqlalchemy import Connection, Integer, bindparam, delete, func, select, text

from app.db.rows import RUN_EVENTS, RunEventRow
from app.db.tables import ACTIVE, run_events, runs
from app.domain.clock import now

_LAST = select(func.max(run_events.c.last_event_id)).where(
    run_events.c.run_id == bindparam("run_id")
)
_AFTER = (
    select(run_events.c.body)
    .where(
        run_events.c.run_id == bindparam("run_id"),
        run_events.c.last_event_id > bindparam("after"),
    )
    .order_by(run_events.c.sequence)
    .limit(bindparam("limit", type_=Integer))
)
_newer = run_events.alias("newer")
_OLD = delete(run_events).where(
    run_events.c.created_at < bindparam("before"),
    ~select(_newer.c.run_id)
    .where(_newer.c.run_id == run_events.c.run_id, _newer.c.created_at >= bindparam("before"))
    .exists(),
    run_events.c.run_id.not_in(select(runs.c.id).where(text(ACTIVE))),
)


def append(connection: Connection, run_id: str, last_event_id: int, body: str) -> None:
    """Save some events, encoded as they were sent; the last of them has `last_event_id`."""
    RUN_EVENTS.insert(connection, RunEventRow(run_id, last_event_id, body, now()))


def last_id(connection: Connection, run_id: str) -> int:
    """Return the newest event's id, 0 if there is none."""
    return connection.execute(_LAST, {"run_id": run_id}).scalar() or 0


def bodies_after(connection: Connection, run_id: str, event_id: int, limit: int) -> list[str]:
    """Return the first `limit` bodies with events after `event_id`.

    The first body may also contain earlier events.
    """
    values = {"run_id": run_id, "after": event_id, "limit": limit}
    return list(connection.execute(_AFTER, values).scalars())


def remove_before(connection: Connection, created_at: int) -> None:
    """Remove the events of ended runs that have sent nothing since `created_at`."""
    connection.execute(_OLD, {"before": created_at})
