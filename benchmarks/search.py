"""The quality and speed of a vector store's search, on both databases.

python -m benchmarks.search [--chunks N] [--database sqlite|postgresql]

Quality: recall@5 and MRR over the labelled set, by words, and if the built-in embedding model is
installed also by meaning and by both; then by words with the set hidden among thousands of chunks
made of its own words. Speed: ingestion, search, memory. Results marked
`hashed` use an embedder that only hashes tokens: its vectors cost as much here as real ones, but
say nothing about the quality of a real model's.
"""

import argparse
import asyncio
import random
import re
import resource
import tempfile
import time
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import quantiles

import numpy as np

from app.db.database import Database
from app.knowledge.analyser import tokens
from app.knowledge.builtin_model import BuiltinEmbedder, builtin_is_installed
from app.knowledge.embeddings import Embedder
from app.knowledge.search import Weights
from benchmarks import search_set
from benchmarks.search_store import SearchStore
from tests.support.databases import fresh_database, postgresql_is_up

_DIMENSIONS = 1536
_CHUNKS_OF_A_FILE = 100
# How much text a chunk of 200 tokens adds, considering the overlap.
_BYTES_OF_A_CHUNK = 450
_WEIGHTS = {
    "words": Weights(text=1.0, embedding=0.0),
    "meaning": Weights(text=0.0, embedding=1.0),
    "both": Weights(),
}
_SYLLABLES = "가나다라마바사아자차카타파하거너더러머버서어저고노도로모보소오조구누두루무부수우주"


class HashedEmbedder:
    """An `Embedder` that hashes tokens; deterministic."""

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [self._placed(text) for text in texts]

    def _placed(self, text: str) -> list[float]:
        vector = np.zeros(_DIMENSIONS, dtype=np.float32)
        for token in tokens(text):
            digest = zlib.crc32(token.encode())
            vector[digest % _DIMENSIONS] += 1 if digest & 0x80000000 else -1
        return [float(value) for value in vector]


def noise(files: int) -> Iterator[tuple[str, str]]:
    """Yield files of random words: half are from the set, half are invented."""
    words = re.findall(r"\S+", " ".join(search_set.documents().values()))
    chance = random.Random(7)
    for number in range(files):
        chosen: list[str] = []
        size = 0
        while size < _CHUNKS_OF_A_FILE * _BYTES_OF_A_CHUNK:
            chosen.append(chance.choice(words) if chance.random() < 0.5 else _invented(chance))
            size += len(chosen[-1].encode()) + 1
        yield f"noise-{number}.txt", " ".join(chosen)


def _invented(chance: random.Random) -> str:
    letters = _SYLLABLES if chance.random() < 0.6 else "abcdefghiklmnoprstuvw"
    return "".join(chance.choices(letters, k=chance.randint(2, 4 if letters is _SYLLABLES else 9)))


async def measure(kind: str, chunks: int, embedder: Embedder | None) -> None:
    print(f"\n{kind}, {'words and hashed' if embedder else 'words'}")
    with tempfile.TemporaryDirectory() as folder, fresh_database(kind, Path(folder)) as url:
        database = Database(url, pool_size=2)
        await database.start()
        try:
            store = SearchStore(database, embedder)
            await store.create()
            own = await store.add(search_set.documents())
            await _print_quality(store, f"among {own} chunks")
            if chunks:
                own += await _print_ingestion(store, chunks)
                await _print_quality(store, f"among {own:,} chunks")
                await _print_speed(store)
        finally:
            database.close()


async def measure_meaning(kind: str) -> None:
    """Print what the built-in model finds."""
    print(f"\n{kind}, the built-in embedding model")
    embedder = BuiltinEmbedder()
    with tempfile.TemporaryDirectory() as folder, fresh_database(kind, Path(folder)) as url:
        database = Database(url, pool_size=2)
        await database.start()
        try:
            store = SearchStore(database, embedder)
            await store.create()
            await store.add(search_set.documents())
            for asked in ("as written", "paraphrased", "all"):
                for language in (*search_set.LANGUAGES, "all"):
                    questions = [
                        one
                        for one in search_set.questions()
                        if language in (one.language, "all")
                        and asked in ("all", "paraphrased" if one.paraphrased else "as written")
                    ]
                    recalls = [
                        f"{name} {(await store.quality(questions, weights)).recall:.3f}"
                        for name, weights in _WEIGHTS.items()
                    ]
                    print(
                        f"  {asked:11} {language:3} {len(questions):3} questions, recall@5: "
                        + ", ".join(recalls)
                    )
        finally:
            await embedder.close()
            database.close()


async def _print_quality(store: SearchStore, where: str) -> None:
    questions = search_set.questions()
    for language in (*search_set.LANGUAGES, "all"):
        asked = [question for question in questions if language in (question.language, "all")]
        found = await store.quality(asked)
        print(
            f"  {where}: {language:3} {len(asked):3} questions  "
            f"recall@5 {found.recall:.3f}  MRR {found.mrr:.3f}"
        )
    for question in found.missed:
        print(f"    missed: {question}")


async def _print_ingestion(store: SearchStore, chunks: int) -> int:
    documents = dict(noise(chunks // _CHUNKS_OF_A_FILE))
    size = sum(len(text.encode()) for text in documents.values())
    before = _peak_mebibytes()
    started = time.perf_counter()
    count = await store.add(documents)
    seconds = time.perf_counter() - started
    print(
        f"  ingested {count:,} chunks, {size / 1e6:.1f} MB, in {seconds:.1f} s: "
        f"{count / seconds:,.0f} chunks/s, {size / 1e6 / seconds:.2f} MB/s; "
        f"peak memory {before:.0f} MiB before, {_peak_mebibytes():.0f} MiB after"
    )
    return count


async def _print_speed(store: SearchStore) -> None:
    times = []
    for question in search_set.questions() * 3:
        started = time.perf_counter()
        await store.ask(question.text)
        times.append(1000 * (time.perf_counter() - started))
    cuts = quantiles(times, n=20)
    print(
        f"  {len(times)} searches, one by one: p50 {cuts[9]:.1f} ms, p95 {cuts[18]:.1f} ms, "
        f"longest {max(times):.1f} ms; peak memory {_peak_mebibytes():.0f} MiB"
    )


def _peak_mebibytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _print_analyser() -> None:
    text = " ".join(text for _, text in noise(10))
    size = len(text.encode()) / 1e6
    for kind in ("new words", "known words"):
        started = time.perf_counter()
        tokens(text)
        print(f"analyser, {kind}: {size / (time.perf_counter() - started):.1f} MB/s")


async def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--chunks", type=int, default=10_000, help="additional chunks; 0 for none")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], help="use only this one")
    arguments = parser.parse_args()
    kinds = [arguments.database] if arguments.database else ["sqlite", "postgresql"]
    if not postgresql_is_up():
        print("PostgreSQL can't be reached: set TEST_POSTGRES_URL")
        kinds = [kind for kind in kinds if kind == "sqlite"]
    _print_analyser()
    if builtin_is_installed():
        await measure_meaning(kinds[0])
    else:
        print("\nThe built-in embedding model is not installed (requirements-embeddings.txt)")
    for kind in kinds:
        for embedder in (None, HashedEmbedder()):
            await measure(kind, arguments.chunks, embedder)


if __name__ == "__main__":
    asyncio.run(main())
