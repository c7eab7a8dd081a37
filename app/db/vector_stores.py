"""Statements about vector stores. Their contents are counted when they are read.

A project finds only its own. All projects can read and search the knowledge of configured
assistants.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, or_, select, update

from app.db.knowledge_rows import VECTOR_STORES, VectorStoreRow
from app.db.knowledge_tables import vector_store_files, vector_stores
from app.db.paging import Page, read_page
from app.domain.access import SHARED
from app.domain.errors import Configured, InvalidRequest, not_found
from app.schemas.vector_stores import FileStatus

_key = vector_stores.c.id == bindparam("key")

_own = vector_stores.c.project == bindparam("of_project")

_BY_ID = select(vector_stores).where(_key, or_(_own, vector_stores.c.project == SHARED))
_OWN = select(vector_stores.c.id).where(_key, _own)
_UPDATE = update(vector_stores).where(_key, _own)
_DELETE = delete(vector_stores).where(_key, _own)
_alive = or_(vector_stores.c.expires_at.is_(None), vector_stores.c.expires_at > bindparam("now"))
# The expiry moves with the last use, from which it is counted.
_moved = {
    "last_active_at": bindparam("now"),
    "expires_at": vector_stores.c.expires_at + (bindparam("now") - vector_stores.c.last_active_at),
}
_USE = update(vector_stores).where(_key, _own, _alive).values(_moved)
_TOUCH = (
    update(vector_stores)
    .where(
        vector_stores.c.id.in_(bindparam("keys", expanding=True)),
        _alive,
        vector_stores.c.last_active_at < bindparam("now"),
    )
    .values(_moved)
)
_ALIVE = select(vector_stores.c.id, vector_stores.c.last_active_at).where(
    vector_stores.c.id.in_(bindparam("keys", expanding=True)),
    vector_stores.c.project.in_(bindparam("projects", expanding=True)),
    _alive,
)
_CONTENTS = (
    select(
        vector_store_files.c.vector_store_id,
        vector_store_files.c.status,
        func.count().label("files"),
        func.sum(vector_store_files.c.usage_bytes).label("bytes"),
    )
    .where(vector_store_files.c.vector_store_id.in_(bindparam("keys", expanding=True)))
    .group_by(vector_store_files.c.vector_store_id, vector_store_files.c.status)
)


@dataclass(frozen=True, slots=True)
class StoreWithFiles:
    """A store, the number of its files by status, and their total size."""

    store: VectorStoreRow
    files: Mapping[FileStatus, int]
    usage_bytes: int


def create(connection: Connection, store: VectorStoreRow) -> None:
    VECTOR_STORES.insert(connection, store)


def retrieve(connection: Connection, project: str, store_id: str) -> VectorStoreRow:
    """Return a store that the project may read. Raises `NotFound`."""
    row = connection.execute(_BY_ID, {"key": store_id, "of_project": project}).first()
    if row is None:
        raise not_found("vector_store", store_id)
    return VECTOR_STORES.read(row)


def check_own(connection: Connection, project: str, store_id: str) -> None:
    """Raises `NotFound`, and `Configured` for a store that the project may only read."""
    keys = {"key": store_id, "of_project": project}
    if connection.execute(_OWN, keys).first() is not None:
        return
    if connection.execute(_OWN, {"key": store_id, "of_project": SHARED}).first() is not None:
        raise Configured("Vector store", store_id)
    raise not_found("vector_store", store_id)


def use(connection: Connection, project: str, store_id: str, now: int) -> None:
    """Record that the store is used, and lock it until the transaction ends.

    Raises what `check_own` does, and `InvalidRequest` for a store that has expired.
    """
    keys = {"key": store_id, "of_project": project, "now": now}
    if connection.execute(_USE, keys).rowcount == 0:
        check_own(connection, project, store_id)
        raise expired(store_id)


def touch(connection: Connection, store_ids: Sequence[str], now: int) -> None:
    """Record that the stores are used; those that have expired stay expired."""
    connection.execute(_TOUCH, {"keys": sorted(store_ids), "now": now})


def last_uses(
    connection: Connection, projects: Sequence[str], store_ids: Sequence[str], now: int
) -> dict[str, int]:
    """Return when each of these stores was last used.

    Those that are gone, have expired, or belong to none of the projects are omitted.
    """
    keys = {"keys": list(store_ids), "projects": list(projects), "now": now}
    rows = connection.execute(_ALIVE, keys)
    return {row.id: row.last_active_at for row in rows}


def modify(
    connection: Connection, project: str, store_id: str, values: dict[str, Any]
) -> VectorStoreRow:
    """Write `values` (columns by name) and return the store. Raises what `check_own` does."""
    check_own(connection, project, store_id)
    if values:
        keys = {"key": store_id, "of_project": project}
        connection.execute(_UPDATE, {**VECTOR_STORES.encoded(values), **keys})
    return retrieve(connection, project, store_id)


def remove(connection: Connection, project: str, store_id: str) -> None:
    """Delete the store with its chunks; its files stay. Raises `NotFound`."""
    if connection.execute(_DELETE, {"key": store_id, "of_project": project}).rowcount == 0:
        raise not_found("vector_store", store_id)


def list_page(
    connection: Connection, project: str, page: Page
) -> tuple[list[VectorStoreRow], bool]:
    rows, has_more = read_page(connection, vector_stores, "vector_store", page, project=project)
    return VECTOR_STORES.read_all(rows), has_more


def with_files(connection: Connection, stores: Sequence[VectorStoreRow]) -> list[StoreWithFiles]:
    """Return the stores with their contents, in the same order."""
    contents = defaultdict[str, list[Row[Any]]](list)
    for part in connection.execute(_CONTENTS, {"keys": [store.id for store in stores]}):
        contents[part.vector_store_id].append(part)
    return [
        StoreWithFiles(
            store,
            {part.status: part.files for part in contents[store.id]},
            # PostgreSQL returns sums as `numeric`.
            sum(int(part.bytes) for part in contents[store.id]),
        )
        for store in stores
    ]


def expired(store_id: str) -> InvalidRequest:
    return InvalidRequest(f"Vector store '{store_id}' has expired.", code="vector_store_expired")
