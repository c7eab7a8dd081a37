"""Statements about the files of vector stores, except those that turn files into chunks."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, text, update

from app.db.file_tables import files
from app.db.knowledge_rows import STORE_FILES, StoreFileRow
from app.db.knowledge_tables import vector_store_files as store_files
from app.db.paging import Page, read_page
from app.domain.access import SHARED
from app.domain.errors import NotFound
from app.schemas.vector_stores import FileStatus, StoredAttributes

# Far below the number of parameters that either database allows in one statement.
_AT_ONCE = 1000
# The columns of a file that will be read again.
_WAITING: dict[str, Any] = {
    "status": "in_progress",
    "last_error": None,
    "worker_id": None,
    "held_until": None,
    "attempts": 0,
}


@dataclass(frozen=True)
class NewFile:
    """A file to add to a store. `attributes` is None to keep those that it has there, if any."""

    file_id: str
    attributes: StoredAttributes | None
    chunking_strategy: dict[str, Any]
    # It is attached to a message, and is deleted with its thread.
    of_thread: bool = False


@dataclass(frozen=True)
class SearchableFile:
    store_id: str
    file_id: str
    filename: str
    attributes: StoredAttributes


_in_store = store_files.c.vector_store_id == bindparam("store_id")
_key = store_files.c.id == bindparam("key")
_keys = store_files.c.id.in_(bindparam("keys", expanding=True))

# Locked until the transaction ends: deleting a file meanwhile would break the reference to it.
_KNOWN = (
    select(files.c.id)
    .where(
        files.c.id.in_(bindparam("keys", expanding=True)),
        files.c.project.in_((bindparam("of_project"), SHARED)),
    )
    .with_for_update(read=True, key_share=True)
)
_THERE = select(store_files).where(_in_store, _keys)
_BY_ID = select(store_files).where(_in_store, _key)
_UPDATE = update(store_files).where(_in_store, _key)
_DELETE = delete(store_files).where(_in_store, _key)
_SEARCHABLE = (
    select(
        store_files.c.vector_store_id, store_files.c.id, files.c.filename, store_files.c.attributes
    )
    .join(files, files.c.id == store_files.c.id)
    .where(
        store_files.c.vector_store_id.in_(bindparam("stores", expanding=True)),
        # Otherwise only some of its chunks may exist.
        store_files.c.usage_bytes > 0,
    )
)
_SEARCHABLE_OF = _SEARCHABLE.where(_keys)


_ANY_WAITING = (
    select(store_files.c.sequence)
    .where(
        # A literal condition, so that both databases can use the partial index of waiting files.
        text("vector_store_files.status = 'in_progress'"),
        store_files.c.vector_store_id.in_(bindparam("stores", expanding=True)),
    )
    .limit(1)
)


def any_waiting(connection: Connection, store_ids: Sequence[str]) -> bool:
    """Return whether one of the stores has a file that has not been read yet."""
    return connection.execute(_ANY_WAITING, {"stores": [*store_ids]}).first() is not None


def attach(
    connection: Connection,
    project: str,
    store_id: str,
    new: Sequence[NewFile],
    now: int,
    batch_id: str | None = None,
) -> None:
    """Add the files to the store, which this transaction has locked. The last of duplicates counts.

    A file that is already there is read again only if its chunking changes, or if it was cancelled
    or failed. Raises `NotFound` for a file that is not the project's.
    """
    wanted = list({file.file_id: file for file in new}.values())
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        _check_known(connection, project, [file.file_id for file in some])
        _attach(connection, store_id, some, now, batch_id)


def _check_known(connection: Connection, project: str, keys: list[str]) -> None:
    known = set(connection.execute(_KNOWN, {"keys": keys, "of_project": project}).scalars())
    for key in keys:
        if key not in known:
            raise NotFound(f"No such File object: {key}", param="id")


def _attach(
    connection: Connection, store_id: str, new: list[NewFile], now: int, batch_id: str | None
) -> None:
    keys = [file.file_id for file in new]
    rows = connection.execute(_THERE, {"store_id": store_id, "keys": keys})
    there = {row.id: row for row in STORE_FILES.read_all(rows)}
    added = [_row(store_id, file, now, batch_id) for file in new if file.file_id not in there]
    STORE_FILES.insert(connection, *added)
    for file in new:
        if file.file_id in there:
            _renew(connection, store_id, file, there[file.file_id], batch_id)


def _row(store_id: str, file: NewFile, now: int, batch_id: str | None) -> StoreFileRow:
    return StoreFileRow(
        id=file.file_id,
        vector_store_id=store_id,
        batch_id=batch_id,
        created_at=now,
        of_thread=file.of_thread,
        attributes=file.attributes or {},
        chunking_strategy=file.chunking_strategy,
    )


def _renew(
    connection: Connection, store_id: str, file: NewFile, row: StoreFileRow, batch_id: str | None
) -> None:
    values: dict[str, Any] = {}
    if row.of_thread and not file.of_thread:
        values["of_thread"] = False
    if file.attributes is not None:
        values["attributes"] = file.attributes
    if batch_id is not None:
        values["batch_id"] = batch_id
    is_unchanged = file.chunking_strategy == row.chunking_strategy
    if not (is_unchanged and row.status in ("in_progress", "completed")):
        values |= {**_WAITING, "chunking_strategy": file.chunking_strategy}
    if values:
        modify(connection, store_id, file.file_id, values)


def retrieve(connection: Connection, store_id: str, file_id: str) -> StoreFileRow:
    """Raises `NotFound`."""
    row = connection.execute(_BY_ID, {"store_id": store_id, "key": file_id}).first()
    if row is None:
        raise _not_in_store(store_id, file_id)
    return STORE_FILES.read(row)


def modify(connection: Connection, store_id: str, file_id: str, values: dict[str, Any]) -> None:
    """Write `values` (columns by name). Raises `NotFound`."""
    keys = {"store_id": store_id, "key": file_id}
    if connection.execute(_UPDATE, {**STORE_FILES.encoded(values), **keys}).rowcount == 0:
        raise _not_in_store(store_id, file_id)


def remove(connection: Connection, store_id: str, file_id: str) -> None:
    """Remove the file from the store, with its chunks; the file itself stays. Raises `NotFound`."""
    keys = {"store_id": store_id, "key": file_id}
    if connection.execute(_DELETE, keys).rowcount == 0:
        raise _not_in_store(store_id, file_id)


def list_page(
    connection: Connection, page: Page, status: FileStatus | None, **scope: str
) -> tuple[list[StoreFileRow], bool]:
    """Return files of the store or batch given in `scope` by its column."""
    only = {} if status is None else {"status": status}
    wanted: dict[str, Any] = dict(scope)
    rows, has_more = read_page(connection, store_files, "file", page, only=only, **wanted)
    return STORE_FILES.read_all(rows), has_more


def searchable(
    connection: Connection, store_ids: Collection[str], file_ids: Collection[str] | None = None
) -> list[SearchableFile]:
    """Return the files of these stores that have all their chunks; `file_ids`: only these files."""
    values: dict[str, Any] = {"stores": list(store_ids)}
    if file_ids is not None:
        values["keys"] = list(file_ids)
    rows = connection.execute(_SEARCHABLE if file_ids is None else _SEARCHABLE_OF, values)
    return [SearchableFile(*row) for row in rows]


def _not_in_store(store_id: str, file_id: str) -> NotFound:
    return NotFound(f"No file found with id '{file_id}' in vector store '{store_id}'.")
