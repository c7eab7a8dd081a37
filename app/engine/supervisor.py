"""Owns the tasks that carry runs: start, cancel, recover, stop."""

import asyncio
import logging
import time
from collections.abc import Coroutine
from typing import Any

from app.db import run_events, runs, workers
from app.db.database import Connection
from app.db.runs import StoredRun
from app.domain.clock import now
from app.domain.errors import StaleRun
from app.engine import journal
from app.engine.changes import Changes
from app.engine.claim import Claimed, claim
from app.engine.ending import Ending, end_run
from app.engine.executor import Execution, Outcome, Shared
from app.schemas.runs import LastError

logger = logging.getLogger(__name__)

# How many runs a process takes over at once when another has died.
_ORPHANS_AT_ONCE = 20

_OUR_FAULT = LastError(
    code="server_error", message="The server failed while it carried the run; its log says why."
)


class RunSupervisor:
    """The runs that this process carries.

    It holds one lease for all of them and renews it; when it stops renewing, other processes
    take the runs over.
    """

    def __init__(self, shared: Shared, *, lease_seconds: float, journal_seconds: float) -> None:
        self._shared = shared
        self._lease_seconds = lease_seconds
        self._journal_seconds = journal_seconds
        self._tasks: dict[str, asyncio.Task[Outcome]] = {}
        self._background: set[asyncio.Task[Any]] = set()
        self._heart: asyncio.Task[None] | None = None
        self._adrift_before: set[str] = set()
        self._stopping = False

    @property
    def worker_id(self) -> str:
        return self._shared.worker_id

    async def open(self) -> None:
        """Take the lease, and with it the runs that nobody carries."""
        await self._beat()
        self._heart = asyncio.create_task(self._beat_on(), name="run supervisor")

    async def close(self, seconds: float) -> None:
        """Let runs end for up to `seconds`, then leave the rest to whoever comes next."""
        self._stopping = True
        if self._heart is not None:
            self._heart.cancel()
        tasks = [*self._tasks.values(), *self._background]
        if tasks:
            _, pending = await asyncio.wait(tasks, timeout=seconds)
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)
        await self._shared.database.transaction(workers.remove, self._shared.worker_id)

    def start(self, run_id: str) -> asyncio.Task[Outcome]:
        """Carry on a run that stands queued in its row."""
        if run_id in self._tasks:
            return self._tasks[run_id]
        return self._carry(run_id, self._claim_and_execute(run_id))

    def go_on(self, claimed: Claimed) -> asyncio.Task[Outcome]:
        """Carry on a run that its creator has claimed already."""
        return self._carry(claimed.run.id, self._execute(claimed))

    def cancel(self, run_id: str) -> None:
        """Cancel a run whose row says `cancelling`."""
        task = self._tasks.get(run_id)
        if task is not None:
            task.cancel()
        else:
            self._in_background(self._end_unheld(run_id, "cancelled"))

    async def settled(self, run_id: str, seconds: float) -> None:
        """Return when the run has ended or waits for its client, at the latest after `seconds`.

        A run that another process carries can't wake us: then this is a pause before a look.
        """
        task = self._tasks.get(run_id)
        if task is None:
            await self._shared.hub.wait_for_change(run_id, min(seconds, 0.25))
        else:
            await asyncio.wait([task], timeout=seconds)

    def _carry(self, run_id: str, work: Coroutine[Any, Any, Outcome]) -> asyncio.Task[Outcome]:
        task = asyncio.create_task(self._guarded(run_id, work), name=f"run {run_id}")
        self._tasks[run_id] = task
        return task

    async def _guarded(self, run_id: str, work: Coroutine[Any, Any, Outcome]) -> Outcome:
        try:
            return await work
        except asyncio.CancelledError:
            if not self._stopping:
                self._in_background(self._end_unheld(run_id, "cancelled"))
            raise
        except Exception:
            # The run stays in its row, and `_beat` takes it up again.
            logger.exception("run %s: its task broke", run_id)
            raise
        finally:
            if self._tasks.get(run_id) is asyncio.current_task():
                del self._tasks[run_id]
            self._shared.hub.settle(run_id)
            self._shared.hub.changed(run_id)

    async def _claim_and_execute(self, run_id: str) -> Outcome:
        shared = self._shared
        try:
            claimed = await shared.database.transaction(
                claim, run_id, shared.worker_id, shared.context_window
            )
        except StaleRun:
            claimed = None
        if claimed is None:
            return Outcome(await shared.database.read(runs.find, run_id))
        return await self._execute(claimed)

    async def _execute(self, claimed: Claimed) -> Outcome:
        execution = Execution(self._shared, claimed)
        self._shared.hub.changed(claimed.run.id)
        try:
            return await execution.execute()
        except asyncio.CancelledError:
            if self._stopping:
                raise
            return await execution.end("cancelled")
        except Exception:
            logger.exception("run %s: could not be carried on", claimed.run.id)
            return await execution.end("failed", _OUR_FAULT)

    # Runs that nobody carries

    async def _end_unheld(self, run_id: str, to: Ending) -> None:
        try:
            await self._shared.database.transaction(end_unheld, run_id, to)
        except StaleRun:
            logger.info("run %s: ended by another hand", run_id)
        self._shared.hub.settle(run_id)
        self._shared.hub.changed(run_id)

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    # The lease

    async def _beat_on(self) -> None:
        while True:
            await asyncio.sleep(self._lease_seconds / 3)
            try:
                await self._beat()
            except Exception:
                # The database may be away for a while; the next beat tries again.
                logger.exception("the lease could not be renewed")

    async def _beat(self) -> None:
        held, expired = await self._shared.database.transaction(self._look_around)
        for run_id in expired:
            if run_id not in self._tasks:
                await self._end_unheld(run_id, "expired")
        # A run is between its row and its task for a moment; one that stays there is adrift.
        adrift = {run.id: run for run in held if run.id not in self._tasks}
        for run_id, run in adrift.items():
            if run_id in self._adrift_before or run.worker_id != self._shared.worker_id:
                self._take_up(run)
        self._adrift_before = set(adrift)
        for run in held:
            if run.status == "cancelling" and run.id in self._tasks:
                self.cancel(run.id)

    def _take_up(self, run: StoredRun) -> None:
        if run.status == "cancelling":
            self.cancel(run.id)
        else:
            self.start(run.id)

    def _look_around(self, connection: Connection) -> tuple[list[StoredRun], list[str]]:
        moment, worker_id = time.time(), self._shared.worker_id
        workers.renew(connection, worker_id, moment + self._lease_seconds)
        workers.remove_lapsed(connection, moment - 10 * self._lease_seconds)
        run_events.remove_before(connection, int(moment - self._journal_seconds))
        held = runs.held_by(connection, worker_id)
        held += runs.take_orphans(connection, worker_id, moment, limit=_ORPHANS_AT_ONCE)
        return held, runs.expired(connection, now())


def end_unheld(connection: Connection, run_id: str, to: Ending) -> StoredRun:
    """End a run that no process carries. Raises `StaleRun`."""
    run = runs.lock(connection, run_id)
    changes = Changes(told=run.streamed)
    ended = end_run(connection, run_id, to, changes)
    frames = journal.number(changes.events, run_events.last_id(connection, run_id) + 1)
    journal.keep(connection, run_id, frames)
    return ended
