"""Statements about which process executes which run, and which runs have none."""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import Connection, and_, bindparam, case, func, or_, select, text, update

from app.db.rows import RUNS, RunRow
from app.db.tables import ACTIVE, run_events, runs, workers
from app.domain.run_status import RunStatus

_active = text(ACTIVE)
_of_worker = runs.c.worker_id == bindparam("of_worker")
_not_the_clients_turn = runs.c.status != "requires_action"
_before = runs.alias("before")


class HeldRun(NamedTuple):
    id: str
    thread_id: str
    status: RunStatus
    worker_id: str | None


class Progress(NamedTuple):
    """A run's progress. Readers have something new to read only if this has changed."""

    status: RunStatus
    worker_id: str | None
    last_event_id: int | None


# A queued run behind another one is omitted: its turn comes when that one ends.
_HELD = select(runs.c.id, runs.c.thread_id, runs.c.status, runs.c.worker_id).where(
    _active,
    _not_the_clients_turn,
    _of_worker,
    or_(
        runs.c.status != "queued",
        ~select(_before.c.id)
        .where(
            _before.c.thread_id == runs.c.thread_id,
            # In this subquery, the unqualified `status` in `_active` is that of `before`.
            _active,
            _before.c.sequence < runs.c.sequence,
        )
        .exists(),
    ),
)
# Runs that no process executes: none has taken them yet, or their process released them or is gone.
_is_orphan = and_(
    _active,
    _not_the_clients_turn,
    ~select(workers.c.id).where(workers.c.id == runs.c.worker_id).exists(),
)
_HAS_ORPHANS = select(select(runs.c.id).where(_is_orphan).exists())
_ORPHANS = (
    select(runs)
    .where(_is_orphan)
    .order_by(runs.c.sequence)
    .limit(bindparam("count"))
    .with_for_update(skip_locked=True)
)
# A run that its process released, or had not begun, can't be the reason why that process is gone.
_was_lost = and_(runs.c.worker_id.is_not(None), runs.c.status == "in_progress")
_HOLD = (
    update(runs)
    .where(runs.c.id == bindparam("key"))
    .values(
        worker_id=bindparam("new_holder"),
        takeovers=runs.c.takeovers + case((_was_lost, 1), else_=0),
    )
)
_RELEASE = update(runs).where(_active, _not_the_clients_turn, _of_worker).values(worker_id=None)
_LOST = select(runs.c.id).where(
    runs.c.id.in_(bindparam("keys", expanding=True)),
    # A queued run may have come to the other process; whoever claims it executes it.
    runs.c.status != "queued",
    # Of any other status: the other process may have ended it already.
    runs.c.worker_id != bindparam("of_worker"),
)
# While its process lives, a run is that process's: its clock, and not ours, set the time.
_EXPIRED = select(runs.c.id).where(
    _active,
    runs.c.expires_at <= bindparam("now"),
    or_(_of_worker, ~select(workers.c.id).where(workers.c.id == runs.c.worker_id).exists()),
)
_expires_late = and_(
    _active,
    runs.c.created_at > bindparam("made_after"),
    runs.c.expires_at > bindparam("latest"),
)
_HAS_LATE_EXPIRY = select(select(runs.c.id).where(_expires_late).exists())
_BRING_FORWARD = update(runs).where(_expires_late).values(expires_at=bindparam("expiry"))
_PROGRESS = select(
    runs.c.status,
    runs.c.worker_id,
    select(func.max(run_events.c.last_event_id))
    .where(run_events.c.run_id == bindparam("key"))
    .scalar_subquery(),
).where(runs.c.id == bindparam("key"))


def held_by(connection: Connection, worker_id: str) -> list[HeldRun]:
    """Return the runs that this process must now execute or cancel."""
    return [HeldRun(*row) for row in connection.execute(_HELD, {"of_worker": worker_id})]


def has_orphans(connection: Connection) -> bool:
    """Return whether there are runs that no living process executes."""
    return bool(connection.execute(_HAS_ORPHANS).scalar())


def take_orphans(connection: Connection, worker_id: str, *, limit: int) -> list[RunRow]:
    """Take over runs that no living process executes, oldest first.

    Return them as they were before.
    """
    orphans = RUNS.read_all(connection.execute(_ORPHANS, {"count": limit}))
    for run in orphans:
        connection.execute(_HOLD, {"key": run.id, "new_holder": worker_id})
    return orphans


def release(connection: Connection, worker_id: str) -> None:
    """Release the process's unfinished runs: any other process may take them over."""
    connection.execute(_RELEASE, {"of_worker": worker_id})


def lost(connection: Connection, worker_id: str, executed: Collection[str]) -> list[str]:
    """Return which of the runs `executed` by this process another one has taken over."""
    if not executed:
        return []
    keys = {"of_worker": worker_id, "keys": list(executed)}
    return list(connection.execute(_LOST, keys).scalars())


def expired(connection: Connection, worker_id: str, now: int) -> list[str]:
    """Return the ids of expired runs that are active, except those of other living processes."""
    values = {"of_worker": worker_id, "now": now}
    return list(connection.execute(_EXPIRED, values).scalars())


def has_late_expiry(connection: Connection, made_after: int, latest: int) -> bool:
    """Return whether `bring_expiry_forward` would change a run."""
    values = {"made_after": made_after, "latest": latest}
    return bool(connection.execute(_HAS_LATE_EXPIRY, values).scalar())


def bring_expiry_forward(connection: Connection, made_after: int, latest: int, expiry: int) -> None:
    """Change the expiry of active runs to `expiry` if a clock that was ahead created them: those
    made after `made_after` that would expire after `latest` (Unix times)."""
    values = {"made_after": made_after, "latest": latest, "expiry": expiry}
    connection.execute(_BRING_FORWARD, values)


def progress(connection: Connection, run_id: str) -> Progress | None:
    row = connection.execute(_PROGRESS, {"key": run_id}).first()
    return None if row is None else Progress(*row)
