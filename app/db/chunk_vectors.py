"""Statements about the embeddings of chunks, and about which of them are new.

A store's `revision` counts how often passages were added to it, and each file keeps the revision
that added its own. The row of the store is locked until that is committed, so a server that knows
everything up to a revision misses nothing if it reads the files of later ones.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, select, tuple_, update

from app.db.knowledge_tables import chunks, vector_store_files, vector_stores

_BATCH = 500

_REVISIONS = select(vector_stores.c.id, vector_stores.c.revision).where(
    vector_stores.c.id.in_(bindparam("stores", expanding=True))
)
_ADVANCE = (
    update(vector_stores)
    .where(vector_stores.c.id == bindparam("store_id"))
    .values(revision=vector_stores.c.revision + 1)
    .returning(vector_stores.c.revision)
)
_NOTE = (
    update(vector_store_files)
    .where(
        vector_store_files.c.vector_store_id == bindparam("store_id"),
        vector_store_files.c.id == bindparam("file"),
    )
    .values(revision=bindparam("new_revision"))
)
_CHANGED = select(vector_store_files.c.id).where(
    vector_store_files.c.vector_store_id == bindparam("store_id"),
    vector_store_files.c.revision > bindparam("known"),
)
_of_store = chunks.c.vector_store_id == bindparam("store_id")
_IDS = select(chunks.c.sequence).where(_of_store)
_COUNT = select(func.count()).select_from(chunks).where(_of_store)
_OF_IDS = select(chunks.c.sequence, chunks.c.embedding).where(
    chunks.c.sequence.in_(bindparam("keys", expanding=True)), chunks.c.embedding.is_not(None)
)
_EXISTING = select(chunks.c.sequence).where(
    chunks.c.sequence.in_(bindparam("keys", expanding=True))
)
# In the order of an index: in both databases every batch costs the same.
_place = tuple_(chunks.c.file_id, chunks.c.position)
_EMBEDDINGS = (
    select(chunks.c.sequence, chunks.c.embedding, chunks.c.file_id, chunks.c.position)
    .where(
        _of_store,
        _place > tuple_(bindparam("last_file"), bindparam("last_position")),
        chunks.c.embedding.is_not(None),
    )
    .order_by(chunks.c.file_id, chunks.c.position)
    .limit(_BATCH)
)
_EMBEDDINGS_OF_FILES = _EMBEDDINGS.where(chunks.c.file_id.in_(bindparam("files", expanding=True)))

# A file's id and a position in it.
Place = tuple[str, int]
START: Place = ("", -1)


@dataclass(frozen=True)
class EmbeddedBatch:
    """Some chunks that have an embedding: of each its id, its file's id, and the packed vector.

    The next batch begins after `last`.
    """

    ids: list[int]
    file_ids: list[str]
    embeddings: list[bytes]
    last: Place


def revisions(connection: Connection, store_ids: Collection[str]) -> dict[str, int]:
    """Return the revisions of the stores that exist."""
    rows = connection.execute(_REVISIONS, {"stores": list(store_ids)})
    return {row.id: row.revision for row in rows}


def note_added(connection: Connection, store_id: str, file_id: str) -> None:
    """Advance the store's revision, because passages of this file were added."""
    revision = connection.execute(_ADVANCE, {"store_id": store_id}).scalar()
    values = {"store_id": store_id, "file": file_id, "new_revision": revision or 0}
    connection.execute(_NOTE, values)


def changed_files(connection: Connection, store_id: str, known: int) -> list[str]:
    """Return the files whose passages were added after the `known` revision."""
    values = {"store_id": store_id, "known": known}
    return list(connection.execute(_CHANGED, values).scalars())


def ids(connection: Connection, store_id: str) -> list[int]:
    """Return the ids of all chunks of the store, in no order."""
    return list(connection.execute(_IDS, {"store_id": store_id}).scalars())


def count(connection: Connection, store_id: str) -> int:
    return int(connection.execute(_COUNT, {"store_id": store_id}).scalar_one())


def existing(connection: Connection, chunk_ids: Sequence[int]) -> set[int]:
    """Return those of the chunks that were not deleted."""
    return set(connection.execute(_EXISTING, {"keys": list(chunk_ids)}).scalars())


def embeddings_of(connection: Connection, chunk_ids: Sequence[int]) -> dict[int, bytes]:
    """Return the packed embeddings of those of the chunks that have one."""
    rows = connection.execute(_OF_IDS, {"keys": list(chunk_ids)})
    return {row.sequence: row.embedding for row in rows}


def embeddings(
    connection: Connection,
    store_id: str,
    file_ids: Collection[str] | None = None,
    after: Place = START,
) -> Iterator[EmbeddedBatch]:
    """Yield the store's chunks that have an embedding; `file_ids`: only chunks of these files."""
    values: dict[str, object] = {"store_id": store_id}
    statement = _EMBEDDINGS
    if file_ids is not None:
        statement = _EMBEDDINGS_OF_FILES
        values["files"] = list(file_ids)
    while True:
        values |= {"last_file": after[0], "last_position": after[1]}
        if not (rows := connection.execute(statement, values).all()):
            return
        after = (rows[-1].file_id, rows[-1].position)
        yield EmbeddedBatch(
            [row.sequence for row in rows],
            [row.file_id for row in rows],
            [row.embedding for row in rows],
            after,
        )
