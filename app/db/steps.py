"""Statements about run steps, and about the items of a run's earlier rounds."""

from typing import Any

from sqlalchemy import Connection, Text, bindparam, cast, delete, select, update

from app.db.paging import Page, read_page
from app.db.prepared import Prepared
from app.db.rows import RUN_ITEMS, STEPS, RunItemRow, StepRow
from app.db.tables import run_items, runs, steps
from app.domain.errors import not_found

_key = steps.c.id == bindparam("key")

# Columns that never change.
_FIXED = (
    *("id", "run_id", "thread_id", "assistant_id", "created_at", "type"),
    *("metadata", "expires_at", "imported"),
)

_BY_ID = select(steps).where(
    _key, steps.c.run_id == bindparam("run_id"), steps.c.thread_id == bindparam("thread_id")
)
_UPDATE = Prepared(update(steps).where(_key))
_DELETE = delete(steps).where(_key)
_OF_RUN = select(steps).where(steps.c.run_id == bindparam("run_id")).order_by(steps.c.sequence)
# Quotes inside of a JSON string are escaped, so no argument or output of a call looks like that.
_NEWEST_WITH = (
    select(steps.c.run_id)
    .join(runs, runs.c.id == steps.c.run_id)
    .where(
        runs.c.thread_id == bindparam("thread_id"),
        runs.c.id != bindparam("not_run"),
        steps.c.type == "tool_calls",
        cast(steps.c.step_details, Text).like(bindparam("pattern")),
    )
    .order_by(runs.c.sequence.desc())
    .limit(1)
)
_ITEMS = (
    select(run_items.c.item)
    .where(run_items.c.run_id == bindparam("run_id"))
    .order_by(run_items.c.sequence)
)


def create(connection: Connection, *new: StepRow) -> None:
    """Insert the steps, in their order."""
    STEPS.insert(connection, *new)


def save(connection: Connection, step: StepRow) -> None:
    """Save the columns that may change."""
    _UPDATE.write(connection, {**STEPS.values(step, without=_FIXED), "key": step.id})


def retrieve(connection: Connection, thread_id: str, run_id: str, step_id: str) -> StepRow:
    """Raises `NotFound`."""
    keys = {"key": step_id, "run_id": run_id, "thread_id": thread_id}
    row = connection.execute(_BY_ID, keys).first()
    if row is None:
        raise not_found("step", step_id)
    return STEPS.read(row)


def remove(connection: Connection, step_id: str) -> None:
    connection.execute(_DELETE, {"key": step_id})


def of_run(connection: Connection, run_id: str) -> list[StepRow]:
    """Return all steps of a run, oldest first."""
    return STEPS.read_all(connection.execute(_OF_RUN, {"run_id": run_id}))


def newest_run_with(
    connection: Connection, thread_id: str, call_type: str, *, not_run: str
) -> str | None:
    """Return the id of the thread's newest run with calls of this type, other than `not_run`."""
    keys = {"thread_id": thread_id, "pattern": f'%"{call_type}"%', "not_run": not_run}
    return connection.execute(_NEWEST_WITH, keys).scalar()


def list_page(
    connection: Connection, thread_id: str, run_id: str, page: Page
) -> tuple[list[StepRow], bool]:
    rows, has_more = read_page(connection, steps, "step", page, run_id=run_id, thread_id=thread_id)
    return STEPS.read_all(rows), has_more


def add_items(connection: Connection, run_id: str, items: list[dict[str, Any]]) -> None:
    """Save the items of a round for the next request, in their order."""
    RUN_ITEMS.insert(connection, *(RunItemRow(run_id, item) for item in items))


def items_of(connection: Connection, run_id: str) -> list[dict[str, Any]]:
    """Return the items of earlier rounds, in order."""
    return list(connection.execute(_ITEMS, {"run_id": run_id}).scalars())
