"""A mixed load while things break: is anything lost, or there twice, and how long does it take?

python -m benchmarks.soak [--seconds 300] [--clients 16] [--faults 0.03] [--postgres URL]

Two servers on one PostgreSQL, a model that fails now and then. As many clients as asked for take
one turn after the other: the load is what the machine sustains. Meanwhile one server is killed
and started again, and the database restarted, twice each. Ends with status 1 where something
acknowledged is lost, something is there twice, a run never ended, or a server has not recovered.
"""

import argparse
import asyncio
import shutil
import time
from collections.abc import Awaitable
from itertools import cycle

import aiohttp

from benchmarks.servers import raise_file_limit
from benchmarks.soak_ledger import Findings, Ledger, compare, percentiles, settle
from benchmarks.soak_load import Client, Failed, keep_busy
from benchmarks.soak_stage import Stage, stage

_WARM_UP_SECONDS = 10.0
# A killed server stays away for as long, as under a supervisor that starts it again.
_AWAY_SECONDS = 3.0
_SETTLE_SECONDS = 60.0
# So many chats at once, on each server, show in the end that all of its parts work again.
_LAST_CHATS = 40
# Errors that a chat may get then: the model goes on failing now and then.
_FAULT_OF_THE_MODEL = "502 server_error"
# When (of the whole time) what is done.
_PLAN = ((0.2, "kill"), (0.4, "database"), (0.6, "kill"), (0.8, "database"))
# Of sixteen clients.
_SHARES = ("chat",) * 6 + ("stream",) * 4 + ("poll",) * 4 + ("upload",) * 2


class Soak:
    """One soak: what it runs on, what clients received, and its memory."""

    def __init__(self, stage: Stage, clients: int) -> None:
        self.stage = stage
        self.clients = clients
        self.ledger = Ledger()
        self.seconds = 0.0
        self.memory: list[int] = []
        self.faults: list[str] = []
        self.broken: list[str] = []

    async def run(self, seconds: float) -> Findings:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:
            # Its turns count for nothing: it fills caches, pools and the JIT of PostgreSQL.
            await asyncio.gather(*self._load(session, Ledger(), "warm-up", _WARM_UP_SECONDS))
            self.memory.append(self.stage.survivor.resident_kib())
            started = time.monotonic()
            load = self._load(session, self.ledger, "client", seconds)
            await asyncio.gather(self._disturb(started, seconds), *load)
            self.seconds = time.monotonic() - started
            await settle(self.stage.database.url, _SETTLE_SECONDS)
            self.memory.append(self.stage.survivor.resident_kib())
            await self._check_files(session)
            await self._check_servers(session)
        return compare(self.ledger, self.stage.database.url)

    def _load(
        self, session: aiohttp.ClientSession, ledger: Ledger, name: str, seconds: float
    ) -> list[Awaitable[None]]:
        until = time.monotonic() + seconds
        ports = [self.stage.killed.port, self.stage.survivor.port]
        kinds = cycle(_SHARES)
        clients: list[Awaitable[None]] = []
        for number in range(self.clients):
            kind = next(kinds)
            turn = getattr(Client(session, ports[:: -1 if number % 2 else 1], ledger), kind)
            clients.append(keep_busy(kind, f"{name} {number}", turn, ledger, until))
        return clients

    async def _disturb(self, started: float, seconds: float) -> None:
        for share, what in _PLAN:
            await asyncio.sleep(max(0.0, started + share * seconds - time.monotonic()))
            at = time.monotonic() - started
            if what == "kill":
                await asyncio.to_thread(self.stage.killed.kill)
                await asyncio.sleep(_AWAY_SECONDS)
                self.stage.killed.begin_again()
                await asyncio.to_thread(self.stage.killed.wait_up)
                said = "killed a server, and started it again"
            else:
                await asyncio.to_thread(self.stage.database.disturb)
                said = self.stage.database.fault
            self.faults.append(f"{at:.0f} s: {said}")

    async def _check_files(self, session: aiohttp.ClientSession) -> None:
        client = Client(session, [self.stage.survivor.port], self.ledger)
        for file_id in [*self.ledger.files]:
            try:
                await client.check_file(file_id)
            except Failed as failure:
                self.ledger.said.add(f"{file_id}: {failure}")  # said, and not there: lost

    async def _check_servers(self, session: aiohttp.ClientSession) -> None:
        for keeper in (self.stage.killed, self.stage.survivor):
            chats = [
                Client(session, [keeper.port], self.ledger).chat(
                    f"the last {number} to {keeper.name}"
                )
                for number in range(_LAST_CHATS)
            ]
            for outcome in await asyncio.gather(*chats, return_exceptions=True):
                if isinstance(outcome, BaseException) and str(outcome) != _FAULT_OF_THE_MODEL:
                    self.broken.append(f"{keeper.name}: {outcome}")


def report(soak: Soak, findings: Findings) -> None:
    ledger = soak.ledger
    turns = sum(map(len, ledger.seconds.values()))
    requests = sum(ledger.requests.values())
    print(f"{soak.clients} clients for {soak.seconds:.0f} s, two servers, PostgreSQL")
    for fault in soak.faults:
        print(f"  at {fault}")
    print(f"  requests {requests} ({requests / soak.seconds:.0f} a second), turns {turns}")
    print("  turn        done   p50 ms   p95 ms   p99 ms   requests")
    for kind in dict.fromkeys(_SHARES):
        seconds = ledger.seconds[kind]
        p50, p95, p99 = (1000 * value for value in percentiles(seconds))
        times = f"{p50:8.0f} {p95:8.0f} {p99:8.0f}"
        print(f"  {kind:<8} {len(seconds):>7} {times} {ledger.requests[kind]:>10}")
    print(f"  streams that were lost and resumed to their end: {ledger.resumed}")
    print("  what clients saw instead of an answer:")
    for (kind, what), number in sorted(ledger.failures.items()):
        print(f"    {kind:<8} {what}: {number}")
    print(f"  runs: {dict(findings.runs)}")
    start, end = (kib / 1024 for kib in soak.memory)
    print(f"  memory of the server that was not killed: {start:.0f} MiB, in the end {end:.0f} MiB")
    print(f"  lost {len(findings.lost)}, doubled {len(findings.doubled)}", end="")
    print(f", unfinished {len(findings.unfinished)}")
    print(f"  chats in the end that a server could not answer: {len(soak.broken)}")
    for what in (findings.lost + findings.doubled + findings.unfinished + soak.broken)[:20]:
        print(f"    {what}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--clients", type=int, default=len(_SHARES))
    parser.add_argument("--faults", type=float, default=0.03, help="share of failing answers")
    parser.add_argument("--postgres", metavar="URL", help="where there is no initdb")
    arguments = parser.parse_args()
    raise_file_limit()
    with stage(arguments.faults, arguments.postgres) as prepared:
        soak = Soak(prepared, arguments.clients)
        findings = asyncio.run(soak.run(arguments.seconds))
        report(soak, findings)
        alive = prepared.survivor.runs() and prepared.killed.runs()
    if not (findings.good and alive) or soak.broken:
        raise SystemExit(f"NOT as it should be; the servers' logs are in {prepared.folder}")
    shutil.rmtree(prepared.folder, ignore_errors=True)
    print("  as it should be")


if __name__ == "__main__":
    main()
