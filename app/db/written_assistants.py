"""Statements about the assistants of the assistants file, and what they were created from."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, select, text, update

from app.db.file_tables import files
from app.db.knowledge_tables import vector_store_files, vector_stores
from app.db.rows import WRITTEN_ASSISTANTS, WrittenAssistantRow
from app.db.tables import written_assistants as written
from app.domain.access import DEFAULT_PROJECT, SHARED

# An arbitrary number that no other program uses in the same database.
_ADVISORY_LOCK = 7_405_927

_key = written.c.assistant_id == bindparam("key")

_ALL = select(written)
_UPDATE = update(written).where(_key)
_DELETE = delete(written).where(_key)
_OURS = (SHARED, DEFAULT_PROJECT)
_MOVE_FILES = (
    update(files)
    .where(files.c.id.in_(bindparam("keys", expanding=True)), files.c.project.in_(_OURS))
    .values(project=bindparam("to"))
)
_MOVE_STORES = (
    update(vector_stores)
    .where(
        vector_stores.c.id.in_(bindparam("keys", expanding=True)),
        vector_stores.c.project.in_(_OURS),
    )
    .values(project=bindparam("to"))
)
_THERE = select(files.c.id).where(files.c.id.in_(bindparam("keys", expanding=True)))
# A store to which an expiry was added will not last.
_SEARCHED = (
    select(vector_store_files.c.vector_store_id, vector_store_files.c.id)
    .join(vector_stores, vector_stores.c.id == vector_store_files.c.vector_store_id)
    .where(
        vector_stores.c.id.in_(bindparam("stores", expanding=True)),
        vector_stores.c.expires_at.is_(None),
    )
)

_FAILED = (
    select(vector_store_files.c.vector_store_id, files.c.filename, vector_store_files.c.last_error)
    .join(files, files.c.id == vector_store_files.c.id)
    .where(
        vector_store_files.c.vector_store_id.in_(bindparam("stores", expanding=True)),
        vector_store_files.c.status == "failed",
    )
    .order_by(vector_store_files.c.sequence)
)


@dataclass(frozen=True)
class UnreadFile:
    """A knowledge file that could not be read; `reason` is the error message."""

    store_id: str
    filename: str
    reason: str


def lock(connection: Connection) -> None:
    """Lock the assistants of the file until the transaction ends; other processes wait here."""
    # SQLite has one writer anyway.
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})


def records(connection: Connection) -> dict[str, WrittenAssistantRow]:
    """Return all records, by assistant id."""
    rows = WRITTEN_ASSISTANTS.read_all(connection.execute(_ALL))
    return {row.assistant_id: row for row in rows}


def give_knowledge(
    connection: Connection, project: str, file_ids: Sequence[str], store_ids: Sequence[str]
) -> None:
    """Move knowledge files and stores to the project: `SHARED` or the default one."""
    connection.execute(_MOVE_FILES, {"keys": file_ids, "to": project})
    connection.execute(_MOVE_STORES, {"keys": store_ids, "to": project})


def keep(connection: Connection, record: WrittenAssistantRow) -> None:
    values = WRITTEN_ASSISTANTS.values(record, without=("assistant_id",))
    if connection.execute(_UPDATE, {**values, "key": record.assistant_id}).rowcount == 0:
        WRITTEN_ASSISTANTS.insert(connection, record)


def forget(connection: Connection, assistant_id: str) -> None:
    connection.execute(_DELETE, {"key": assistant_id})


def files_there(connection: Connection, file_ids: Sequence[str]) -> set[str]:
    """Return those of the files that still exist."""
    return set(connection.execute(_THERE, {"keys": file_ids}).scalars())


def files_searched(connection: Connection, store_ids: Sequence[str]) -> set[tuple[str, str]]:
    """Return the files in these stores, as pairs of store id and file id."""
    rows = connection.execute(_SEARCHED, {"stores": store_ids})
    return {(row.vector_store_id, row.id) for row in rows}


def files_failed(connection: Connection, store_ids: Sequence[str]) -> list[UnreadFile]:
    """Return the files in these stores that could not be read, and why."""
    return [
        UnreadFile(row.vector_store_id, row.filename, (row.last_error or {}).get("message", ""))
        for row in connection.execute(_FAILED, {"stores": store_ids})
    ]
