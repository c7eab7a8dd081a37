"""Statements about runs. A run's status changes only through `move`."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    String,
    Update,
    bindparam,
    func,
    null,
    or_,
    select,
    text,
    update,
)

from app.db import summaries, usage
from app.db.paging import Page, read_page
from app.db.prepared import Prepared
from app.db.rows import RUNS, RunRow
from app.db.tables import ACTIVE, runs, status_in
from app.domain.clock import milliseconds
from app.domain.errors import StaleRun, not_found
from app.domain.run_status import ALLOWED_FROM, TERMINAL, RunStatus
from app.schemas.runs import NO_USAGE


class Ended(NamedTuple):
    """A run that has ended, and the next one in its thread's line, if there is one."""

    run: RunRow
    next_run_id: str | None


class ActiveRun(NamedTuple):
    """A place in a thread's line of runs."""

    id: str
    status: RunStatus


_key = runs.c.id == bindparam("key")
_in_thread = runs.c.thread_id == bindparam("thread_id")
_active = text(ACTIVE)

_BY_KEY = select(runs).where(_key)
_BY_ID = select(runs).where(_key, _in_thread)
_LOCKED = select(runs).where(_key).with_for_update()
_HOLDER = Prepared(select(runs.c.status, runs.c.worker_id).where(_key).with_for_update())
_METADATA = update(runs).where(_key).values(metadata=bindparam("new_metadata"))
_ACTIVE_ON_THREAD = select(runs).where(_in_thread, _active).order_by(runs.c.sequence)
_OLDEST_ACTIVE = _ACTIVE_ON_THREAD.limit(1)
_FIRST_TWO = select(runs).where(_in_thread).order_by(runs.c.sequence).limit(2)
_LINE = Prepared(
    select(runs.c.id, runs.c.status).where(_in_thread, _active).order_by(runs.c.sequence)
)
_FIRST_CHAT = (
    select(runs.c.id)
    .where(_in_thread, _active, runs.c.question.is_not(null()))
    .order_by(runs.c.sequence)
    .limit(1)
)
_HELD_ON_THREAD = _ACTIVE_ON_THREAD.with_for_update()
# A run that is being cancelled does not count. `_active` is the partial index's condition.
_AT_WORK = select(func.count()).where(
    runs.c.project == bindparam("project"),
    _active,
    runs.c.status.in_(("queued", "in_progress")),
)
_RESERVED = select(func.coalesce(func.sum(runs.c.reserved_tokens), 0)).where(
    runs.c.project == bindparam("project"), _active
)
_RESERVED_BY_VISITORS = _RESERVED.where(runs.c.by_visitor)
_RESERVED_BY_KEY = _RESERVED.where(runs.c.key_id == bindparam("key_id"))
_HOLD_PROJECT = text("SELECT pg_advisory_xact_lock(7405928, hashtext(:project))")

# A process whose lease lapsed may still be executing a run that another has taken over.
_held = or_(
    bindparam("holder", type_=String).is_(None),
    runs.c.worker_id == bindparam("holder", type_=String),
)


_others = runs.alias("others")
_next_in_line = (
    select(_others.c.id)
    .where(
        # Bound, not `runs.thread_id`: on SQLite, columns in RETURNING are written without their
        # table, so in this subquery it would be the column of `others`.
        _others.c.thread_id == bindparam("of_thread"),
        # In this subquery, the unqualified `status` in `_active` is that of `others`.
        _active,
        # A statement's subqueries may not see its own changes.
        _others.c.id != bindparam("key"),
    )
    .order_by(_others.c.sequence)
    .limit(1)
    .scalar_subquery()
)


def _mover(to: RunStatus) -> Update:
    statement = (
        update(runs)
        .where(_key, text(status_in(*sorted(ALLOWED_FROM[to]))), _held)
        .values(status=to)
    )
    if to in TERMINAL:
        return statement.returning(runs.c.metadata, _next_in_line.label("next_run_id"))
    return statement.returning(runs.c.metadata)


_MOVE = {to: Prepared(_mover(to)) for to in ALLOWED_FROM}


def create(connection: Connection, run: RunRow) -> None:
    RUNS.insert(connection, run)


def retrieve(connection: Connection, thread_id: str, run_id: str) -> RunRow:
    """Raises `NotFound`."""
    row = connection.execute(_BY_ID, {"key": run_id, "thread_id": thread_id}).first()
    if row is None:
        raise not_found("run", run_id)
    return RUNS.read(row)


def find(connection: Connection, run_id: str) -> RunRow | None:
    return RUNS.read_first(connection.execute(_BY_KEY, {"key": run_id}).first())


def only_one_on(connection: Connection, thread_id: str) -> RunRow | None:
    """Return the thread's run if it has exactly one."""
    found = connection.execute(_FIRST_TWO, {"thread_id": thread_id}).all()
    return RUNS.read(found[0]) if len(found) == 1 else None


def lock(connection: Connection, run_id: str) -> RunRow:
    """Return the run and lock its row until the transaction ends.

    Raises `StaleRun` if the run is gone (its thread was deleted).
    """
    row = connection.execute(_LOCKED, {"key": run_id}).first()
    if row is None:
        raise StaleRun(run_id)
    return RUNS.read(row)


def hold(connection: Connection, run_id: str, worker_id: str) -> None:
    """Lock a run that the process `worker_id` executes until the transaction ends.

    Raises `StaleRun` if it does not execute it any more.
    """
    if _HOLDER.first(connection, {"key": run_id}) != ("in_progress", worker_id):
        raise StaleRun(run_id)


def move(
    connection: Connection,
    run: RunRow,
    to: RunStatus,
    *,
    held_by: str | None = None,
    **values: Any,
) -> RunRow:
    """Change the status of a run that continues, together with some fields.

    With `held_by`, only while that process executes the run. Raises `StaleRun` if no row was
    changed: the run's status or process has changed meanwhile.
    """
    moved, _ = _moved(connection, run, to, held_by, values)
    return moved


def end(
    connection: Connection,
    run: RunRow,
    to: RunStatus,
    *,
    held_by: str | None = None,
    shares: Sequence[usage.Share] = (),
    **values: Any,
) -> Ended:
    """End a run with a terminal status, and count it in its project's usage.

    `shares`: its usage by who answered.

    The run must be locked: else one that is created meanwhile could find it active and wait, and
    not be seen by the statement that ends it, which had begun before.

    Raises `StaleRun` as `move` does.
    """
    moved, next_run_id = _moved(
        connection, run, to, held_by, {"ended_ms": milliseconds(), **values}
    )
    usage.add(connection, run.project, run, moved.usage or NO_USAGE, shares)
    return Ended(moved, next_run_id)


def _moved(
    connection: Connection,
    run: RunRow,
    to: RunStatus,
    held_by: str | None,
    values: dict[str, Any],
) -> tuple[RunRow, str | None]:
    """Return the run, and if it has ended the next one in its thread's line."""
    keys = {"key": run.id, "holder": held_by}
    if to in TERMINAL:
        keys["of_thread"] = run.thread_id
    rows = _MOVE[to].write(connection, {**RUNS.encoded(values), **keys})
    if not rows:
        raise StaleRun(run.id)
    metadata, *others = rows[0]
    # Only moves change a run's other fields, so it need not be read again.
    moved = replace(run, **values, status=to, metadata=metadata)
    return moved, others[0] if others else None


def set_metadata(
    connection: Connection, thread_id: str, run_id: str, metadata: dict[str, str]
) -> RunRow:
    """Raises `NotFound`."""
    connection.execute(_METADATA, {"key": run_id, "new_metadata": metadata})
    return retrieve(connection, thread_id, run_id)


def active_on(connection: Connection, thread_id: str) -> RunRow | None:
    """Return the oldest run of the thread that has not ended."""
    return RUNS.read_first(connection.execute(_OLDEST_ACTIVE, {"thread_id": thread_id}).first())


def is_first(connection: Connection, run_id: str) -> bool:
    """Return whether the run is the oldest active one of its thread.

    If an older one is just ending, this waits for it: either its end sees this run and starts it,
    or this sees the end. Raises `StaleRun` if the run is gone.
    """
    run = find(connection, run_id)
    if run is None:
        raise StaleRun(run_id)
    # Locked in the order of the line, as all code that locks several runs of a thread does.
    while (first := active_on(connection, run.thread_id)) is not None and first.id != run_id:
        row = connection.execute(_LOCKED, {"key": first.id}).first()
        if row is not None and RUNS.read(row).status not in TERMINAL:
            return False
    return first is not None


def line_of(connection: Connection, thread_id: str) -> list[ActiveRun]:
    """Return the ids and statuses of the thread's active runs, oldest first."""
    return [ActiveRun(*row) for row in _LINE.all(connection, {"thread_id": thread_id})]


def first_chat_on(connection: Connection, thread_id: str) -> str | None:
    """Return the oldest run of the thread that waits with a question."""
    found: str | None = connection.execute(_FIRST_CHAT, {"thread_id": thread_id}).scalar()
    return found


def hold_active_on(connection: Connection, thread_id: str) -> list[RunRow]:
    """Return the runs of the thread that have not ended, oldest first.

    They are locked until the transaction ends, so that none of them ends meanwhile.
    """
    return RUNS.read_all(connection.execute(_HELD_ON_THREAD, {"thread_id": thread_id}))


def count_at_work(connection: Connection, project: str) -> int:
    """Return how many runs of the project are queued or in progress.

    The project is locked until the transaction ends, so that two transactions can't both count
    before either inserts.
    """
    _hold_project(connection, project)
    return int(connection.execute(_AT_WORK, {"project": project}).scalar_one())


def reserved_tokens(connection: Connection, project: str, *, of_visitors: bool) -> int:
    """Return how many tokens active runs and summaries reserve in the project's budget.

    `of_visitors`: only visitors' runs. Locks the project, as `count_at_work` does.
    """
    _hold_project(connection, project)
    statement = _RESERVED_BY_VISITORS if of_visitors else _RESERVED
    by_runs = int(connection.execute(statement, {"project": project}).scalar_one())
    return by_runs + summaries.reserved_tokens(connection, project, of_visitors=of_visitors)


def reserved_tokens_of_key(connection: Connection, project: str, key_id: str) -> int:
    """Return the same for a key of the project, by its identity."""
    _hold_project(connection, project)
    keys = {"project": project, "key_id": key_id}
    by_runs = int(connection.execute(_RESERVED_BY_KEY, keys).scalar_one())
    return by_runs + summaries.reserved_tokens_of_key(connection, project, key_id)


def _hold_project(connection: Connection, project: str) -> None:
    # SQLite has one writer anyway.
    if connection.dialect.name == "postgresql":
        connection.execute(_HOLD_PROJECT, {"project": project})


def list_page(connection: Connection, thread_id: str, page: Page) -> tuple[list[RunRow], bool]:
    rows, has_more = read_page(connection, runs, "run", page, thread_id=thread_id)
    return RUNS.read_all(rows), has_more
