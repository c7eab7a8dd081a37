"""Many readers at once on one process: is any dropped, how much memory does each need, and does
the server still answer other requests meanwhile?"""

import asyncio
import json
import time
from contextlib import ExitStack
from typing import Any

from benchmarks.client import Connection
from benchmarks.comparison import p95
from benchmarks.servers import Server, fake_upstream, threadkeeper

_WORDS = 20
_PAUSE = 1.0  # seconds between two deltas
_CHECK_INTERVAL = 0.05  # seconds
_DELTA = "thread.message.delta"


async def measure_readers(readers: int, run: dict[str, Any], postgres: str | None) -> None:
    """Print the results of `readers` streams at once, each of its own run."""
    with ExitStack() as stack:
        base_url = stack.enter_context(fake_upstream(words=_WORDS, pause=_PAUSE))
        server = stack.enter_context(threadkeeper(base_url, database_url=postgres))
        quiet, before = await _watched(server, asyncio.sleep(5))
        reading = asyncio.gather(
            *(_read(server, run) for _ in range(readers)), return_exceptions=True
        )
        busy, most = await _watched(server, reading)
        outcomes = reading.result()
    # The same text as the fake upstream's.
    text = "".join(f"word{number} " for number in range(_WORDS))
    dropped = [outcome for outcome in outcomes if outcome != text]
    print(f"{readers} readers at once, each of its own run")
    print(f"  dropped              {len(dropped)}")
    print(f"  memory per reader    {(most - before) / readers:.0f} KiB")
    print(
        f"  health p95           {p95(busy) * 1000:.1f} ms meanwhile,"
        f" {p95(busy) / p95(quiet):.1f} times as long as without readers"
    )
    if dropped:
        raise SystemExit(f"The first dropped reader got: {dropped[0]!r}")


async def _read(server: Server, run: dict[str, Any]) -> str:
    """Return the text in a reader's stream."""
    connection = Connection(server.port)
    parts = [part async for part in connection.post_stream("/api/v1/threads/runs", run)]
    connection.close()
    events = b"".join(parts).decode().split("\n\n")
    if events[-2:] != ["event: done\ndata: [DONE]", ""]:
        raise RuntimeError(f"A stream ends with {events[-2:]}")
    deltas = [_data(event) for event in events if f"event: {_DELTA}\n" in event]
    return "".join(delta["delta"]["content"][0]["text"]["value"] for delta in deltas)


def _data(event: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(event.partition("data: ")[2])
    return data


async def _watched(server: Server, work: Any) -> tuple[list[float], int]:
    """Wait for `work`; return the times of health checks meanwhile, and the peak memory in KiB."""
    done = asyncio.ensure_future(work)
    connection = Connection(server.port)
    times, most = [], 0
    while not done.done():
        started = time.perf_counter()
        await connection.get("/api/v1/health")
        times.append(time.perf_counter() - started)
        most = max(most, server.resident_kib())
        await asyncio.sleep(_CHECK_INTERVAL)
    connection.close()
    return times, most
