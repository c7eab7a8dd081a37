"""What a large database costs: searches, lists by metadata, deletions, and old threads' removal.

python -m benchmarks.large --database URL [--fill THREADS] [--delete | --hold] [--tree PATH]

Fill an empty database first (`sqlite:////path` or `postgresql://…`; a million messages need 100,000
threads, and minutes). The messages are indexed as after an import, while searches are asked.
`--delete` removes the thread of 20,000 messages, then all threads older than a year, while a client
creates one empty thread after the other: its longest wait is what a deletion costs others. `--hold`
does the same in this process, and prints how long each transaction had the writer. Copy the
database before, to compare with another tree.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.large_data import LONG_THREAD, Amount, Vocabulary, fill, waiting_for_index
from benchmarks.large_holds import measure_holds
from benchmarks.servers import ROOT, Server, threadkeeper

_TIMES = 7
_NOBODY = "http://127.0.0.1:9/v1"
_LATEST = 3600.0


class Client:
    def __init__(self, session: aiohttp.ClientSession, server: Server) -> None:
        self._session = session
        self._url = f"http://127.0.0.1:{server.port}/api/v1"

    async def call(self, method: str, path: str, **options: Any) -> tuple[Any, float]:
        """Return the answer, and how many milliseconds it took."""
        started = time.perf_counter()
        async with self._session.request(method, self._url + path, **options) as response:
            answer = await response.json()
            response.raise_for_status()
        return answer, (time.perf_counter() - started) * 1000

    async def waits_during(self, work: Callable[[], Awaitable[Any]]) -> list[float]:
        """Return how long small writes took while `work` was done, in milliseconds."""
        task = asyncio.ensure_future(work())
        waits = []
        while not task.done():
            waits.append((await self.call("POST", "/threads", json={}))[1])
            await asyncio.sleep(0.002)
        await task
        return waits


async def measure_reads(client: Client) -> None:
    words = Vocabulary().words
    wanted = {
        "newest threads": {},
        "words: absent": {"q": "qqqqqqqq"},
        "words: rare": {"q": words[30_000]},
        "words: 2,000th commonest": {"q": words[1999]},
        "words: 50th commonest": {"q": words[49]},
        "words: commonest": {"q": words[0]},
        "metadata: rare": {"metadata[order]": "77"},
        "metadata: absent": {"metadata[order]": "none"},
        "metadata: common": {"metadata[site]": "shop"},
    }
    print(f"  {'list':<28} {'median ms':>10} {'max ms':>8}")
    for name, parameters in wanted.items():
        times = [
            (await client.call("GET", "/threads", params=parameters))[1] for _ in range(_TIMES)
        ]
        print(f"  {name:<28} {statistics.median(times):>10.1f} {max(times):>8.1f}")


async def search_while_indexing(client: Client, url: str) -> None:
    """Print how long searches take until all messages are indexed, and how long that takes."""
    began = time.perf_counter()
    times = []
    while left := await asyncio.to_thread(waiting_for_index, url):
        if not times:
            print(f"  {left:,} messages are not indexed yet")
        times.append((await client.call("GET", "/threads", params={"q": "hello"}))[1])
        await asyncio.sleep(1)
    if times:
        print(
            f"  the first search: {times[0]:.0f} ms; {len(times)} while they were indexed: median "
            f"{statistics.median(times):.0f} ms, longest {max(times):.0f} ms; all were indexed "
            f"after {time.perf_counter() - began:.0f} s"
        )


async def wait_idly(client: Client) -> None:
    waits = await client.waits_during(lambda: asyncio.sleep(10))
    _print_waits("nothing else happens", waits)


async def delete_long_thread(client: Client) -> None:
    waits = await client.waits_during(lambda: client.call("DELETE", f"/threads/{LONG_THREAD}"))
    # The rows are deleted after the answer.
    waits += await client.waits_during(lambda: asyncio.sleep(10))
    _print_waits("deletion of a long thread", waits)


async def wait_for_retention(client: Client) -> None:
    year_ago = int(time.time()) - 365 * 86_400
    waits = []
    for _ in range(int(_LATEST)):
        waits += await client.waits_during(lambda: asyncio.sleep(1))
        params = {"created_before": str(year_ago), "order": "asc", "limit": "1"}
        if not (await client.call("GET", "/threads", params=params))[0]["data"]:
            break
    _print_waits("deletion of old threads", waits)


def _print_waits(name: str, waits: list[float]) -> None:
    median, p99 = statistics.median(waits), statistics.quantiles(waits, n=100)[-1]
    print(
        f"  {name}: {len(waits)} small writes meanwhile, median {median:.1f} ms, p99 {p99:.0f} ms, "
        f"longest {max(waits):.0f} ms"
    )


async def _with_client(server: Server, *works: Callable[[Client], Awaitable[None]]) -> None:
    timeout = aiohttp.ClientTimeout(total=_LATEST)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        for work in works:
            await work(Client(session, server))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--database", metavar="URL", required=True)
    parser.add_argument("--fill", metavar="THREADS", type=int, help="fill the empty database first")
    deletions = parser.add_mutually_exclusive_group()
    deletions.add_argument("--delete", action="store_true", help="measure deletions, too")
    deletions.add_argument("--hold", action="store_true", help="measure their transactions")
    parser.add_argument("--tree", type=Path, default=ROOT, help="working copy to measure")
    arguments = parser.parse_args()
    settings = {"database_url": arguments.database, "tree": arguments.tree, "SEARCH_TIMEOUT": "300"}
    if arguments.fill:
        with threadkeeper(_NOBODY, **settings):
            pass
        fill(arguments.database, Amount(threads=arguments.fill))
    with threadkeeper(_NOBODY, **settings) as server:
        deletion = [wait_idly, delete_long_thread] if arguments.delete else []
        searches = partial(search_while_indexing, url=arguments.database)
        asyncio.run(_with_client(server, searches, measure_reads, *deletion))
    if arguments.hold:
        asyncio.run(measure_holds(arguments.database))
    if arguments.delete:
        with threadkeeper(_NOBODY, **settings, RETENTION_DAYS="365") as server:
            asyncio.run(_with_client(server, wait_for_retention))


if __name__ == "__main__":
    main()
