"""The heartbeat of a process: renews its lease and finds the runs that it must act on."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from app.db import repeats, run_events, run_holders, workers
from app.db.database import Connection, Database
from app.db.rows import RunRow
from app.db.run_holders import HeldRun
from app.domain.clock import now
from app.engine.lease import LOOKS_IN_A_LEASE, LeaseWatch
from app.schemas.runs import LastError

T = TypeVar("T")

# How many runs a process takes over at once when another has died.
_ORPHANS_AT_ONCE = 20
# How often a run is taken over: one that crashes its process would crash all of them in turn.
MAX_TAKEOVERS = 3
GIVEN_UP = LastError(
    code="server_error",
    message=f"The server stopped {MAX_TAKEOVERS + 1} times while it executed this run, so it was "
    "not tried again. The request may be too large for the server. Try a smaller one.",
)
# How often (in seconds) to remove old events from the journal.
_CLEAN_UP_EVERY = 60
# Seconds by which the clocks of two servers, or one clock before and after it was set, may differ
# before a run's expiry is corrected.
_CLOCKS_DIFFER = 60


@dataclass(frozen=True)
class Found:
    """What one heartbeat found.

    `held` are all runs of this process, to execute or cancel; `inherited` are those just taken
    over from another process. The rest are ids: of runs `given_up` (taken over too often), `lost`
    (taken over by another process) and `expired`.
    """

    held: list[HeldRun]
    inherited: list[HeldRun]
    given_up: list[str]
    lost: list[str]
    expired: list[str]


@dataclass(frozen=True)
class _Seen:
    held: list[HeldRun]
    lost: list[str]
    expired: list[str]
    has_orphans: bool
    has_late_expiry: bool


class Heartbeat:
    """Holds one lease for all runs of a process: if it lapses, other processes take them over."""

    def __init__(
        self,
        database: Database,
        worker_id: str,
        *,
        lease_seconds: float,
        journal_seconds: int,
        expires_seconds: int,
    ) -> None:
        """`expires_seconds`: how long a run may take; no run is given more time than that."""
        self._database = database
        self._worker_id = worker_id
        self._lease_seconds = lease_seconds
        self._journal_seconds = journal_seconds
        self._expires_seconds = expires_seconds
        self._watch = LeaseWatch()
        self._clean_up_at = 0
        self._beating: asyncio.Future[Any] | None = None

    @property
    def pause(self) -> float:
        """Seconds from one heartbeat to the next."""
        return self._lease_seconds / LOOKS_IN_A_LEASE

    async def beat(self, executed: Collection[str]) -> Found:
        """Renew the lease and read the rows; `executed` are the runs that have a task here."""
        moment = now()
        clean_up = abs(moment - self._clean_up_at) >= _CLEAN_UP_EVERY
        leases = await self._uninterrupted(self._renew, moment, clean_up)
        # Only after the commit: a transaction may be repeated, but must count once.
        self._watch = self._watch.look(leases)
        if clean_up:
            self._clean_up_at = moment
        # Read outside of that transaction: with thousands of runs it takes a while, in which
        # SQLite's only writer is free.
        seen = await self._database.read(self._look, executed, moment)
        orphans: list[RunRow] = []
        if self._watch.lapsed or seen.has_orphans or seen.has_late_expiry:
            orphans = await self._uninterrupted(self._take, moment)
        return Found(
            held=seen.held,
            inherited=[
                HeldRun(run.id, run.thread_id, run.status, run.worker_id)
                for run in orphans
                if run.takeovers < MAX_TAKEOVERS
            ],
            given_up=[run.id for run in orphans if run.takeovers >= MAX_TAKEOVERS],
            lost=seen.lost,
            expired=seen.expired,
        )

    async def stop(self) -> None:
        """Release the lease and the unfinished runs: other processes may take them at once."""
        if self._beating is not None:
            # A heartbeat in flight on another connection would take the lease again.
            await asyncio.gather(self._beating, return_exceptions=True)
        await self._database.transaction(self._give_back)

    def _give_back(self, connection: Connection) -> None:
        run_holders.release(connection, self._worker_id)
        workers.remove(connection, self._worker_id)

    async def _uninterrupted(self, work: Callable[..., T], *args: Any) -> T:
        self._beating = beating = asyncio.ensure_future(self._database.transaction(work, *args))
        return await asyncio.shield(beating)

    def _renew(
        self, connection: Connection, moment: int, clean_up: bool
    ) -> Mapping[str, tuple[float, float]]:
        """Return the leases of the other processes."""
        workers.renew(connection, self._worker_id, self._lease_seconds)
        if clean_up:
            run_events.remove_before(connection, moment - self._journal_seconds)
            repeats.forget_old(connection)
        leases = workers.leases(connection)
        leases.pop(self._worker_id, None)
        return leases

    def _look(self, connection: Connection, executed: Collection[str], moment: int) -> _Seen:
        worker_id = self._worker_id
        held = run_holders.held_by(connection, worker_id)
        # Most that are executed are also held: only the rest may have been taken over.
        others = {*executed}.difference(run.id for run in held)
        return _Seen(
            held=held,
            lost=run_holders.lost(connection, worker_id, others),
            expired=run_holders.expired(connection, worker_id, moment),
            has_orphans=run_holders.has_orphans(connection),
            has_late_expiry=run_holders.has_late_expiry(connection, **self._late(moment)),
        )

    def _take(self, connection: Connection, moment: int) -> list[RunRow]:
        """Take over runs without a living process, as they were before."""
        workers.remove_lapsed(connection, self._watch.lapsed)
        run_holders.bring_expiry_forward(
            connection, **self._late(moment), expiry=moment + self._expires_seconds
        )
        return run_holders.take_orphans(connection, self._worker_id, limit=_ORPHANS_AT_ONCE)

    def _late(self, moment: int) -> dict[str, int]:
        """Return which runs a clock that was ahead has created."""
        return {
            "made_after": moment + _CLOCKS_DIFFER,
            "latest": moment + self._expires_seconds + _CLOCKS_DIFFER,
        }
