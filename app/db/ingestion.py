"""Statements for turning the files of vector stores into chunks: claim, read, end.

A file waits while its status is `in_progress` and no process holds a lease on it. A claim is such a
lease, and every later statement names the claim: if the process was too slow, or the file was
removed from the store, cancelled or restarted meanwhile, the statement changes no row.

The chunks of a long file are written in batches, so that other writers get their turn. While its
`usage_bytes` are 0, no search returns its chunks.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    bindparam,
    case,
    literal,
    or_,
    select,
    text,
    update,
)

from app.db import chunk_vectors, chunks
from app.db.chunks import NewChunk
from app.db.clock import database_seconds
from app.db.file_tables import files
from app.db.knowledge_rows import STORE_FILES
from app.db.knowledge_tables import vector_store_files as store_files
from app.db.knowledge_tables import vector_stores
from app.schemas.vector_stores import FileError


@dataclass(frozen=True)
class Claim:
    """A file that this process has leased and must read; `attempt` counts from 1."""

    sequence: int
    store_id: str
    file_id: str
    filename: str
    chunking: dict[str, int]
    worker_id: str
    attempt: int
    # The store's project.
    project: str


@dataclass(frozen=True)
class Turns:
    """Whose file is next: `served` are the projects that had their turn, the most recent last.

    Files of `busy` projects are skipped.
    """

    served: Sequence[str] = ()
    busy: Collection[str] = ()


# By the database's clock: the processes' clocks may differ.
_later = database_seconds() + bindparam("seconds", type_=Float)
_waiting = (
    # A literal condition, so that both databases can use the partial index of waiting files.
    text("vector_store_files.status = 'in_progress'"),
    or_(store_files.c.held_until.is_(None), store_files.c.held_until < database_seconds()),
)
_NEXT = (
    select(store_files, files.c.filename, vector_stores.c.project)
    .join(files, files.c.id == store_files.c.id)
    .join(vector_stores, vector_stores.c.id == store_files.c.vector_store_id)
    .where(*_waiting, vector_stores.c.project.not_in(bindparam("busy", expanding=True)))
    .limit(1)
    .with_for_update(skip_locked=True, of=store_files)
)
_ANY = (
    select(store_files.c.sequence)
    .join(vector_stores, vector_stores.c.id == store_files.c.vector_store_id)
    .where(*_waiting, vector_stores.c.project.not_in(bindparam("busy", expanding=True)))
    .limit(1)
)
_HOLD = (
    update(store_files)
    .where(store_files.c.sequence == bindparam("key"))
    .values(worker_id=bindparam("holder"), held_until=_later, attempts=bindparam("attempt"))
)
_CLAIMED = update(store_files).where(
    store_files.c.sequence == bindparam("key"),
    store_files.c.status == "in_progress",
    store_files.c.worker_id == bindparam("holder"),
    store_files.c.attempts == bindparam("attempt"),
)
_RENEW = _CLAIMED.values(held_until=_later)
_BEGIN = _CLAIMED.values(usage_bytes=0)
_RELEASE = _CLAIMED.values(worker_id=None, held_until=_later, attempts=bindparam("new_attempts"))
_FAIL = _CLAIMED.values(status="failed", usage_bytes=0, worker_id=None, held_until=None)
_CANCELLED = select(store_files.c.sequence).where(
    store_files.c.sequence == bindparam("key"),
    store_files.c.status == "cancelled",
    store_files.c.usage_bytes == 0,
)
_COMPLETE = _CLAIMED.values(
    status="completed",
    usage_bytes=bindparam("bytes"),
    last_error=None,
    worker_id=None,
    held_until=None,
)


def is_waiting(connection: Connection, busy: Collection[str] = ()) -> bool:
    """Return whether a file without a lease is waiting, of a project that isn't `busy`."""
    return connection.execute(_ANY, {"busy": [*busy]}).first() is not None


def claim(
    connection: Connection, worker_id: str, seconds: float, turns: Turns | None = None
) -> Claim | None:
    """Lease the next file for this many seconds; None if no file is waiting.

    The next file is the one that has waited longest, of the project whose turn it is.
    """
    turns = turns or Turns()
    wanted = _NEXT.order_by(_turn(turns.served), store_files.c.created_at, store_files.c.sequence)
    row = connection.execute(wanted, {"busy": [*turns.busy]}).first()
    if row is None:
        return None
    attempt = row.attempts + 1
    values = {"key": row.sequence, "holder": worker_id, "seconds": seconds, "attempt": attempt}
    connection.execute(_HOLD, values)
    return Claim(
        row.sequence,
        row.vector_store_id,
        row.id,
        row.filename,
        row.chunking_strategy["static"],
        worker_id,
        attempt,
        row.project,
    )


def _turn(served: Sequence[str]) -> ColumnElement[int]:
    """Return the rank of a project's last turn; projects that had none come first."""
    if not served:
        return literal(0)
    places = {project: place for place, project in enumerate(served, 1)}
    return case(places, value=vector_stores.c.project, else_=0)


def renew(connection: Connection, claim: Claim, seconds: float) -> bool:
    """Renew the lease for this many seconds; False if the file is no longer ours."""
    return connection.execute(_RENEW, {**_keys(claim), "seconds": seconds}).rowcount > 0


def release(
    connection: Connection, claim: Claim, *, attempts: int, seconds: float | None = None
) -> None:
    """Let any process read the file, at once or after `seconds`. Set its count of `attempts`."""
    values = {**_keys(claim), "new_attempts": attempts, "seconds": seconds}
    connection.execute(_RELEASE, values)


def fail(connection: Connection, claim: Claim, error: FileError) -> None:
    """End the file with an error, and remove its chunks."""
    values = STORE_FILES.encoded({"last_error": error})
    if connection.execute(_FAIL, {**values, **_keys(claim)}).rowcount > 0:
        chunks.remove_of_file(connection, claim.store_id, claim.file_id)


def add(connection: Connection, claim: Claim, made: Sequence[NewChunk], *, first: bool) -> bool:
    """Add some chunks; the `first` ones replace the file's old chunks. False if it isn't ours."""
    if connection.execute(_BEGIN, _keys(claim)).rowcount == 0:
        return False
    _add(connection, claim, made, first=first)
    return True


def complete(
    connection: Connection,
    claim: Claim,
    made: Sequence[NewChunk],
    usage_bytes: int,
    *,
    first: bool = True,
) -> None:
    """Add the last chunks and complete the file; `first`: these are also the first ones."""
    if connection.execute(_COMPLETE, {**_keys(claim), "bytes": usage_bytes}).rowcount > 0:
        _add(connection, claim, made, first=first)
        # The last statement, because searches that mark the store as used wait for it.
        chunk_vectors.note_added(connection, claim.store_id, claim.file_id)


def drop_unfinished(connection: Connection, claim: Claim) -> None:
    """Remove the chunks of a file that was cancelled before all of them were added."""
    if connection.execute(_CANCELLED, {"key": claim.sequence}).first() is not None:
        chunks.remove_of_file(connection, claim.store_id, claim.file_id)


def _add(connection: Connection, claim: Claim, made: Sequence[NewChunk], *, first: bool) -> None:
    if first:
        chunks.remove_of_file(connection, claim.store_id, claim.file_id)
    chunks.add_chunks(connection, claim.store_id, claim.file_id, made)


def _keys(claim: Claim) -> dict[str, Any]:
    return {"key": claim.sequence, "holder": claim.worker_id, "attempt": claim.attempt}
