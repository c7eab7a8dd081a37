"""Searches in vector stores, for the API and for runs' tools."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.db import vector_store_files, vector_stores
from app.db.database import Connection, Database
from app.db.time_limits import check
from app.db.vector_store_files import SearchableFile
from app.domain.access import SHARED
from app.domain.clock import now
from app.domain.deadline import Deadline
from app.knowledge.filters import matches
from app.knowledge.search import Query, Search, SearchResult, Weights
from app.schemas.vector_search import Filter
from app.schemas.vector_stores import StoredAttributes


@dataclass(frozen=True)
class FoundPassage:
    """A passage of a file that was found; `score` is from 0 to 1 (best)."""

    file_id: str
    filename: str
    score: float
    text: str
    attributes: StoredAttributes


@dataclass(frozen=True)
class _Scope:
    """The last uses of the stores that can be searched, by store id, and the files that match the
    filter; None: all."""

    last_uses: dict[str, int]
    file_ids: list[str] | None


class StoreSearch:
    def __init__(self, database: Database, search: Search) -> None:
        self._database = database
        self._search = search

    async def find(
        self,
        project: str,
        store_ids: Sequence[str],
        questions: Sequence[str],
        *,
        max_results: int = 10,
        score_threshold: float = 0.0,
        filters: Filter | None = None,
        weights: Weights | None = None,
    ) -> list[FoundPassage]:
        """Return the best passages for the questions, the best first, and mark the stores as used.

        Stores that are unknown, expired, or not readable for the project are left out. Raises
        `SearchTimeout`.
        """
        moment = now()
        deadline = self._search.deadline()
        scope = await self._database.search(
            deadline, _scope, project, store_ids, filters, moment, deadline
        )
        if not scope.last_uses or scope.file_ids == []:
            return []
        # Expiry counts in days, so one update per second is enough for any number of searches.
        if stale := [key for key, used in scope.last_uses.items() if used < moment]:
            await self._database.transaction(vector_stores.touch, stale, moment)
        found = [
            await self._search.search(
                Query(
                    question,
                    [*scope.last_uses],
                    scope.file_ids,
                    max_results,
                    score_threshold,
                    weights or Weights(),
                ),
                deadline,
            )
            for question in questions
        ]
        best = _best(found)[:max_results]
        return await self._database.read(_passages, [*scope.last_uses], best)


def _scope(
    connection: Connection,
    project: str,
    store_ids: Sequence[str],
    filters: Filter | None,
    moment: int,
    deadline: Deadline,
) -> _Scope:
    last_uses = vector_stores.last_uses(connection, (project, SHARED), store_ids, moment)
    if filters is None:
        return _Scope(last_uses, None)
    files = vector_store_files.searchable(connection, [*last_uses])
    return _Scope(last_uses, sorted(_fitting(files, filters, deadline)))


def _fitting(files: Sequence[SearchableFile], filters: Filter, deadline: Deadline) -> Iterator[str]:
    for file in files:
        check(deadline)
        if matches(filters, file.attributes):
            yield file.file_id


def _best(found: Sequence[Sequence[SearchResult]]) -> list[SearchResult]:
    """Merge the results of several questions: each passage once, with its best score."""
    if len(found) == 1:
        return [*found[0]]
    merged: dict[tuple[str, int], SearchResult] = {}
    for result in sorted((one for results in found for one in results), key=lambda one: -one.score):
        merged.setdefault((result.file_id, result.position), result)
    return [*merged.values()]


def _passages(
    connection: Connection, store_ids: Sequence[str], results: Sequence[SearchResult]
) -> list[FoundPassage]:
    keys = {result.file_id for result in results}
    rows = vector_store_files.searchable(connection, store_ids, keys) if keys else []
    files = {file.file_id: file for file in rows}
    return [
        FoundPassage(
            result.file_id,
            files[result.file_id].filename,
            result.score,
            result.text,
            files[result.file_id].attributes,
        )
        for result in results
        # The file may have been removed from the store meanwhile.
        if result.file_id in files
    ]
