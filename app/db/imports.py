"""Statements that write imported rows, many at a time.

An object's id is taken as it is, so each statement checks whom an existing row belongs to. A row
that is there is overwritten only if an earlier import wrote it and nobody changed it since.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from sqlalchemy import Connection, Table, bindparam, select, update
from sqlalchemy.exc import DataError, IntegrityError

from app.db import insight_days, resource_uses, summaries
from app.db.feedback_rows import FEEDBACK, FeedbackRow
from app.db.feedback_tables import feedback
from app.db.file_contents import NO_CONTENT, files_without_content
from app.db.file_rows import FILES, FileRow
from app.db.file_tables import file_removals, files
from app.db.insight_days import DAY_MS, DayOf
from app.db.knowledge_rows import STORE_FILES, VECTOR_STORES, StoreFileRow, VectorStoreRow
from app.db.knowledge_tables import vector_store_files, vector_stores
from app.db.resource_uses import files_of, ids_of
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
from app.domain.access import REMOVED, SHARED

AnyRow = (
    AssistantRow
    | ThreadRow
    | MessageRow
    | RunRow
    | StepRow
    | FeedbackRow
    | FileRow
    | VectorStoreRow
    | StoreFileRow
)
T = TypeVar("T", bound=AnyRow)


class RowsRefused(Exception):
    """The database refused one of the rows; nothing was written."""


@dataclass(frozen=True)
class Written:
    """`existing`: the row was there, and it is unchanged."""

    how: Literal["created", "updated", "existing"]


@dataclass(frozen=True)
class Refused:
    """The row can't be written because of the value of `field`."""

    field: str
    reason: str


Outcome = Written | Refused

CREATED, UPDATED, EXISTING = Written("created"), Written("updated"), Written("existing")
# Says no more about an object of another project than that its id is not free.
_TAKEN = Refused("id", "This id can't be used here.")
_BEING_REMOVED = Refused(
    "id", "A file of this id was deleted, and its content is still being removed. Try again later."
)
_LEAVING = Refused(
    "id", "An object of this id was deleted, and is still being removed. Try again later."
)


@dataclass(frozen=True)
class Import:
    """The project that imports, and the function that returns what an import decides of a row."""

    project: str
    digest: Callable[[Any], str]


@dataclass(frozen=True)
class _Kind(Generic[T]):
    """How rows of one table are imported.

    `owner`: the column that must not differ from that of an existing row; None: `project`.
    `parents`: for each column that names an object which must be there, a function that returns
    which of some ids are, and locks them.
    """

    rows: RowMap[T]
    table: Table
    fixed: tuple[str, ...]
    owner: tuple[str, ...] = ("project",)
    parents: Mapping[str, "_FindParents"] | None = None
    # Returns which of some new ids can't be used yet.
    blocked: "Callable[[Connection, Collection[str]], Collection[str]] | None" = None
    note: Callable[[Connection, Sequence[T]], None] | None = None
    # What object has the row's own id, if `parents` names `id`.
    id_of: str = ""


_FindParents = Callable[[Connection, str, Collection[str]], Collection[str]]


def write(
    connection: Connection,
    importing: Import,
    rows: Sequence[AnyRow],
    assumed: set[str] | None = None,
) -> list[Outcome]:
    """Write rows with distinct ids; return what became of each. Raises `RowsRefused`.

    With `assumed`, nothing is written: the ids of the rows that would have been created are added
    to it, and objects with these ids may be referred to as if they existed.
    """
    outcomes: dict[int, Outcome] = {}
    try:
        # In the order in which they depend on each other.
        for kind, table in _KINDS.items():
            places = [place for place, row in enumerate(rows) if type(row) is kind]
            if places:
                writing = _Writing(connection, importing, table, assumed)
                some = writing.write([rows[place] for place in places])
                outcomes.update(zip(places, some, strict=True))
    except (DataError, IntegrityError) as error:
        raise RowsRefused from error
    return [outcomes[place] for place in range(len(rows))]


class _Writing(Generic[T]):
    def __init__(
        self,
        connection: Connection,
        importing: Import,
        kind: _Kind[T],
        assumed: set[str] | None,
    ) -> None:
        self._connection = connection
        self._importing = importing
        self._kind = kind
        self._assumed = assumed

    def write(self, rows: Sequence[T]) -> list[Outcome]:
        missing = self._missing_parents(rows)
        there = self._there(rows)
        blocked = self._blocked([row.id for row in rows if _key(row) not in there])
        outcomes = [
            self._orphan(row, missing) or self._compared(row, there.get(_key(row)), blocked)
            for row in rows
        ]
        new = [row for row, how in zip(rows, outcomes, strict=True) if how == CREATED]
        changed = [row for row, how in zip(rows, outcomes, strict=True) if how == UPDATED]
        if self._assumed is not None:
            self._assumed.update("".join(_key(row)) for row in new)
            return outcomes
        self._kind.rows.insert(self._connection, *new)
        for row in changed:
            self._overwrite(row, there[_key(row)])
        if self._kind.note is not None:
            self._kind.note(self._connection, [*new, *changed])
        return outcomes

    def _blocked(self, ids: Sequence[str]) -> Collection[str]:
        find = self._kind.blocked
        return find(self._connection, ids) if find is not None and ids else ()

    def _there(self, rows: Sequence[T]) -> dict[tuple[str, str], Any]:
        table = self._kind.table
        wanted = select(table).where(table.c.id.in_(sorted({row.id for row in rows})))
        found = self._connection.execute(wanted)
        return {_key(row): row for row in found}

    def _missing_parents(self, rows: Sequence[T]) -> dict[str, set[str]]:
        missing = {}
        for column, find in (self._kind.parents or {}).items():
            named = {getattr(row, column) for row in rows}
            there = find(self._connection, self._importing.project, named)
            missing[column] = named - set(there) - (self._assumed or set())
        return missing

    def _orphan(self, row: T, missing: Mapping[str, set[str]]) -> Refused | None:
        for column, ids in missing.items():
            if getattr(row, column) in ids:
                by_id = self._kind.id_of if column == "id" else ""
                named = by_id or column.removesuffix("_id").replace("_", " ")
                return Refused(column, f"No {named} found with id '{getattr(row, column)}'.")
        return None

    def _compared(self, row: T, found: Any, blocked: Collection[str]) -> Outcome:
        if found is None:
            if row.id in blocked:
                return _BEING_REMOVED
            return EXISTING if "".join(_key(row)) in (self._assumed or ()) else CREATED
        if getattr(found, "project", None) == REMOVED:
            return _LEAVING
        if not self._is_same_owner(row, found):
            return _TAKEN
        if found.imported is None or found.imported == row.imported:
            return EXISTING
        # Overwritten only if nobody has changed it since the import.
        before = self._kind.rows.read(found)
        return UPDATED if self._importing.digest(before) == found.imported else EXISTING

    def _is_same_owner(self, row: T, found: Any) -> bool:
        return all(getattr(row, name) == getattr(found, name) for name in self._kind.owner)

    def _overwrite(self, row: T, found: Any) -> None:
        table = self._kind.table
        values = self._kind.rows.values(row, without=self._kind.fixed)
        statement = update(table).where(table.c.id == bindparam("key"))
        keys = {"key": row.id}
        if isinstance(row, MessageRow):
            summaries.discard(self._connection, row.thread_id, found.sequence)
        if isinstance(row, RunRow):
            _note_runs(self._connection, [found])
        if isinstance(row, StoreFileRow):
            statement = statement.where(table.c.vector_store_id == bindparam("store"))
            keys["store"] = row.vector_store_id
        self._connection.execute(statement, {**values, **keys})


def _key(row: Any) -> tuple[str, str]:
    """Return what identifies a row: a file may be in several vector stores."""
    return getattr(row, "vector_store_id", ""), row.id


# The objects that rows belong to


def _locked(table: Table, *also: str) -> _FindParents:
    """Return a function that locks those of the ids that are the project's, or one of `also`.

    Locked, none of them is deleted meanwhile; on PostgreSQL, this hinders nobody else.
    """

    def lock(connection: Connection, project: str, ids: Collection[str]) -> Collection[str]:
        wanted = (
            select(table.c.id)
            .where(table.c.id.in_(sorted(ids)), table.c.project.in_((project, *also)))
            .order_by(table.c.sequence)
            .with_for_update(read=True, key_share=True)
        )
        return connection.execute(wanted).scalars().all()

    return lock


def _own_answers(connection: Connection, project: str, ids: Collection[str]) -> Collection[str]:
    wanted = (
        select(messages.c.id)
        .join(threads, threads.c.id == messages.c.thread_id)
        .where(
            messages.c.id.in_(sorted(ids)),
            messages.c.role == "assistant",
            threads.c.project == project,
        )
        .order_by(messages.c.sequence)
        .with_for_update(read=True, key_share=True, of=messages)
    )
    return connection.execute(wanted).scalars().all()


_own_threads = _locked(threads)
_own_runs = _locked(runs)
_own_stores = _locked(vector_stores)
_usable_files = _locked(files, SHARED)


# Which files and stores are used where


def _note_assistants(connection: Connection, written: Sequence[AssistantRow]) -> None:
    for row in written:
        resource_uses.note_assistant(connection, row.id, row.tool_resources)


def _note_threads(connection: Connection, written: Sequence[ThreadRow]) -> None:
    for row in written:
        if used := ids_of(row.tool_resources):
            resource_uses.note_thread(connection, row.id, used)


def _note_runs(connection: Connection, written: Sequence[Any]) -> None:
    """Count the days on which the runs ended anew."""
    days = {DayOf(run.project, run.ended_ms // DAY_MS) for run in written if run.ended_ms}
    insight_days.forget_days(connection, days)


def _note_messages(connection: Connection, written: Sequence[MessageRow]) -> None:
    by_thread: dict[str, set[str]] = {}
    for row in written:
        if used := files_of(row.attachments, row.content):
            by_thread.setdefault(row.thread_id, set()).update(used)
    for thread_id in sorted(by_thread):
        resource_uses.note_thread(connection, thread_id, by_thread[thread_id])


def _note_store_files(connection: Connection, written: Sequence[StoreFileRow]) -> None:
    """Fail the files whose bytes are not here; they would be read in vain."""
    lacking = files_without_content(connection, [row.id for row in written])
    table = vector_store_files
    statement = (
        update(table)
        .where(
            table.c.vector_store_id == bindparam("store"),
            table.c.id == bindparam("key"),
            table.c.status == "in_progress",
        )
        .values(status="failed", last_error=NO_CONTENT.model_dump())
    )
    for row in written:
        if row.id in lacking:
            connection.execute(statement, {"store": row.vector_store_id, "key": row.id})


def _without_free_bytes(connection: Connection, ids: Collection[str]) -> Collection[str]:
    """Return the ids of deleted files whose bytes may still be there, and would be removed."""
    wanted = select(file_removals.c.file_id).where(file_removals.c.file_id.in_(sorted(ids)))
    return connection.execute(wanted).scalars().all()


# In the order in which rows depend on each other.
_KINDS: dict[type, _Kind[Any]] = {
    FileRow: _Kind(
        FILES, files, ("id", "project", "lacks_content", "bytes"), blocked=_without_free_bytes
    ),
    VectorStoreRow: _Kind(
        VECTOR_STORES, vector_stores, ("id", "project", "last_active_at", "revision")
    ),
    StoreFileRow: _Kind(
        STORE_FILES,
        vector_store_files,
        (
            *("id", "vector_store_id", "batch_id", "status", "usage_bytes", "last_error"),
            *("worker_id", "held_until", "attempts", "revision"),
        ),
        owner=("vector_store_id",),
        parents={"vector_store_id": _own_stores, "id": _usable_files},
        note=_note_store_files,
        id_of="file",
    ),
    AssistantRow: _Kind(ASSISTANTS, assistants, ("id", "project"), note=_note_assistants),
    ThreadRow: _Kind(THREADS, threads, ("id", "project"), note=_note_threads),
    RunRow: _Kind(
        RUNS,
        runs,
        ("id", "project", "thread_id"),
        owner=("project", "thread_id"),
        parents={"thread_id": _own_threads},
        note=_note_runs,
    ),
    MessageRow: _Kind(
        MESSAGES,
        messages,
        ("id", "thread_id"),
        owner=("thread_id",),
        parents={"thread_id": _own_threads},
        note=_note_messages,
    ),
    StepRow: _Kind(
        STEPS,
        steps,
        ("id", "run_id", "thread_id"),
        owner=("run_id", "thread_id"),
        parents={"thread_id": _own_threads, "run_id": _own_runs},
    ),
    FeedbackRow: _Kind(
        FEEDBACK,
        feedback,
        ("id", "project", "thread_id"),
        owner=("project", "thread_id"),
        parents={"thread_id": _own_threads, "id": _own_answers},
        id_of="message of the assistant",
    ),
}
