"""Keeps the embeddings of searched stores in memory, as many as a limit allows.

A database that has an index of its own (`db/halfvecs.py`) is asked instead.

An index is loaded by the first search of its store and shared by all later ones. Each search asks
the database for the store's revision, and reads the passages that were added since, on whichever
server. Deleted passages are noticed when they are found, and left out from then on.
"""

import threading
from collections import OrderedDict
from collections.abc import Collection, Sequence

from app.db import chunk_vectors, halfvecs
from app.db.chunk_vectors import START
from app.db.database import Connection
from app.db.time_limits import check
from app.domain.deadline import Deadline
from app.domain.errors import SearchTimeout
from app.knowledge.vector_index import VectorIndex, passage_bytes
from app.knowledge.vectors import Nearest

_MEBIBYTE = 1 << 20
# How many files are named in one statement.
_FILES_AT_ONCE = 500
# How many times as many passages as wanted the database's index is asked for.
_COMPARED = 2
# After this many searches that found deleted passages, all passages are compared with the rows.
_TRIES = 3


class VectorIndexes:
    """The indexes of a process, by store and number of dimensions; several threads may search."""

    def __init__(self, mebibytes: int, *, in_database: bool | None = None) -> None:
        """`mebibytes`: for all indexes together. The least recently searched ones are dropped.

        `in_database`: whether the database has an index of its own; None: ask it.
        """
        self._limit = mebibytes * _MEBIBYTE
        self._kept: OrderedDict[tuple[str, int], _Kept] = OrderedDict()
        self._lock = threading.Lock()
        self._in_database = in_database

    def nearest(
        self,
        connection: Connection,
        store_ids: Collection[str],
        question: Sequence[float],
        limit: int,
        file_ids: Collection[str] | None,
        deadline: Deadline,
    ) -> dict[int, float]:
        """Return the cosines of the nearest passages of these stores by id, the nearest first.

        Raises `SearchTimeout`.
        """
        if not store_ids or (file_ids is not None and not file_ids):
            return {}
        if self._in_database is None:
            self._in_database = halfvecs.is_there(connection)
        if self._in_database and len(question) <= halfvecs.MOST_DIMENSIONS:
            return _ranked_by_database(connection, store_ids, question, limit, file_ids)
        found: list[tuple[int, float]] = []
        for store_id, revision in chunk_vectors.revisions(connection, store_ids).items():
            kept = self._kept_of(connection, store_id, len(question))
            if kept is None:
                found += _read(connection, store_id, question, limit, file_ids, deadline)
                continue
            kept.update(connection, revision, deadline)
            found += kept.best(connection, question, limit, file_ids)
            self._make_room()
        return dict(sorted(found, key=lambda one: -one[1])[:limit])

    def _kept_of(self, connection: Connection, store_id: str, dimensions: int) -> "_Kept | None":
        """Return the store's index, loaded or not; None if it would take too much memory."""
        key = (store_id, dimensions)
        with self._lock:
            if (kept := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                return kept
        if chunk_vectors.count(connection, store_id) * passage_bytes(dimensions) > self._limit:
            return None
        with self._lock:
            return self._kept.setdefault(key, _Kept(store_id, dimensions))

    def _make_room(self) -> None:
        """Drop the least recently used indexes beyond the limit, and those of deleted passages."""
        with self._lock:
            total = sum(kept.index.memory for kept in self._kept.values())
            for key, kept in [*self._kept.items()]:
                if total > self._limit or kept.index.mostly_removed:
                    total -= kept.index.memory
                    del self._kept[key]


class _Kept:
    """The index of a store, and up to which revision it was loaded."""

    def __init__(self, store_id: str, dimensions: int) -> None:
        self.index = VectorIndex(dimensions)
        self._store_id = store_id
        self._lock = threading.Lock()
        self._revision: int | None = None
        # The first load: the revision when it began, and how far it got before its deadline.
        self._first: int | None = None
        self._place = START

    def update(self, connection: Connection, revision: int, deadline: Deadline) -> None:
        """Load what was added up to this revision. Raises `SearchTimeout`."""
        if self._is_of(revision):
            return
        if not self._lock.acquire(timeout=deadline.remaining):
            raise SearchTimeout(deadline.seconds)
        try:
            if self._revision is None:
                self._load(connection, revision, deadline)
            if not self._is_of(revision):
                self._load_changed(connection, revision, deadline)
        finally:
            self._lock.release()

    def _is_of(self, revision: int) -> bool:
        # Searches don't begin in the order of their revisions.
        return self._revision is not None and self._revision >= revision

    def _load(self, connection: Connection, revision: int, deadline: Deadline) -> None:
        if self._first is None:
            self._first = revision
        batches = chunk_vectors.embeddings(connection, self._store_id, after=self._place)
        for batch in batches:
            self.index.add(batch.ids, batch.file_ids, batch.embeddings)
            # The next search goes on from here if this one runs out of time.
            self._place = batch.last
            check(deadline)
        self._revision = self._first

    def _load_changed(self, connection: Connection, revision: int, deadline: Deadline) -> None:
        files = chunk_vectors.changed_files(connection, self._store_id, self._revision or 0)
        for start in range(0, len(files), _FILES_AT_ONCE):
            some = files[start : start + _FILES_AT_ONCE]
            for batch in chunk_vectors.embeddings(connection, self._store_id, some):
                self.index.add(batch.ids, batch.file_ids, batch.embeddings)
                check(deadline)
        self._revision = revision

    def best(
        self,
        connection: Connection,
        question: Sequence[float],
        limit: int,
        file_ids: Collection[str] | None,
    ) -> list[tuple[int, float]]:
        """Return the nearest passages that were not deleted, and their cosines."""
        for attempt in range(_TRIES + 1):
            found = self.index.best(question, limit, file_ids)
            there = chunk_vectors.existing(connection, [key for key, _ in found])
            gone = [key for key, _ in found if key not in there]
            if not gone:
                return found
            if attempt < _TRIES - 1:
                self.index.remove(gone)
            else:
                self.index.keep_only(chunk_vectors.ids(connection, self._store_id))
        return [one for one in found if one[0] in there]


def _ranked_by_database(
    connection: Connection,
    store_ids: Collection[str],
    question: Sequence[float],
    limit: int,
    file_ids: Collection[str] | None,
) -> dict[int, float]:
    """Return what the database's own index finds, compared with the rows."""
    about = halfvecs.nearest(connection, store_ids, question, _COMPARED * limit, file_ids)
    rows = chunk_vectors.embeddings_of(connection, about)
    exact = Nearest(question)
    exact.add([*rows], [*rows.values()])
    return dict(exact.best(limit))


def _read(
    connection: Connection,
    store_id: str,
    question: Sequence[float],
    limit: int,
    file_ids: Collection[str] | None,
    deadline: Deadline,
) -> list[tuple[int, float]]:
    """Return the same from the rows alone."""
    nearest = Nearest(question)
    for batch in chunk_vectors.embeddings(connection, store_id, file_ids):
        nearest.add(batch.ids, batch.embeddings)
        check(deadline)
    return nearest.best(limit)
