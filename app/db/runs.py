"""Statements about runs. A run's status changes only through `move`."""

from typing import Any

from pydantic import BaseModel, Field
from sqlalchemy import (
    Connection,
    Row,
    String,
    Update,
    and_,
    bindparam,
    func,
    insert,
    or_,
    select,
    text,
    update,
)

from app.db import usage
from app.db.paging import Page, read_page
from app.db.tables import ACTIVE, runs, status_in, workers
from app.domain.access import DEFAULT_PROJECT
from app.domain.errors import StaleRun, not_found
from app.domain.run_status import ALLOWED_FROM, TERMINAL, RunStatus
from app.schemas.common import WireObject
from app.schemas.runs import Run, Usage

# Kept in the one column `settings`: what was asked for and never changes.
_SETTINGS = {
    "instructions",
    "tools",
    "tool_resources",
    "temperature",
    "top_p",
    "reasoning_effort",
    "max_completion_tokens",
    "max_prompt_tokens",
    "truncation_strategy",
    "response_format",
    "tool_choice",
    "parallel_tool_calls",
}


class Horizon(BaseModel):
    """What a run may read of its thread: nothing newer, and nothing of the runs before it."""

    newest_message: int
    unread_runs: list[str]


class StoredRun(Run):
    """A run with what only the server knows of it; on the wire it is a `Run`."""

    streamed: bool = Field(exclude=True)
    worker_id: str | None = Field(exclude=True)
    project: str = Field(default=DEFAULT_PROJECT, exclude=True)
    request_id: str | None = Field(default=None, exclude=True)
    include_content: bool = Field(default=False, exclude=True)
    horizon: Horizon | None = Field(default=None, exclude=True)


_key = runs.c.id == bindparam("key")
_in_thread = runs.c.thread_id == bindparam("thread_id")
_active = text(ACTIVE)

_INSERT = insert(runs)
_BY_KEY = select(runs).where(_key)
_BY_ID = select(runs).where(_key, _in_thread)
_LOCKED = select(runs).where(_key).with_for_update()
_METADATA = update(runs).where(_key).values(metadata=bindparam("new_metadata"))
_ACTIVE_ON_THREAD = (
    select(runs).where(_in_thread, _active).order_by(runs.c.created_at, runs.c.sequence)
)
_OLDEST_ACTIVE = _ACTIVE_ON_THREAD.limit(1)
_HELD_ON_THREAD = _ACTIVE_ON_THREAD.with_for_update()
_EXPIRED = select(runs.c.id).where(_active, runs.c.expires_at <= bindparam("now"))
_HELD = select(runs).where(
    _active,
    runs.c.status != "requires_action",
    runs.c.worker_id == bindparam("worker_id"),
)
# Work that nobody carries: its process never took it, gave it back, or let its lease lapse.
_ORPHANS = (
    select(runs)
    .where(
        _active,
        runs.c.status != "requires_action",
        ~select(workers.c.id)
        .where(
            and_(workers.c.id == runs.c.worker_id, workers.c.lease_expires_at > bindparam("now"))
        )
        .exists(),
    )
    .order_by(runs.c.created_at, runs.c.sequence)
    .limit(bindparam("count"))
    .with_for_update(skip_locked=True)
)
# One that is being cancelled makes way. `_active` is what the index says.
_AT_WORK = select(func.count()).where(
    runs.c.project == bindparam("project"),
    _active,
    runs.c.status.in_(("queued", "in_progress")),
)
_HOLD_PROJECT = text("SELECT pg_advisory_xact_lock(7405928, hashtext(:project))")
_HOLD = update(runs).where(_key).values(worker_id=bindparam("new_holder"))


# A process whose lease lapsed may still be at work on a run that another has taken over.
_held = or_(
    bindparam("holder", type_=String).is_(None),
    runs.c.worker_id == bindparam("holder", type_=String),
)


def _mover(to: RunStatus) -> Update:
    return (
        update(runs)
        .where(_key, text(status_in(*sorted(ALLOWED_FROM[to]))), _held)
        .values(status=to)
        .returning(runs.c.metadata)
    )


_MOVE = {to: _mover(to) for to in ALLOWED_FROM}


def create(connection: Connection, run: StoredRun) -> None:
    values = run.model_dump(exclude=_SETTINGS | {"object"})
    known = ("streamed", "worker_id", "include_content", "project", "request_id")
    values |= {name: getattr(run, name) for name in known}
    values["horizon"] = run.horizon.model_dump() if run.horizon else None
    connection.execute(_INSERT, {**values, "settings": run.model_dump(include=_SETTINGS)})


def retrieve(connection: Connection, thread_id: str, run_id: str) -> StoredRun:
    """Raises `NotFound`."""
    row = connection.execute(_BY_ID, {"key": run_id, "thread_id": thread_id}).first()
    if row is None:
        raise not_found("run", run_id)
    return _run(row)


def find(connection: Connection, run_id: str) -> StoredRun | None:
    row = connection.execute(_BY_KEY, {"key": run_id}).first()
    return None if row is None else _run(row)


def lock(connection: Connection, run_id: str) -> StoredRun:
    """Return the run and hold its row until the transaction ends.

    Raises `StaleRun` where the run is gone (its thread was deleted).
    """
    row = connection.execute(_LOCKED, {"key": run_id}).first()
    if row is None:
        raise StaleRun(run_id)
    return _run(row)


def move(
    connection: Connection,
    run: StoredRun,
    to: RunStatus,
    *,
    held_by: str | None = None,
    **values: Any,
) -> StoredRun:
    """Change the run's status, and fields with it, where the table of transitions allows it.

    With `held_by`, only while that process carries the run. A run that ends is counted in its
    project's usage. Raises `StaleRun` where no row moved: another hand was first.
    """
    columns = {
        name: value.model_dump() if isinstance(value, WireObject) else value
        for name, value in values.items()
    }
    row = connection.execute(_MOVE[to], {**columns, "key": run.id, "holder": held_by}).first()
    if row is None:
        raise StaleRun(run.id)
    # Nothing else of a run changes but by its moves: it need not be read again.
    moved = run.model_copy(update={**values, "status": to, "metadata": row.metadata})
    if to in TERMINAL:
        usage.add(connection, run.project, run, moved.usage or Usage())
    return moved


def set_metadata(
    connection: Connection, thread_id: str, run_id: str, metadata: dict[str, str]
) -> StoredRun:
    """Raises `NotFound`."""
    connection.execute(_METADATA, {"key": run_id, "new_metadata": metadata})
    return retrieve(connection, thread_id, run_id)


def active_on(connection: Connection, thread_id: str) -> StoredRun | None:
    """Return the oldest run of the thread that has not ended."""
    row = connection.execute(_OLDEST_ACTIVE, {"thread_id": thread_id}).first()
    return None if row is None else _run(row)


def all_active_on(connection: Connection, thread_id: str) -> list[StoredRun]:
    """Return the runs of the thread that have not ended, the oldest first."""
    rows = connection.execute(_ACTIVE_ON_THREAD, {"thread_id": thread_id})
    return [_run(row) for row in rows]


def hold_active_on(connection: Connection, thread_id: str) -> list[StoredRun]:
    """Return the same, held until the transaction ends: none of them ends meanwhile."""
    rows = connection.execute(_HELD_ON_THREAD, {"thread_id": thread_id})
    return [_run(row) for row in rows]


def count_at_work(connection: Connection, project: str) -> int:
    """Return how many runs of the project wait to be carried on, or are.

    The project is held until the transaction ends, so that two who count don't both find room.
    """
    # SQLite has one writer anyway.
    if connection.dialect.name == "postgresql":
        connection.execute(_HOLD_PROJECT, {"project": project})
    return int(connection.execute(_AT_WORK, {"project": project}).scalar_one())


def list_page(connection: Connection, thread_id: str, page: Page) -> tuple[list[StoredRun], bool]:
    rows, has_more = read_page(connection, runs, "run", page, thread_id=thread_id)
    return [_run(row) for row in rows], has_more


def expired(connection: Connection, now: int) -> list[str]:
    """Return the ids of active runs whose time is over."""
    return list(connection.execute(_EXPIRED, {"now": now}).scalars())


def held_by(connection: Connection, worker_id: str) -> list[StoredRun]:
    """Return the runs that this process is to carry on or to cancel."""
    return [_run(row) for row in connection.execute(_HELD, {"worker_id": worker_id})]


def take_orphans(
    connection: Connection, worker_id: str, moment: float, *, limit: int
) -> list[StoredRun]:
    """Take over runs that no living process carries at `moment` (Unix seconds), oldest first."""
    orphans = [_run(row) for row in connection.execute(_ORPHANS, {"now": moment, "count": limit})]
    for run in orphans:
        connection.execute(_HOLD, {"key": run.id, "new_holder": worker_id})
    return orphans


def _run(row: Row[Any]) -> StoredRun:
    return StoredRun.model_validate({**row._mapping, **row.settings})
