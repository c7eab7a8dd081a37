"""Two servers under attack: do ordinary users notice, is anything lost, does the memory come back?

python -m benchmarks.soak_attacks [--seconds 45] [--rate 8] [--postgres URL]

Ordinary users chat at a steady rate, first in peace, then while attackers of each kind are at work
in turn, then all together. Then a server is paused and the database falls silent, which users do
notice: there it counts that nothing is lost or doubled, and that all comes back by itself. Ends
with status 1 if a promise is broken.
"""

import argparse
import asyncio
import shutil
import time
from contextlib import ExitStack

import aiohttp

from benchmarks.servers import raise_file_limit
from benchmarks.soak_crowd import Crowd
from benchmarks.soak_ledger import Findings, Ledger, compare, settle
from benchmarks.soak_phases import (
    ATTACKERS,
    CALM,
    PHASES,
    AttackerProcess,
    Measured,
    Phase,
    go_through,
)
from benchmarks.soak_report import Memory, report
from benchmarks.soak_stage import Stage, stage

_WARM_UP_SECONDS = 20.0
# What an attack has left behind ends in this time; it counts for no phase.
_REST_SECONDS = 10.0
_CALM_SHARE = 0.5  # of a phase's time
_SETTLE_SECONDS = 90.0
_IDLE_SECONDS = 60.0
_REST = Phase("the rests")
_USERS, _ATTACKERS = "key-of-the-users", "key-of-the-attackers"
_KEYS = f'["users:{_USERS}", "attackers:{_ATTACKERS}"]'


class AttackedSoak:
    def __init__(self, prepared: Stage, rate: float, seconds: float) -> None:
        self._stage = prepared
        self._rate = rate
        self._seconds = seconds
        self._ledger = Ledger()
        self._ports = [prepared.killed.port, prepared.survivor.port]
        self.phases: list[Measured] = []
        self.rests = Measured(_REST)
        self.memory: list[Memory] = []

    async def run(self, phases: list[Phase]) -> Findings:
        kinds = [kind for kind in ATTACKERS if any(kind in phase.attackers for phase in phases)]
        with ExitStack() as stack:
            attackers = {kind: AttackerProcess(kind, _ATTACKERS, self._ports) for kind in kinds}
            for attacker in attackers.values():
                stack.callback(attacker.close)
                await attacker.wait_ready()
            headers = {"authorization": f"Bearer {_USERS}"}
            connector = aiohttp.TCPConnector(limit=0)
            async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
                await self._go_through(session, attackers, phases)
        await settle(self._stage.database.url, _SETTLE_SECONDS)
        await self._wait_idle()
        return compare(self._ledger, self._stage.database.url, "users")

    async def _go_through(
        self,
        session: aiohttp.ClientSession,
        attackers: dict[str, AttackerProcess],
        phases: list[Phase],
    ) -> None:
        crowd = Crowd(session, self._ports, self._stage.model, self._ledger)
        chatting = asyncio.create_task(crowd.chat_on(self._rate))
        await asyncio.sleep(_WARM_UP_SECONDS)
        await self._measure(crowd, CALM, attackers)
        self.memory = [self._memory()]
        for phase in phases:
            await self._measure(crowd, phase, attackers)
            crowd.measured = self.rests
            await asyncio.sleep(_REST_SECONDS)
            await self._measure(crowd, CALM, attackers)
        chatting.cancel()
        await crowd.wait_answered()

    async def _measure(
        self, crowd: Crowd, phase: Phase, attackers: dict[str, AttackerProcess]
    ) -> None:
        measured = crowd.measured = Measured(phase)
        self.phases.append(measured)
        print(f"  {time.strftime('%H:%M:%S')} {phase.name}", flush=True)
        seconds = self._seconds * (_CALM_SHARE if phase is CALM else 1)
        await go_through(phase, seconds, self._stage, measured, attackers)

    async def _wait_idle(self) -> None:
        """Let the memory come back."""
        await asyncio.sleep(_IDLE_SECONDS)
        self.memory.append(self._memory())

    def _memory(self) -> Memory:
        return tuple(keeper.resident_kib() for keeper in (self._stage.killed, self._stage.survivor))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=45, help="of each phase")
    parser.add_argument("--rate", type=float, default=8, help="ordinary users' chats a second")
    parser.add_argument("--only", nargs="+", metavar="PHASE", help="these phases, after the calm")
    parser.add_argument("--postgres", metavar="URL", help="if there is no initdb")
    arguments = parser.parse_args()
    phases = [one for one in PHASES if not arguments.only or one.name in arguments.only]
    raise_file_limit()
    with stage(0.0, arguments.postgres, by_proxy=True, API_KEYS=_KEYS) as prepared:
        soak = AttackedSoak(prepared, arguments.rate, arguments.seconds)
        findings = asyncio.run(soak.run(phases))
        alive = prepared.survivor.runs() and prepared.killed.runs()
        broken = report(arguments.rate, soak.phases, soak.rests, soak.memory, findings)
    if broken or not alive:
        raise SystemExit(f"NOT as it should be; the servers' logs are in {prepared.folder}")
    shutil.rmtree(prepared.folder, ignore_errors=True)
    print("  as it should be")


if __name__ == "__main__":
    main()
