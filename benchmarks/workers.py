"""How many turns a second several workers take, as a ratio to one, on the same PostgreSQL database.

python -m benchmarks.workers --postgres URL [--workers 2] [--pause 0]

The clients, the upstream and the database share the machine's cores with the workers; the CPU time
of all workers per turn says how much of a core a turn takes, apart from that.
"""

import argparse
import asyncio
import time
from contextlib import ExitStack
from statistics import median
from typing import NamedTuple

from benchmarks.chat import one_shot
from benchmarks.comparison import Turn
from benchmarks.servers import Server, fake_upstream, threadkeeper

_WORDS = 20


class Round(NamedTuple):
    turns_per_second: float
    cpu: float  # seconds per turn, of all processes of the server


async def _round(server: Server, clients: list[Turn], seconds: float) -> Round:
    turns = 0
    began, before = time.perf_counter(), server.group_cpu_seconds()
    ends = began + seconds

    async def work(turn: Turn) -> None:
        nonlocal turns
        while time.perf_counter() < ends:
            await turn()
            turns += 1

    await asyncio.gather(*map(work, clients))
    cpu = server.group_cpu_seconds() - before
    return Round(turns / (time.perf_counter() - began), cpu / turns)


async def _measure(servers: list[Server], arguments: argparse.Namespace) -> None:
    sides = [[one_shot(server) for _ in range(arguments.clients)] for server in servers]
    for server, side in zip(servers, sides, strict=True):
        await _round(server, side, 2)  # warms up
    rounds: list[list[Round]] = []
    for number in range(arguments.rounds):
        pair: dict[int, Round] = {}
        # The order alternates, so that no drift of the machine favours one side.
        for place in (0, 1) if number % 2 else (1, 0):
            pair[place] = await _round(servers[place], sides[place], arguments.seconds)
        rounds.append([pair[0], pair[1]])
    ratios = [several.turns_per_second / one.turns_per_second for one, several in rounds]
    print(
        f"turns a second, {arguments.workers} workers to one: "
        f"min {min(ratios):.2f}   median {median(ratios):.2f}   max {max(ratios):.2f}"
    )
    for name, side in zip(("one", str(arguments.workers)), zip(*rounds, strict=True), strict=True):
        print(
            f"  {name:<4} {median(one.turns_per_second for one in side):7.1f} turns a second"
            f"   {median(one.cpu for one in side) * 1000:6.2f} ms of CPU per turn"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--postgres", metavar="URL", required=True)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10, help="of each side in a round")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--pause", type=float, default=0, help="seconds between a model's words")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        base_url = stack.enter_context(fake_upstream(words=_WORDS, pause=arguments.pause))
        servers = [
            stack.enter_context(
                threadkeeper(base_url, database_url=arguments.postgres, WORKERS=str(workers))
            )
            for workers in (1, arguments.workers)
        ]
        asyncio.run(_measure(servers, arguments))


if __name__ == "__main__":
    main()
