"""The phases of the soak with attackers, and the attackers' processes."""

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from benchmarks.servers import ROOT
from benchmarks.soak_stage import Keeper, Stage

Fault = Callable[[Stage, float], Awaitable[None]]

# Longer than a lease (5 s) and the looks that it takes the other server to see it lapse.
_PAUSED_SECONDS = 12.0
# Longer than DATABASE_TIMEOUT (15 s).
_SILENT_SECONDS = 20.0
_BEFORE_A_FAULT = 3.0
# Seconds that one server's clock is set ahead of the true time, one after the other; and how far
# the other's is behind it meanwhile. Together that is longer than a run may take (600 s), and no
# step forward is: by such a step a run expires.
_STEPS = (30.0, -90.0, 400.0, -30.0, 300.0, 0.0)
_BEHIND = -400.0


class AttackerProcess:
    """Attackers of one kind, as a process: what they do costs the measuring process nothing."""

    def __init__(self, kind: str, key: str, ports: Sequence[int]) -> None:
        self.kind = kind
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "benchmarks.attackers", kind),
                *("--key", key, "--ports", *map(str, ports)),
            ],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        assert self._process.stdin and self._process.stdout
        self._input, self._output = self._process.stdin, self._process.stdout

    async def wait_ready(self) -> None:
        await asyncio.to_thread(self._read)

    async def attack(self, seconds: float) -> Counter[str]:
        """Return what they were answered."""
        self._input.write(f"{seconds}\n")
        return Counter(json.loads(await asyncio.to_thread(self._read)))

    def close(self) -> None:
        self._process.kill()
        self._process.wait()

    def _read(self) -> str:
        line = self._output.readline()
        if not line:
            raise RuntimeError(f"The attackers {self.kind!r} have ended.")
        return line


async def step_clocks(stage: Stage, seconds: float) -> None:
    """Set one server's clock forward and back, and the other's far behind."""
    pause = seconds / (len(_STEPS) + 1)
    stage.killed.clock.set(_BEHIND)
    for step in _STEPS:
        await asyncio.sleep(pause)
        stage.survivor.clock.set(step)
    stage.killed.clock.set(0)


async def pause_server(stage: Stage, seconds: float) -> None:
    await asyncio.sleep(_BEFORE_A_FAULT)
    stage.killed.pause()
    await asyncio.sleep(_PAUSED_SECONDS)
    stage.killed.go_on()


async def silence_database(stage: Stage, seconds: float) -> None:
    assert stage.way
    await asyncio.sleep(_BEFORE_A_FAULT)
    stage.way.swallow()
    await asyncio.sleep(_SILENT_SECONDS)
    stage.way.flow()


async def everything(stage: Stage, seconds: float) -> None:
    """Set clocks all the time, and meanwhile pause a server and then silence the database."""
    clocks = asyncio.create_task(step_clocks(stage, seconds))
    await pause_server(stage, seconds)
    await silence_database(stage, seconds)
    await clocks


@dataclass(frozen=True)
class Phase:
    """`stopped`: the database or a server doesn't answer for a while, so nor may users be."""

    name: str
    attackers: tuple[str, ...] = ()
    fault: Fault | None = None
    stopped: bool = False


@dataclass
class Measured:
    """What a phase came to. `seconds`: of each chat that was answered, from when it was due.

    `bare`: of each question that was put to the upstream itself. `refused`: what was answered
    instead, by its code. `attackers`: what these were answered, by kind.
    """

    phase: Phase
    seconds: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    attackers: dict[str, Counter[str]] = field(default_factory=dict)
    cpu: tuple[float, ...] = ()
    peak_kib: int = 0
    longest: float = 0.0


_KINDS = ("slow bodies", "long questions", "poison requests", "poison files", "poison answers")
CALM = Phase("calm")
PHASES = (
    *(Phase(kind, (kind,)) for kind in _KINDS),
    Phase("clocks set", fault=step_clocks),
    Phase("all of these", _KINDS, step_clocks),
    Phase("a server paused", fault=pause_server, stopped=True),
    Phase("database silent", fault=silence_database, stopped=True),
    Phase("all, and both", _KINDS, everything, stopped=True),
)
ATTACKERS = _KINDS


async def go_through(
    phase: Phase,
    seconds: float,
    stage: Stage,
    found: Measured,
    all_attackers: dict[str, AttackerProcess],
) -> None:
    """Attack for so long; what the servers used meanwhile is measured too."""
    servers = (stage.killed, stage.survivor)
    before = [server.cpu_seconds() for server in servers]
    started = time.monotonic()
    watch = asyncio.create_task(_watch(servers, found))
    works: list[Awaitable[object]] = [asyncio.sleep(seconds)]
    if phase.fault:
        works.append(phase.fault(stage, seconds))
    attacks = [all_attackers[kind].attack(seconds) for kind in phase.attackers]
    answers, _ = await asyncio.gather(asyncio.gather(*attacks), asyncio.gather(*works))
    watch.cancel()
    found.attackers = dict(zip(phase.attackers, answers, strict=True))
    took = time.monotonic() - started
    found.cpu = tuple(
        (server.cpu_seconds() - used) / took for server, used in zip(servers, before, strict=True)
    )


async def _watch(servers: Sequence[Keeper], found: Measured) -> None:
    while True:
        found.peak_kib = max(found.peak_kib, *(server.resident_kib() for server in servers))
        await asyncio.sleep(0.25)
