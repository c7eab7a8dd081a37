"""How long a search takes in a vector store of many passages, and what it finds.

python -m benchmarks.passages [--passages N] [--dimensions N] [--database sqlite|postgresql]

Words, and meaning: one search at a time, and four at once; the first one, which loads the store's
index; and the share of the 10 and the 50 really nearest passages that a search by meaning finds.
`rows` reads the embeddings from the database for every search, as without SEARCH_INDEX_MIB. The
embeddings are random, but like those of models: in groups, with a common direction, and most of
their spread in a part of the dimensions.
"""

import argparse
import asyncio
import resource
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from statistics import quantiles

import numpy as np
import numpy.typing as npt
from sqlalchemy import text

from app.db import chunk_vectors
from app.db.database import Connection, Database
from app.knowledge.search import Query, Search, Weights
from benchmarks import search_set
from benchmarks.search import noise
from benchmarks.search_store import SearchStore
from tests.support.databases import fresh_database, postgresql_is_up

_ASKED = 40
_AT_ONCE = 4
_GROUPS = 2000
_PART = 4096
_DEPTH = 50
_MEANING = Weights(text=0.0, embedding=1.0)
_WORDS = Weights(text=1.0, embedding=0.0)

_Vectors = npt.NDArray[np.float32]


class RandomMeanings:
    """An `Embedder` whose vectors have nothing to do with the texts."""

    def __init__(self, dimensions: int) -> None:
        self._chance = np.random.default_rng(11)
        spread = (1 + np.arange(dimensions)) ** -0.5
        turn, _ = np.linalg.qr(self._chance.normal(size=(dimensions, dimensions)))
        self._spread = (turn * spread).T.astype(np.float32)
        size = (_GROUPS, dimensions)
        self._centres = self._chance.normal(size=size).astype(np.float32)
        self._common = 0.6 * self._chance.normal(size=dimensions).astype(np.float32)

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        vectors: list[list[float]] = self.some(len(texts)).tolist()
        return vectors

    def some(self, count: int) -> _Vectors:
        groups = self._centres[self._chance.integers(0, _GROUPS, count)]
        own = self._chance.normal(size=groups.shape).astype(np.float32)
        return (0.7 * groups + 0.7 * own + self._common) @ self._spread


class Watched:
    """An `Embedder` that answers with given questions, in turn."""

    def __init__(self, questions: _Vectors) -> None:
        self._questions: Iterator[_Vectors] = iter(np.tile(questions, (50, 1)))

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [next(self._questions).tolist() for _ in texts]


async def measure(kind: str, passages: int, dimensions: int, *, rows: bool) -> None:
    print(f"\n{kind}: {passages:,} passages of {dimensions:,} dimensions")
    embedder = RandomMeanings(dimensions)
    with tempfile.TemporaryDirectory() as folder, fresh_database(kind, Path(folder)) as url:
        database = Database(url, pool_size=2)
        await database.start()
        try:
            store = SearchStore(database, embedder)
            await store.create()
            began = time.perf_counter()
            count = 0
            for name, words in noise(passages):
                count += await store.add({name: words})
                if count >= passages:
                    break
            print(f"  added {count:,} in {time.perf_counter() - began:.0f} s")
            if kind == "postgresql":
                # As autovacuum does within a minute, where it is on.
                await database.transaction(_analyze)
            await _words(database, store.id)
            questions = embedder.some(_ASKED)
            await _meaning(database, store.id, questions, rows=rows)
            await _recall(database, store.id, questions)
        finally:
            database.close()


def _analyze(connection: Connection) -> None:
    connection.execute(text("ANALYZE chunks"))


async def _words(database: Database, store_id: str) -> None:
    search = Search(database)
    texts = [question.text for question in search_set.questions()][:_ASKED]

    async def ask(number: int) -> None:
        await search.search(Query(texts[number], [store_id], limit=20, weights=_WORDS))

    await _timed("words", ask)


async def _meaning(database: Database, store_id: str, questions: _Vectors, *, rows: bool) -> None:
    for name, mebibytes in (("rows", 0), ("index", 4096)):
        if name == "rows" and not rows:
            continue
        search = Search(database, Watched(questions), index_mebibytes=mebibytes, seconds=600)

        async def ask(_: int, search: Search = search) -> None:
            await search.search(Query("?", [store_id], limit=20, weights=_MEANING))

        before, began = _resident(), time.perf_counter()
        await ask(0)
        print(
            f"  meaning ({name}), first search: {1000 * (time.perf_counter() - began):,.0f} ms, "
            f"{_resident() - before:+.0f} MiB of memory"
        )
        await _timed(f"meaning ({name})", ask)


async def _timed(name: str, ask: Callable[[int], Awaitable[None]]) -> None:
    async def timed(number: int) -> float:
        began = time.perf_counter()
        await ask(number)
        return 1000 * (time.perf_counter() - began)

    cpu = time.process_time()
    alone = [await timed(number) for number in range(_ASKED)]
    cpu = 1000 * (time.process_time() - cpu) / _ASKED
    together: list[float] = []
    numbers = iter(range(_ASKED))
    while some := [*islice(numbers, _AT_ONCE)]:
        together += await asyncio.gather(*map(timed, some))
    one, four = quantiles(alone, n=20), quantiles(together, n=20)
    print(
        f"  {name}: p50 {one[9]:.0f} ms, p95 {one[18]:.0f} ms, CPU {cpu:.0f} ms; "
        f"{_AT_ONCE} at once: p95 {four[18]:.0f} ms"
    )


async def _recall(database: Database, store_id: str, questions: _Vectors) -> None:
    ids, values = await database.read(_all, store_id)
    search = Search(database, Watched(questions), index_mebibytes=4096, seconds=600)
    shares: dict[int, list[float]] = {10: [], _DEPTH: []}
    for question in questions:
        cosines = await asyncio.to_thread(_cosines, values, question)
        query = Query("?", [store_id], limit=_DEPTH, weights=_MEANING)
        scores = [found.score for found in await search.search(query)]
        for count, share in shares.items():
            # Scores are rounded.
            least = float(np.partition(cosines, -count)[-count]) - 1e-6
            share.append(sum(score >= least for score in scores[:count]) / count)
    printed = ", ".join(f"{np.mean(share):.4f} of {count}" for count, share in shares.items())
    print(f"  recall against all {len(ids):,}: {printed}")


def _all(connection: Connection, store_id: str) -> tuple[list[int], npt.NDArray[np.int8]]:
    ids: list[int] = []
    parts: list[bytes] = []
    for batch in chunk_vectors.embeddings(connection, store_id):
        ids += batch.ids
        parts += batch.embeddings
    return ids, np.frombuffer(b"".join(parts), np.int8).reshape(len(ids), -1)


def _cosines(values: npt.NDArray[np.int8], question: _Vectors) -> _Vectors:
    found: list[_Vectors] = []
    for start in range(0, len(values), _PART):
        some = values[start : start + _PART].astype(np.float32)
        found.append(some @ question / np.linalg.norm(some, axis=1))
    cosines: _Vectors = np.concatenate(found) / np.linalg.norm(question)
    return cosines


def _resident() -> float:
    """Return the memory of this process, in MiB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


async def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--dimensions", type=int, default=1536)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], help="use only this one")
    parser.add_argument("--no-rows", action="store_true", help="leave out what reads all rows")
    given = parser.parse_args()
    kinds = [given.database] if given.database else ["sqlite", "postgresql"]
    if not postgresql_is_up():
        print("PostgreSQL can't be reached: set TEST_POSTGRES_URL")
        kinds = [kind for kind in kinds if kind == "sqlite"]
    for kind in kinds:
        await measure(kind, given.passages, given.dimensions, rows=not given.no_rows)


if __name__ == "__main__":
    asyncio.run(main())
