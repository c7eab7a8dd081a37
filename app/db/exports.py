"""Statements that read everything a project owns, in pages, oldest first.

Each page is a short read, so an export hinders nobody, however large it is. What is created after
it began may be missing, except that what an object needs was always exported before it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, Table, bindparam, func, select

from app.db import vector_stores as store_statements
from app.db.feedback_rows import FEEDBACK, FeedbackRow
from app.db.feedback_tables import feedback
from app.db.file_rows import FILES, FileRow
from app.db.file_tables import files
from app.db.knowledge_rows import STORE_FILES, VECTOR_STORES, StoreFileRow, VectorStoreRow
from app.db.knowledge_tables import vector_store_files, vector_stores
from app.db.row_map import RowMap
from app.db.rows import (
    ASSISTANTS,
    MESSAGES,
    RUNS,
    STEPS,
    THREADS,
    AssistantRow,
    MessageRow,
    RunRow,
    StepRow,
    ThreadRow,
)
from app.db.tables import assistants, messages, runs, steps, threads
from app.db.vector_stores import StoreWithFiles

T = TypeVar("T")

# As many as the longest page of a list.
_AT_ONCE = 100


@dataclass(frozen=True)
class Part(Generic[T]):
    """Some rows, and where the next part begins; `after` is None at the end."""

    rows: Sequence[T]
    after: int | None


class _Pages(Generic[T]):
    """Reads the rows of a table whose column `scope` has one of some values."""

    def __init__(self, rows: RowMap[T], table: Table, scope: str) -> None:
        self._rows = rows
        self._statement = (
            select(table)
            .where(table.c[scope].in_(bindparam("values", expanding=True)), *_window(table))
            .order_by(table.c.sequence)
            .limit(_AT_ONCE)
        )

    def read(
        self, connection: Connection, values: Sequence[str], after: int, until: int | None = None
    ) -> Part[T]:
        limits = {"after": after, "until": 2**63 - 1 if until is None else until}
        found = connection.execute(self._statement, {"values": [*values], **limits}).all()
        last = found[-1].sequence if len(found) == _AT_ONCE else None
        return Part(self._rows.read_all(found), last)


def _window(table: Table) -> tuple[ColumnElement[bool], ...]:
    return table.c.sequence > bindparam("after"), table.c.sequence <= bindparam("until")


_FILES = _Pages(FILES, files, "project")
_STORES = _Pages(VECTOR_STORES, vector_stores, "project")
_STORE_FILES = _Pages(STORE_FILES, vector_store_files, "vector_store_id")
_ASSISTANTS = _Pages(ASSISTANTS, assistants, "project")
_THREADS = _Pages(THREADS, threads, "project")
_MESSAGES = _Pages(MESSAGES, messages, "thread_id")
_FEEDBACK = _Pages(FEEDBACK, feedback, "thread_id")
_RUNS = _Pages(RUNS, runs, "thread_id")
_STEPS = _Pages(STEPS, steps, "run_id")

_BOUNDED: Mapping[str, Table] = {
    table.name: table for table in (files, vector_stores, vector_store_files, assistants, threads)
}


def bounds(connection: Connection) -> dict[str, int]:
    """Return the newest sequence of each table that an export walks through, by its name."""
    return {
        name: connection.execute(select(func.max(table.c.sequence))).scalar() or 0
        for name, table in _BOUNDED.items()
    }


def file_part(connection: Connection, project: str, after: int, until: int) -> Part[FileRow]:
    return _FILES.read(connection, [project], after, until)


def store_part(
    connection: Connection, project: str, after: int, until: int
) -> Part[StoreWithFiles]:
    part = _STORES.read(connection, [project], after, until)
    stores: list[VectorStoreRow] = [*part.rows]
    return Part(store_statements.with_files(connection, stores), part.after)


def store_file_part(
    connection: Connection, store_id: str, after: int, until: int
) -> Part[StoreFileRow]:
    return _STORE_FILES.read(connection, [store_id], after, until)


def assistant_part(
    connection: Connection, project: str, after: int, until: int
) -> Part[AssistantRow]:
    return _ASSISTANTS.read(connection, [project], after, until)


def thread_part(connection: Connection, project: str, after: int, until: int) -> Part[ThreadRow]:
    return _THREADS.read(connection, [project], after, until)


def message_part(connection: Connection, thread_id: str, after: int) -> Part[MessageRow]:
    return _MESSAGES.read(connection, [thread_id], after)


def feedback_part(connection: Connection, thread_id: str, after: int) -> Part[FeedbackRow]:
    return _FEEDBACK.read(connection, [thread_id], after)


def run_part(connection: Connection, thread_id: str, after: int) -> Part[RunRow]:
    return _RUNS.read(connection, [thread_id], after)


def step_part(connection: Connection, run_ids: Sequence[str], after: int) -> Part[StepRow]:
    return _STEPS.read(connection, run_ids, after)


def first_of_thread(
    connection: Connection, thread_id: str
) -> tuple[Part[MessageRow], Part[FeedbackRow], Part[RunRow], Part[StepRow]]:
    """Return the first parts of a thread at once, which are all there is of most threads."""
    of_runs = run_part(connection, thread_id, 0)
    run_ids: list[Any] = [run.id for run in of_runs.rows]
    of_steps = step_part(connection, run_ids, 0) if run_ids else Part[StepRow]([], None)
    return (
        message_part(connection, thread_id, 0),
        feedback_part(connection, thread_id, 0),
        of_runs,
        of_steps,
    )
