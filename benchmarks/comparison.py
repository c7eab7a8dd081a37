"""Two sides under the same load, alternately, and the cost of one as a ratio to the other."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import median, quantiles

from benchmarks.client import Timing
from benchmarks.servers import Server

Turn = Callable[[], Awaitable[Timing]]


@dataclass(frozen=True)
class Load:
    """The load: `turns` per round, by `clients` at once."""

    rounds: int = 7
    turns: int = 800
    clients: int = 16


@dataclass(frozen=True)
class Side:
    """A server, and what creates a client for it: a function that takes one turn."""

    server: Server
    new_client: Callable[[], Turn]


@dataclass(frozen=True)
class Round:
    cpu: float  # seconds per turn
    first: float  # seconds, median
    p50: float
    p95: float


async def compare(
    title: str, side: Side, base: Side, load: Load, *, streamed: bool = False
) -> None:
    """Print the cost of `side` as a ratio to `base`, measured pair by pair.

    Little changes on the machine between the two rounds of a pair; the lowest ratio is the one
    that other load disturbed least.
    """
    sides = [side, base]
    turns = [[each.new_client() for _ in range(load.clients)] for each in sides]
    for each, of_side in zip(sides, turns, strict=True):
        await _round(each.server, of_side, load.turns)  # warms up
    pairs = []
    for number in range(load.rounds):
        pair: dict[int, Round] = {}
        # The order alternates, so that no drift of the machine favours one side.
        for place in (0, 1) if number % 2 else (1, 0):
            pair[place] = await _round(sides[place].server, turns[place], load.turns)
        pairs.append((pair[0], pair[1]))
    print(f"{title} ({load.clients} clients, {load.rounds} rounds of {load.turns} turns)")
    _print_ratios("CPU per turn", [(ours.cpu, theirs.cpu) for ours, theirs in pairs])
    if streamed:
        _print_ratios("time to first delta", [(ours.first, theirs.first) for ours, theirs in pairs])
    _print_ratios("latency p50", [(ours.p50, theirs.p50) for ours, theirs in pairs])
    _print_ratios("latency p95", [(ours.p95, theirs.p95) for ours, theirs in pairs])


async def _round(server: Server, clients: list[Turn], turns: int) -> Round:
    left = iter(range(turns))
    timings: list[Timing] = []

    async def work(turn: Turn) -> None:
        for _ in left:
            timings.append(await turn())

    before = server.cpu_seconds()
    await asyncio.gather(*map(work, clients))
    cpu = server.cpu_seconds() - before
    totals = [timing.total for timing in timings]
    first = median(timing.first for timing in timings)
    return Round(cpu / turns, first, median(totals), p95(totals))


def p95(seconds: list[float]) -> float:
    return quantiles(seconds, n=20)[-1]


def _print_ratios(what: str, pairs: list[tuple[float, float]]) -> None:
    ratios = [ours / theirs for ours, theirs in pairs]
    ours, theirs = (median(side) * 1000 for side in zip(*pairs, strict=True))
    print(
        f"  {what:<20} min {min(ratios):5.2f}   median {median(ratios):5.2f}"
        f"   (medians: {ours:.2f} ms against {theirs:.2f} ms)"
    )
