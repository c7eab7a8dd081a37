"""A vector store for the search benchmark, and for a test of the search's quality."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import insert

from app.db import chunk_vectors, chunks
from app.db.chunks import NewChunk
from app.db.database import Connection, Database
from app.db.file_tables import files
from app.db.knowledge_tables import vector_store_files, vector_stores
from app.knowledge.embeddings import Embedder, packed_embeddings
from app.knowledge.indexing import prepare
from app.knowledge.search import Query, Search, Weights
from benchmarks.search_set import Quality, Question, quality

_RESULTS = 20
# Smaller than the default, so that a one-page document has several chunks.
_TOKENS, _OVERLAP = 200, 50


class SearchStore:
    """The store `id` of a database. Its files have their documents' names."""

    def __init__(self, database: Database, embedder: Embedder | None = None) -> None:
        self.id = "vs_of_the_benchmark"
        self._database = database
        self._embedder = embedder
        self._search = Search(database, embedder)

    async def create(self) -> None:
        await self._database.transaction(_create, self.id)

    async def add(self, documents: Mapping[str, str]) -> int:
        """Add documents, each in its own transaction; return the number of chunks."""
        count = 0
        for name, text in documents.items():
            rows = await self._embedded(
                list(prepare(text, name, max_tokens=_TOKENS, overlap_tokens=_OVERLAP))
            )
            await self._database.transaction(_add, self.id, name, rows)
            count += len(rows)
        return count

    async def _embedded(self, rows: list[NewChunk]) -> list[NewChunk]:
        if self._embedder is None:
            return rows
        packed = await packed_embeddings(self._embedder, [row.text for row in rows])
        return [replace(row, embedding=one) for row, one in zip(rows, packed, strict=True)]

    async def ask(self, question: str, weights: Weights | None = None) -> list[str]:
        """Return the documents of the results, best first, without duplicates."""
        query = Query(question, [self.id], limit=_RESULTS, weights=weights or Weights())
        results = await self._search.search(query)
        return list(dict.fromkeys(result.file_id for result in results))

    async def quality(
        self, questions: Sequence[Question], weights: Weights | None = None
    ) -> Quality:
        return quality(
            [(question, await self.ask(question.text, weights)) for question in questions]
        )


def _create(connection: Connection, store_id: str) -> None:
    now = int(time.time())
    values = {"id": store_id, "created_at": now, "last_active_at": now, "metadata": {}}
    connection.execute(insert(vector_stores), values)


def _add(connection: Connection, store_id: str, name: str, rows: Sequence[NewChunk]) -> None:
    connection.execute(insert(files), _file(name))
    connection.execute(insert(vector_store_files), _store_file(store_id, name))
    chunks.add_chunks(connection, store_id, name, rows)
    chunk_vectors.note_added(connection, store_id, name)


def _file(name: str) -> dict[str, object]:
    return {
        "id": name,
        "created_at": 1,
        "filename": name,
        "purpose": "assistants",
        "bytes": 1,
        "status": "processed",
    }


def _store_file(store_id: str, name: str) -> dict[str, object]:
    return {
        "id": name,
        "vector_store_id": store_id,
        "created_at": 1,
        "status": "completed",
        "usage_bytes": 1,
        "attributes": {},
        "chunking_strategy": {},
        "attempts": 1,
    }
