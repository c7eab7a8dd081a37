"""The heartbeat of a process: renews its lease and finds the runs that it must act on."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass

from app.db import repeats, run_events, run_holders, workers
from app.db.database import Connection, Database
from app.db.run_holders import HeldRun
from app.domain.clock import now
from app.engine.lease import LOOKS_IN_A_LEASE, LeaseWatch
from app.schemas.runs import LastError

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
        self._beating: asyncio.Future[tuple[LeaseWatch, Found]] | None = None

    @property
    def pause(self) -> float:
        """Seconds from one heartbeat to the next."""
        return self._lease_seconds / LOOKS_IN_A_LEASE

    async def beat(self, executed: Collection[str]) -> Found:
        """Renew the lease and read the rows; `executed` are the runs that have a task here."""
        moment = now()
        clean_up = abs(moment - self._clean_up_at) >= _CLEAN_UP_EVERY
        self._beating = asyncio.ensure_future(
            self._database.transaction(self._beat, executed, moment, clean_up)
        )
        watch, found = await asyncio.shield(self._beating)
        # Only after the commit: a transaction may be repeated, but must count once.
        self._watch = watch
        if clean_up:
            self._clean_up_at = moment
        return found

    async def stop(self) -> None:
        """Release the lease and the unfinished runs: other processes may take them at once."""
        if self._beating is not None:
            # A heartbeat in flight on another connection would take the lease again.
            await asyncio.gather(self._beating, return_exceptions=True)
        await self._database.transaction(self._give_back)

    def _give_back(self, connection: Connection) -> None:
        run_holders.release(connection, self._worker_id)
        workers.remove(connection, self._worker_id)

    def _beat(
        self, connection: Connection, executed: Collection[str], moment: int, clean_up: bool
    ) -> tuple[LeaseWatch, Found]:
        worker_id = self._worker_id
        workers.renew(connection, worker_id, self._lease_seconds)
        leases = workers.leases(connection)
        leases.pop(worker_id, None)
        watch = self._watch.look(leases)
        workers.remove_lapsed(connection, watch.lapsed)
        if clean_up:
            run_events.remove_before(connection, moment - self._journal_seconds)
            repeats.forget_old(connection)
        run_holders.bring_expiry_forward(
            connection,
            made_after=moment + _CLOCKS_DIFFER,
            latest=moment + self._expires_seconds + _CLOCKS_DIFFER,
            expiry=moment + self._expires_seconds,
        )
        held = run_holders.held_by(connection, worker_id)
        orphans = run_holders.take_orphans(connection, worker_id, limit=_ORPHANS_AT_ONCE)
        inherited = [
            HeldRun(run.id, run.thread_id, run.status, run.worker_id)
            for run in orphans
            if run.takeovers < MAX_TAKEOVERS
        ]
        return watch, Found(
            held=held,
            inherited=inherited,
            given_up=[run.id for run in orphans if run.takeovers >= MAX_TAKEOVERS],
            lost=run_holders.lost(connection, worker_id, executed),
            expired=run_holders.expired(connection, worker_id, moment),
        )
