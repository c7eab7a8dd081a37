"""How long chats take while files are indexed, as a ratio to chats before and after.

python -m benchmarks.ingestion [--passages N] [--database URL] [--builtin] [--against TREE]

One client chats in new threads, one after another, while a vector store gets files of 10,000
passages in all. `--builtin` embeds them, with the built-in model.
"""

import argparse
import asyncio
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import quantiles
from typing import Any

import httpx

from benchmarks.client import Connection
from benchmarks.search import noise
from benchmarks.servers import ROOT, Server, fake_upstream, threadkeeper

_TOKENS = 100
_BYTES_OF_A_PASSAGE = 390
_FILES = 10
_CHATS = 300
_WAIT_SECONDS = 900.0


async def measure(server: Server, passages: int) -> None:
    chats = Connection(server.port)
    before = [await _chat(chats) for _ in range(_CHATS)]
    indexing = asyncio.create_task(_indexed(server.port, passages))
    began = time.perf_counter()
    during = []
    while not indexing.done():
        during.append(await _chat(chats))
    await indexing
    took = time.perf_counter() - began
    after = [await _chat(chats) for _ in range(_CHATS)]
    chats.close()
    quiet, busy = quantiles(before + after, n=100), quantiles(during, n=100)
    for name, place in (("p50", 49), ("p95", 94), ("p99", 98)):
        print(f"  {name}: {busy[place] / quiet[place]:.2f} times", end="")
        print(f" ({busy[place]:.0f} instead of {quiet[place]:.0f} ms)")
    print(f"  longest: {max(during):.0f} instead of {max(before + after):.0f} ms")
    print(f"  {passages:,} passages in {took:.0f} s, {len(during)} chats meanwhile")


async def _chat(connection: Connection) -> float:
    began = time.perf_counter()
    await connection.post("/api/v1/chat", {"message": "hello there"})
    return 1000 * (time.perf_counter() - began)


async def _indexed(port: int, passages: int) -> None:
    """Upload files of so many passages, and wait until they are indexed."""
    texts = await asyncio.to_thread(_texts, passages)
    base = f"http://127.0.0.1:{port}/api/v1"
    async with httpx.AsyncClient(base_url=base, timeout=60, trust_env=False) as client:
        ids = [await _uploaded(client, text) for text in texts]
        store = (await client.post("/vector_stores", json={})).raise_for_status().json()["id"]
        static = {"max_chunk_size_tokens": _TOKENS, "chunk_overlap_tokens": 0}
        body: dict[str, Any] = {
            "file_ids": ids,
            "chunking_strategy": {"type": "static", "static": static},
        }
        path = f"/vector_stores/{store}/file_batches"
        (await client.post(path, json=body)).raise_for_status()
        async with asyncio.timeout(_WAIT_SECONDS):
            while True:
                found = (await client.get(f"/vector_stores/{store}")).json()["file_counts"]
                if found["in_progress"] == 0:
                    assert found["completed"] == len(ids), found
                    return
                await asyncio.sleep(0.2)


async def _uploaded(client: httpx.AsyncClient, text: str) -> str:
    answer = await client.post(
        "/files", files={"file": ("text.txt", text)}, data={"purpose": "assistants"}
    )
    key: str = answer.raise_for_status().json()["id"]
    return key


def _texts(passages: int) -> list[str]:
    joined = " ".join(text for _, text in noise(max(1, passages // 100)))
    size = passages * _BYTES_OF_A_PASSAGE // _FILES // 2
    return [joined[number * size : (number + 1) * size] for number in range(_FILES)]


async def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--passages", type=int, default=10_000)
    parser.add_argument("--database", help="URL of a PostgreSQL database, instead of SQLite")
    parser.add_argument("--builtin", action="store_true")
    parser.add_argument("--against", type=Path, help="another checkout, measured too")
    given = parser.parse_args()
    more = {"EMBEDDING_MODEL": "builtin"} if given.builtin else {}
    for tree in filter(None, (given.against, ROOT)):
        with ExitStack() as stack:
            upstream = stack.enter_context(fake_upstream(words=10, pause=0))
            server = stack.enter_context(
                threadkeeper(upstream, database_url=given.database, tree=tree, **more)
            )
            print(f"\n{tree}")
            await measure(server, given.passages)


if __name__ == "__main__":
    asyncio.run(main())
