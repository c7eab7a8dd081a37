"""What the next client gets when a process makes as many calls to models as it may.

python -m benchmarks.full [--streams 1100] [--seconds 20] [--tree PATH]

`--tree` is another working copy to measure. Streamed runs are opened until there are `--streams`,
or one is refused; each lasts longer than the measurement. Then one more question is asked.
"""

import argparse
import asyncio
import time
from collections import Counter
from pathlib import Path

import aiohttp

from benchmarks.servers import ROOT, fake_upstream, raise_file_limit, threadkeeper

_WORDS, _PAUSE = 300, 0.5
_AT_A_TIME = 50
_RUN = {
    "assistant_id": "asst_default",
    "thread": {"messages": [{"role": "user", "content": "hello"}]},
    "stream": True,
}


async def _open(session: aiohttp.ClientSession, base: str, seconds: float) -> str:
    """Return what a new streamed run gets: `answered`, a status, or `nothing` after `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            response = await session.post(f"{base}/threads/runs", json=_RUN)
            if response.status != 200:
                return f"{response.status}, Retry-After {response.headers.get('retry-after')}"
            async for line in response.content:
                if line.startswith(b"event: thread.message.delta"):
                    return "answered"
                if line.startswith(b"event: thread.run.failed"):
                    return "failed"
    except TimeoutError:
        pass
    return "nothing"


async def measure(port: int, streams: int, seconds: float) -> None:
    base = f"http://127.0.0.1:{port}/api/v1"
    outcomes: Counter[str] = Counter()
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=None)
    ) as session:
        for _ in range(0, streams, _AT_A_TIME):
            opened = (_open(session, base, seconds) for _ in range(_AT_A_TIME))
            outcomes.update(await asyncio.gather(*opened))
            if outcomes.total() > outcomes["answered"]:
                break
        started = time.perf_counter()
        found = await _open(session, base, seconds)
        passed = time.perf_counter() - started
    for outcome, count in outcomes.most_common():
        print(f"  {count:>6} runs: {outcome}")
    print(f"  one more: {found} after {passed:.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--streams", type=int, default=1100)
    parser.add_argument("--seconds", type=float, default=20.0, help="to wait for a first word")
    parser.add_argument("--limit", default="0", help="MAX_MODEL_CALLS")
    parser.add_argument("--tree", type=Path, default=ROOT, help="working copy to measure")
    arguments = parser.parse_args()
    raise_file_limit()
    with (
        fake_upstream(words=_WORDS, pause=_PAUSE) as base_url,
        threadkeeper(base_url, tree=arguments.tree, MAX_MODEL_CALLS=arguments.limit) as server,
    ):
        asyncio.run(measure(server.port, arguments.streams, arguments.seconds))


if __name__ == "__main__":
    main()
