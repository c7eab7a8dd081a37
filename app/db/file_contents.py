"""Statements about imported files whose bytes arrive after their row, or never."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from app.db import files as file_statements
from app.db.file_rows import FILES, FileRow
from app.db.file_tables import file_removals, files
from app.db.knowledge_rows import STORE_FILES
from app.db.knowledge_tables import vector_store_files
from app.domain.errors import InvalidRequest, NotFound
from app.schemas.vector_stores import FileError

# Why a file in a vector store has no text.
NO_CONTENT = FileError(code="invalid_file", message="The file's content was not imported.")

_key = files.c.id == bindparam("key")
_own = (_key, files.c.project == bindparam("of_project"))
_BY_ID = select(files).where(*_own).with_for_update()
_WITHOUT = select(files.c.id).where(
    files.c.id.in_(bindparam("keys", expanding=True)), files.c.lacks_content.is_(True)
)
_REMOVAL = select(file_removals.c.due_at).where(file_removals.c.file_id == bindparam("key"))
_FILLED = update(files).where(*_own, files.c.lacks_content.is_(True)).values(lacks_content=False)
_FAILED = select(vector_store_files).where(
    vector_store_files.c.id == bindparam("key"), vector_store_files.c.status == "failed"
)
_WAITS = (
    update(vector_store_files)
    .where(
        vector_store_files.c.id == bindparam("key"),
        vector_store_files.c.vector_store_id == bindparam("store"),
        vector_store_files.c.status == "failed",
    )
    .values(status="in_progress", last_error=bindparam("no_error"), attempts=0)
)


def files_without_content(connection: Connection, ids: Collection[str]) -> set[str]:
    """Return which of the files have no bytes."""
    return set(connection.execute(_WITHOUT, {"keys": sorted(ids)}).scalars())


def begin(
    connection: Connection, project: str, file_id: str, now: int, due_at: int
) -> FileRow | None:
    """Announce that the file's bytes will be stored; return the file, or None if it has its bytes.

    If they are not complete at `due_at`, they are removed. Raises `NotFound` for a file that is not
    the project's, and `InvalidRequest` while bytes of the same id are being removed.
    """
    keys = {"key": file_id, "of_project": project}
    file = FILES.read_first(connection.execute(_BY_ID, keys).first())
    if file is None:
        raise NotFound(f"No such File object: {file_id}", param="file_id")
    if not file.lacks_content:
        return None
    due = connection.execute(_REMOVAL, {"key": file_id}).scalar()
    if due is None:
        file_statements.reserve(connection, file_id, due_at)
    elif due > now:
        # An earlier import was interrupted.
        file_statements.postpone(connection, file_id, due_at)
    else:
        raise InvalidRequest(
            "Bytes of this id are being removed. Try again later.", param="file_id"
        )
    return file


def complete(connection: Connection, project: str, file_id: str, now: int) -> bool:
    """Record that the file has all of its bytes; vector stores that lacked them read it.

    Return False if the file is gone, or it took too long; then the bytes are removed.
    """
    if not file_statements.drop_removal(connection, file_id):
        return False
    keys = {"key": file_id, "of_project": project}
    if connection.execute(_FILLED, keys).rowcount == 0:
        file_statements.reserve(connection, file_id, now)
        return False
    for row in STORE_FILES.read_all(connection.execute(_FAILED, {"key": file_id})):
        if row.last_error == NO_CONTENT:
            values: dict[str, Any] = {"key": file_id, "store": row.vector_store_id}
            connection.execute(_WAITS, {**values, "no_error": None})
    return True
