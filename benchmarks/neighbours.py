"""How soon a reader of another server sees what happens to a run, and how soon a cancel reaches it.

python -m benchmarks.neighbours --postgres URL [--runs 20]

Two servers share the database at URL, which keeps the threads of this benchmark. Each delta is
compared with its arrival at a reader of the server that executes the run.
"""

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from typing import Any

import aiohttp

from benchmarks.servers import fake_upstream, threadkeeper

_WORDS, _PAUSE = 30, 0.05
_RUN = {
    "assistant_id": "asst_default",
    "thread": {"messages": [{"role": "user", "content": "hello"}]},
    "stream": True,
}
Event = tuple[str, dict[str, Any], float]
_DELTA, _CANCELLED = "thread.message.delta", "thread.run.cancelled"


async def _events(response: aiohttp.ClientResponse) -> AsyncIterator[Event]:
    """Yield each event's name, its data, and when it arrived."""
    name = ""
    async for line in response.content:
        text = line.decode().rstrip("\n")
        if text.startswith("event: "):
            name = text.removeprefix("event: ")
        elif text.startswith("data: {"):
            yield name, json.loads(text.removeprefix("data: ")), time.perf_counter()


async def _lags(session: aiohttp.ClientSession, here: str, there: str) -> list[float]:
    """Return by how many seconds each delta of a run comes later to the other server's reader."""
    async with session.post(f"{here}/threads/runs", json=_RUN) as first:
        events = _events(first)
        path = _path_of([event async for event in _until(events, "thread.run.created")][-1][1])
        arrived = [event[2] async for event in _until(events, _DELTA) if event[0] == _DELTA]
        async with session.get(f"{there}{path}/events") as second:
            later, rest = await asyncio.gather(_arrivals(_events(second)), _arrivals(events))
    # The first ones were sent before the other server had a reader.
    pairs = zip(arrived + rest, later, strict=True)
    return [max(0.0, other - own) for own, other in pairs][5:]


async def _cancel(session: aiohttp.ClientSession, here: str, there: str) -> float:
    """Return the seconds from a cancel at the other server to its event for readers here."""
    async with session.post(f"{here}/threads/runs", json=_RUN) as first:
        events = _events(first)
        path = _path_of([event async for event in _until(events, "thread.run.created")][-1][1])
        async for _ in _until(events, _DELTA):
            pass
        started = time.perf_counter()
        async with session.post(f"{there}{path}/cancel") as answer:
            answer.raise_for_status()
        async for name, _, moment in events:
            if name == _CANCELLED:
                return moment - started
    raise RuntimeError("the run was not cancelled")


async def _until(events: AsyncIterator[Event], last: str) -> AsyncIterator[Event]:
    async for event in events:
        yield event
        if event[0] == last:
            return


async def _arrivals(events: AsyncIterator[Event]) -> list[float]:
    """Return when each delta that is still to come arrived."""
    return [moment async for name, _, moment in events if name == _DELTA]


def _path_of(run: dict[str, Any]) -> str:
    return f"/threads/{run['thread_id']}/runs/{run['id']}"


async def measure(here: str, there: str, runs: int) -> tuple[list[float], list[float]]:
    async with aiohttp.ClientSession() as session:
        lags = [lag for _ in range(runs) for lag in await _lags(session, here, there)]
        return lags, [await _cancel(session, here, there) for _ in range(runs)]


def _line(name: str, seconds: Sequence[float]) -> str:
    p95 = statistics.quantiles(seconds, n=20)[-1]
    return f"  {name:<28}{statistics.median(seconds) * 1000:>8.1f}{p95 * 1000:>8.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--postgres", metavar="URL", required=True)
    parser.add_argument("--runs", type=int, default=20)
    arguments = parser.parse_args()
    with ExitStack() as stack:
        base_url = stack.enter_context(fake_upstream(words=_WORDS, pause=_PAUSE))
        servers = [
            stack.enter_context(threadkeeper(base_url, database_url=arguments.postgres))
            for _ in range(2)
        ]
        here, there = (f"http://127.0.0.1:{server.port}/api/v1" for server in servers)
        lags, cancels = asyncio.run(measure(here, there, arguments.runs))
    print("  milliseconds                     p50     p95")
    print(_line("a delta, later than here", lags))
    print(_line("a cancel by the other server", cancels))


if __name__ == "__main__":
    main()
