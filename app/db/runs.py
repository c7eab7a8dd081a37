"""Statements about runs. A run's status changes only through `move`."""

from typing import Any, NamedTuple

from pydantic import BaseModel, Field
from sqlalchemy import (
    Connection,
    Row,
    String,
    Update,
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
from app.db.tables import ACTIVE, runs, status_in
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


class ActiveRun(NamedTuple):
    """A place in a thread's line of runs."""

    id: str
    status: RunStatus


class StoredRun(Run):
    """A run with what only the server knows of it; on the wire it is a `Run`."""

    streamed: bool = Field(exclude=True)
    worker_id: str | None = Field(exclude=True)
    project: str = Field(default=DEFAULT_PROJECT, exclude=True)
    request_id: str | None = Field(default=None, exclude=True)
    include_content: bool = Field(default=False, exclude=True)
    horizon: Horizon | None = Field(default=None, exclude=True)
    # How often it was taken over from a process that was lost with it.
    takeovers: int = Field(default=0, exclude=True)
    # What it counts as in its project's budget while it is active.
    reserved_tokens: int = Field(default=0, exclude=True)
    by_visitor: bool = Field(default=False, exclude=True)


# Columns of what is not on the wire.
_KNOWN_HERE = (
    *("streamed", "worker_id", "include_content", "project", "request_id"),
    *("reserved_tokens", "by_visitor"),
)

_key = runs.c.id == bindparam("key")
_in_thread = runs.c.thread_id == bindparam("thread_id")
_active = text(ACTIVE)

_INSERT = insert(runs)
_BY_KEY = select(runs).where(_key)
_BY_ID = select(runs).where(_key, _in_thread)
_LOCKED = select(runs).where(_key).with_for_update()
_METADATA = update(runs).where(_key).values(metadata=bindparam("new_metadata"))
_ACTIVE_ON_THREAD = select(runs).where(_in_thread, _active).order_by(runs.c.sequence)
_OLDEST_ACTIVE = _ACTIVE_ON_THREAD.limit(1)
_LINE = select(runs.c.id, runs.c.status).where(_in_thread, _active).order_by(runs.c.sequence)
_HELD_ON_THREAD = _ACTIVE_ON_THREAD.with_for_update()
# One that is being cancelled makes way. `_active` is what the index says.
_AT_WORK = select(func.count()).where(
    runs.c.project == bindparam("project"),
    _active,
    runs.c.status.in_(("queued", "in_progress")),
)
_RESERVED = select(func.coalesce(func.sum(runs.c.reserved_tokens), 0)).where(
    runs.c.project == bindparam("project"), _active
)
_RESERVED_BY_VISITORS = _RESERVED.where(runs.c.by_visitor)
_HOLD_PROJECT = text("SELECT pg_advisory_xact_lock(7405928, hashtext(:project))")

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
    values |= {name: getattr(run, name) for name in _KNOWN_HERE}
    values["horizon"] = run.horizon.model_dump() if run.horizon else None
    connection.execute(_INSERT, {**values, "settings": run.model_dump(include=_SETTINGS)})


def retrieve(connection: Connection, thread_id: str, run_id: str) -> StoredRun:
    """Raises `NotFound`."""
    row = connection.execute(_BY_ID, {"key": run_id, "thread_id": thread_id}).first()
    if row is None:
        raise not_found("run", run_id)
    return stored_run(row)


def find(connection: Connection, run_id: str) -> StoredRun | None:
    row = connection.execute(_BY_KEY, {"key": run_id}).first()
    return None if row is None else stored_run(row)


def lock(connection: Connection, run_id: str) -> StoredRun:
    """Return the run and hold its row until the transaction ends.

    Raises `StaleRun` where the run is gone (its thread was deleted).
    """
    row = connection.execute(_LOCKED, {"key": run_id}).first()
    if row is None:
        raise StaleRun(run_id)
    return stored_run(row)


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
    return None if row is None else stored_run(row)


def line_of(connection: Connection, thread_id: str) -> list[ActiveRun]:
    """Return the runs of the thread that have not ended, the oldest first, by no more than this."""
    return [ActiveRun(*row) for row in connection.execute(_LINE, {"thread_id": thread_id})]


def all_active_on(connection: Connection, thread_id: str) -> list[StoredRun]:
    """Return the runs of the thread that have not ended, the oldest first."""
    rows = connection.execute(_ACTIVE_ON_THREAD, {"thread_id": thread_id})
    return [stored_run(row) for row in rows]


def hold_active_on(connection: Connection, thread_id: str) -> list[StoredRun]:
    """Return the same, held until the transaction ends: none of them ends meanwhile."""
    rows = connection.execute(_HELD_ON_THREAD, {"thread_id": thread_id})
    return [stored_run(row) for row in rows]


def count_at_work(connection: Connection, project: str) -> int:
    """Return how many runs of the project wait to be carried on, or are.

    The project is held until the transaction ends, so that two who count don't both find room.
    """
    _hold_project(connection, project)
    return int(connection.execute(_AT_WORK, {"project": project}).scalar_one())


def reserved_tokens(connection: Connection, project: str, *, of_visitors: bool) -> int:
    """Return what the project's active runs count as in its budget; `of_visitors`: only theirs.

    The project is held until the transaction ends, as by `count_at_work`.
    """
    _hold_project(connection, project)
    statement = _RESERVED_BY_VISITORS if of_visitors else _RESERVED
    return int(connection.execute(statement, {"project": project}).scalar_one())


def _hold_project(connection: Connection, project: str) -> None:
    # SQLite has one writer anyway.
    if connection.dialect.name == "postgresql":
        connection.execute(_HOLD_PROJECT, {"project": project})


def list_page(connection: Connection, thread_id: str, page: Page) -> tuple[list[StoredRun], bool]:
    rows, has_more = read_page(connection, runs, "run", page, thread_id=thread_id)
    return [stored_run(row) for row in rows], has_more


def stored_run(row: Row[Any]) -> StoredRun:
    return StoredRun.model_validate({**row._mapping, **row.settings})
