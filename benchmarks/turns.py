"""How long a project's writes wait while another project floods the one writer of SQLite.

python -m benchmarks.turns [--clients 64] [--tree PATH]

`--tree` is another working copy to measure. The ratio is between a project's own wait and that of
the project that floods, in the same seconds.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.servers import ROOT, threadkeeper

_QUESTIONS = 100
_MESSAGES = [{"role": "user", "content": "How often was the screen at the entrance viewed?"}] * 60
_KEYS = {name: f"key-of-the-{name}-project" for name in ("flooding", "quiet")}


class Project:
    def __init__(self, session: aiohttp.ClientSession, port: int, name: str) -> None:
        self._session = session
        self._url = f"http://127.0.0.1:{port}/api/v1/threads"
        self._headers = {"authorization": f"Bearer {_KEYS[name]}"}
        self.seconds: list[float] = []

    async def create_thread(self, **body: Any) -> None:
        started = time.perf_counter()
        async with self._session.post(self._url, json=body, headers=self._headers) as response:
            await response.read()
            response.raise_for_status()
        self.seconds.append(time.perf_counter() - started)


async def measure(port: int, clients: int) -> tuple[Project, Project]:
    """Return the quiet project and the one that has flooded meanwhile."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        quiet, flooding = (Project(session, port, name) for name in ("quiet", "flooding"))

        async def flood() -> None:
            while True:
                await flooding.create_thread(messages=_MESSAGES)

        warm_up = (flooding.create_thread(messages=_MESSAGES) for _ in range(clients))
        await asyncio.gather(*warm_up)
        flooding.seconds.clear()
        tasks = [asyncio.create_task(flood()) for _ in range(clients)]
        for _ in range(_QUESTIONS):
            await quiet.create_thread()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return quiet, flooding


def _line(name: str, seconds: Sequence[float]) -> str:
    p95 = statistics.quantiles(seconds, n=20)[-1]
    median = statistics.median(seconds)
    return f"  {name:<22} {len(seconds):>6} {median * 1000:>9.0f} {p95 * 1000:>9.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clients", type=int, default=64, help="that flood at once")
    parser.add_argument("--tree", type=Path, default=ROOT, help="working copy to measure")
    arguments = parser.parse_args()
    keys = ", ".join(f'"{name}:{key}"' for name, key in _KEYS.items())
    # Nobody is asked at the upstream.
    with threadkeeper("http://127.0.0.1:9/v1", tree=arguments.tree, API_KEYS=f"[{keys}]") as server:
        quiet, flooding = asyncio.run(measure(server.port, arguments.clients))
    ratio = statistics.median(quiet.seconds) / statistics.median(flooding.seconds)
    print("  project                writes    p50 ms    p95 ms")
    print(_line("quiet, an empty thread", quiet.seconds))
    print(_line("flooding, 60 messages", flooding.seconds))
    print(f"  ratio of the medians: {ratio:.2f}")


if __name__ == "__main__":
    main()
