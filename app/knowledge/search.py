"""Searches vector stores by words and, if an embedder is configured, by meaning; the two rankings
are fused by reciprocal rank.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.db import chunk_ranking, chunks
from app.db.chunks import FoundChunk
from app.db.database import Connection, Database
from app.domain.deadline import Deadline
from app.domain.errors import ModelError
from app.knowledge.analyser import tokens
from app.knowledge.embeddings import Embedder, vector_indexes

logger = logging.getLogger(__name__)

# The usual constant of reciprocal rank fusion: the greater it is, the less a first place in one
# ranking counts compared with places in both.
_RANK_CONSTANT = 60
# How many results of each ranking are used.
_DEPTH = 50
# How many characters of a question are used.
_LONGEST_QUESTION = 8000


@dataclass(frozen=True)
class Weights:
    """The weight of each ranking: OpenAI's `hybrid_search`."""

    text: float = 1.0
    embedding: float = 1.0


@dataclass(frozen=True)
class Query:
    """A question, and where to search for it.

    `file_ids`: search only these files; None: all. Results with a score below `score_threshold`
    are left out.
    """

    question: str
    store_ids: Collection[str]
    file_ids: Collection[str] | None = None
    limit: int = 10
    score_threshold: float = 0.0
    weights: Weights = Weights()


@dataclass(frozen=True)
class SearchResult:
    """A chunk that was found.

    `score`, 0 to 1, is the share of the question's words that the chunk contains or the similarity
    of their meanings, whichever is greater, but never more than the score of a better result.
    """

    file_id: str
    position: int
    text: str
    score: float


class Search:
    """Searches vector stores; without an embedder, by words alone."""

    def __init__(
        self,
        database: Database,
        embedder: Embedder | None = None,
        *,
        seconds: float = 10,
        index_mebibytes: int = 512,
    ) -> None:
        """`seconds`: how long the database may take for one search.

        `index_mebibytes`: memory for the embeddings of searched stores; 0 reads them every time.
        """
        self._database = database
        self._embedder = embedder
        self._seconds = seconds
        self._meanings = None if embedder is None else vector_indexes(index_mebibytes)

    def deadline(self) -> Deadline:
        """Return the deadline of a search that begins now."""
        return Deadline(self._seconds)

    async def search(self, query: Query, deadline: Deadline | None = None) -> list[SearchResult]:
        """Return the best results, the best first.

        `deadline`: the common deadline if one search has several queries. Raises `SearchTimeout`.
        """
        deadline = deadline or self.deadline()
        began = time.monotonic()
        embedding = await self._embedding(query)
        # The deadline is for the database's work; the upstream has its own timeouts.
        deadline.extend(time.monotonic() - began)
        return await self._database.search(deadline, self._results, query, embedding, deadline)

    async def _embedding(self, query: Query) -> list[float] | None:
        question = query.question[:_LONGEST_QUESTION]
        if self._embedder is None or query.weights.embedding <= 0 or not question.strip():
            return None
        try:
            [embedding] = await self._embedder.embed([question])
        except ModelError as error:
            # Words alone find most things, and a result in a worse order is better than an error.
            logger.warning("a question could not be embedded: %s", error.message)
            return None
        return embedding

    def _results(
        self,
        connection: Connection,
        query: Query,
        embedding: list[float] | None,
        deadline: Deadline,
    ) -> list[SearchResult]:
        depth = max(_DEPTH, query.limit)
        by_words: dict[int, float] = {}
        if embedding is None or query.weights.text > 0:
            by_words = _by_words(connection, query, depth)
        by_meaning: dict[int, float] = {}
        if embedding is not None and self._meanings is not None:
            by_meaning = self._meanings.nearest(
                connection, query.store_ids, embedding, depth, query.file_ids, deadline
            )
        rankings = [(query.weights.text or 1.0, [*by_words])]
        order = fuse([*rankings, (query.weights.embedding, [*by_meaning])])
        scores = {
            chunk_id: max(by_words.get(chunk_id, 0.0), by_meaning.get(chunk_id, 0.0))
            for chunk_id in order
        }
        found = chunks.retrieve(connection, order[: query.limit])
        return [one for one in _scored(found, scores) if one.score >= query.score_threshold]


def _by_words(connection: Connection, query: Query, depth: int) -> dict[int, float]:
    asked = tokens(query.question[:_LONGEST_QUESTION])
    hits = chunk_ranking.lexical_search(connection, query.store_ids, asked, depth, query.file_ids)
    return {hit.chunk_id: hit.coverage for hit in hits}


def fuse(rankings: Sequence[tuple[float, Sequence[int]]]) -> list[int]:
    """Return all ids, the best first, given each ranking with its weight."""
    sums: defaultdict[int, float] = defaultdict(float)
    for weight, ids in rankings:
        for rank, chunk_id in enumerate(ids, 1):
            sums[chunk_id] += weight / (_RANK_CONSTANT + rank)
    return sorted(sums, key=lambda chunk_id: (-sums[chunk_id], chunk_id))


def _scored(found: Sequence[FoundChunk], scores: Mapping[int, float]) -> Iterator[SearchResult]:
    # Clients sort and filter by score, so it must not contradict the order.
    score = 1.0
    for chunk in found:
        score = min(score, max(0.0, scores[chunk.chunk_id]))
        yield SearchResult(chunk.file_id, chunk.position, chunk.text, round(score, 6))
