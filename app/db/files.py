"""Statements about files, and about bytes without a file.

A file's id is in `file_removals` before its first byte is stored, and again after the file was
deleted: whatever happens, some row always refers to the bytes.
"""

from sqlalchemy import Connection, String, bindparam, delete, or_, select, update

from app.db.file_rows import FILE_REMOVALS, FILES, FileRemovalRow, FileRow
from app.db.file_tables import file_removals, files
from app.db.paging import Page, read_page
from app.db.tables import resource_uses
from app.domain.access import REMOVED, SHARED, Caller
from app.domain.errors import NotFound

_key = files.c.id == bindparam("key")
_of_project = files.c.project == bindparam("of_project")
_BY_ID = select(files).where(_key, or_(_of_project, files.c.project == SHARED))
_OF_SESSION = select(files).where(
    _key, _of_project, files.c.session_id == bindparam("of_session", type_=String)
)
_MADE_FOR = (
    select(files)
    .join(resource_uses, resource_uses.c.resource_id == files.c.id)
    .where(
        resource_uses.c.used_by == bindparam("thread_id"),
        files.c.purpose == "assistants_output",
        files.c.project != REMOVED,
    )
    .order_by(files.c.sequence.desc())
    .limit(bindparam("count"))
)
_DELETE = delete(files).where(_key, _of_project)
_DELETE_EXPIRED = delete(files).where(files.c.expires_at <= bindparam("now")).returning(files.c.id)

_POSTPONE = (
    update(file_removals)
    .where(file_removals.c.file_id == bindparam("key"))
    .values(due_at=bindparam("due"))
)
_DUE = (
    select(file_removals.c.file_id)
    .where(file_removals.c.due_at <= bindparam("now"))
    .order_by(file_removals.c.due_at)
    .limit(bindparam("count"))
)
_DROP_REMOVAL = delete(file_removals).where(file_removals.c.file_id == bindparam("key"))


def reserve(connection: Connection, file_id: str, due_at: int) -> None:
    """Announce bytes that will be stored. If they have no file by `due_at`, they are removed."""
    FILE_REMOVALS.insert(connection, FileRemovalRow(file_id, due_at))


def create(connection: Connection, file: FileRow) -> FileRow | None:
    """Insert the file whose bytes were announced; None if it is too late and they were removed."""
    if not drop_removal(connection, file.id):
        return None
    FILES.insert(connection, file)
    return file


def retrieve_for(connection: Connection, caller: Caller, file_id: str) -> FileRow:
    """Return a file that the caller may read: a session only its own. Raises `NotFound`."""
    if caller.session is None:
        return retrieve(connection, caller.project, file_id)
    keys = {"key": file_id, "of_project": caller.project, "of_session": caller.session}
    row = connection.execute(_OF_SESSION, keys).first()
    if row is None:
        raise _no_file(file_id)
    return FILES.read(row)


def retrieve(connection: Connection, project: str, file_id: str) -> FileRow:
    """Return a file of the project or of a configured assistant. Raises `NotFound`."""
    row = connection.execute(_BY_ID, {"key": file_id, "of_project": project}).first()
    if row is None:
        raise _no_file(file_id)
    return FILES.read(row)


def made_for(connection: Connection, thread_id: str, limit: int) -> list[FileRow]:
    """Return the files that tools have made for a thread, the newest first."""
    keys = {"thread_id": thread_id, "count": limit}
    return FILES.read_all(connection.execute(_MADE_FOR, keys))


def list_page(
    connection: Connection, project: str, page: Page, purpose: str | None
) -> tuple[list[FileRow], bool]:
    only = None if purpose is None else {"purpose": purpose}
    rows, has_more = read_page(connection, files, "file", page, only=only, project=project)
    return FILES.read_all(rows), has_more


def remove(connection: Connection, project: str, file_id: str, now: int) -> None:
    """Delete the file; its bytes are due for removal at once. Raises `NotFound`."""
    keys = {"key": file_id, "of_project": project}
    if connection.execute(_DELETE, keys).rowcount == 0:
        raise _no_file(file_id)
    reserve(connection, file_id, now)


def is_shared(connection: Connection, file_id: str) -> bool:
    """Return whether the file is the knowledge of a configured assistant."""
    row = connection.execute(_BY_ID, {"key": file_id, "of_project": SHARED}).first()
    return row is not None


def remove_expired(connection: Connection, now: int) -> None:
    """Delete the files that have expired; their bytes are due for removal at once."""
    expired = connection.execute(_DELETE_EXPIRED, {"now": now}).scalars()
    FILE_REMOVALS.insert(connection, *(FileRemovalRow(file_id, now) for file_id in expired))


def postpone(connection: Connection, file_id: str, due_at: int) -> bool:
    """Change when bytes without a file are due; False if there are no such bytes."""
    return connection.execute(_POSTPONE, {"key": file_id, "due": due_at}).rowcount > 0


def due_removals(connection: Connection, now: int, limit: int) -> list[str]:
    """Return the ids whose bytes are due for removal, the longest overdue first."""
    return list(connection.execute(_DUE, {"now": now, "count": limit}).scalars())


def drop_removal(connection: Connection, file_id: str) -> bool:
    """Drop the removal of bytes that are gone or have a file now; False if there was none."""
    return connection.execute(_DROP_REMOVAL, {"key": file_id}).rowcount > 0


def _no_file(file_id: str) -> NotFound:
    return NotFound(f"No such File object: {file_id}", param="id")
