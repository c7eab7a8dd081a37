"""Statements that save and read chunks; `chunk_ranking.py` finds them by their words."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import (
    Connection,
    bindparam,
    delete,
    func,
    insert,
    select,
)

from app.db.knowledge_rows import CHUNKS, ChunkRow
from app.db.knowledge_tables import chunks


@dataclass(frozen=True)
class NewChunk:
    """`position` in its file counts from 0; `embedding` is packed by `knowledge.vectors`."""

    position: int
    text: str
    tokens: list[str]
    embedding: bytes | None = None


@dataclass(frozen=True)
class FoundChunk:
    chunk_id: int
    file_id: str
    position: int
    text: str


_of_file = (
    chunks.c.vector_store_id == bindparam("store_id"),
    chunks.c.file_id == bindparam("file"),
)
# With `RETURNING`, SQLAlchemy inserts many rows by one statement. Each statement adds a part to
# SQLite's index, which is merged later.
_ADD = insert(chunks).returning(chunks.c.sequence)
_REMOVE_FILE = delete(chunks).where(*_of_file)
_OF_FILE = select(chunks.c.text).where(*_of_file).order_by(chunks.c.position)
_COUNT = select(func.count()).select_from(chunks).where(*_of_file)
_BY_ID = select(chunks.c.sequence, chunks.c.file_id, chunks.c.position, chunks.c.text).where(
    chunks.c.sequence.in_(bindparam("keys", expanding=True))
)


def add_chunks(
    connection: Connection, store_id: str, file_id: str, rows: Sequence[NewChunk]
) -> None:
    """Insert chunks of a file in the store."""
    if rows:
        values = [CHUNKS.values(_row(store_id, file_id, row)) for row in rows]
        connection.execute(_ADD, values).all()


def _row(store_id: str, file_id: str, new: NewChunk) -> ChunkRow:
    return ChunkRow(
        vector_store_id=store_id,
        file_id=file_id,
        position=new.position,
        length=len(new.tokens),
        embedding=new.embedding,
        text=new.text,
        tokens=new.tokens,
    )


def remove_of_file(connection: Connection, store_id: str, file_id: str) -> None:
    """Remove the file's chunks from the store; the file itself stays in it."""
    connection.execute(_REMOVE_FILE, {"store_id": store_id, "file": file_id})


def count_of_file(connection: Connection, store_id: str, file_id: str) -> int:
    return connection.execute(_COUNT, {"store_id": store_id, "file": file_id}).scalar_one()


def texts_of_file(connection: Connection, store_id: str, file_id: str) -> list[str]:
    """Return the texts of the file's chunks, in order."""
    return list(connection.execute(_OF_FILE, {"store_id": store_id, "file": file_id}).scalars())


def retrieve(connection: Connection, chunk_ids: Sequence[int]) -> list[FoundChunk]:
    """Return the chunks in the order of `chunk_ids`, without those that no longer exist."""
    rows = connection.execute(_BY_ID, {"keys": list(chunk_ids)})
    found = {row.sequence: FoundChunk(*row) for row in rows}
    return [found[key] for key in chunk_ids if key in found]
