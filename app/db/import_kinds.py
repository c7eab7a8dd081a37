"""How rows of each kind are imported: what must be there before them, and what is noted of them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Table, bindparam, select, update

from app.db import insight_days, resource_uses
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
from app.domain.access import SHARED

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


@dataclass(frozen=True)
class Kind(Generic[T]):
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


def note_runs(connection: Connection, written: Sequence[Any]) -> None:
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
KINDS: dict[type, Kind[Any]] = {
    FileRow: Kind(
        FILES, files, ("id", "project", "lacks_content", "bytes"), blocked=_without_free_bytes
    ),
    VectorStoreRow: Kind(
        VECTOR_STORES, vector_stores, ("id", "project", "last_active_at", "revision")
    ),
    StoreFileRow: Kind(
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
    AssistantRow: Kind(ASSISTANTS, assistants, ("id", "project"), note=_note_assistants),
    ThreadRow: Kind(THREADS, threads, ("id", "project"), note=_note_threads),
    RunRow: Kind(
        RUNS,
        runs,
        ("id", "project", "thread_id"),
        owner=("project", "thread_id"),
        parents={"thread_id": _own_threads},
        note=note_runs,
    ),
    MessageRow: Kind(
        MESSAGES,
        messages,
        ("id", "thread_id"),
        owner=("thread_id",),
        parents={"thread_id": _own_threads},
        note=_note_messages,
    ),
    StepRow: Kind(
        STEPS,
        steps,
        ("id", "run_id", "thread_id"),
        owner=("run_id", "thread_id"),
        parents={"thread_id": _own_threads, "run_id": _own_runs},
    ),
    FeedbackRow: Kind(
        FEEDBACK,
        feedback,
        ("id", "project", "thread_id"),
        owner=("project", "thread_id"),
        parents={"thread_id": _own_threads, "id": _own_answers},
        id_of="message of the assistant",
    ),
}
