"""The lease of this process, and what follows from it: which runs are its own to execute."""

import asyncio
import logging
import time

from app.core.periodic import Periodic
from app.db.run_holders import HeldRun
from app.engine.executor import Shared
from app.engine.heartbeat import GIVEN_UP, Heartbeat
from app.engine.tasks import RunTasks

logger = logging.getLogger(__name__)

# Of the time to stop, what is kept (in seconds) to tell readers that their runs go on elsewhere.
_HAND_OVER_SECONDS = 1.0


class RunSupervisor:
    """Renews the lease, and starts, ends and drops runs as each look at the rows demands."""

    def __init__(self, shared: Shared, heartbeat: Heartbeat, *, drain_seconds: float) -> None:
        self.tasks = RunTasks(shared)
        self._hub = shared.hub
        self._heartbeat = heartbeat
        self._drain_seconds = drain_seconds
        self._draining: asyncio.Task[None] | None = None
        self._renewal = Periodic("lease renewal", self._beat, every=heartbeat.pause, at_once=False)
        self._without_task_before: set[str] = set()

    @property
    def draining(self) -> bool:
        return self._draining is not None

    async def open(self) -> None:
        """Take the lease, and with it the runs that no process executes."""
        await self._beat()
        self._renewal.open()

    def drain(self) -> None:
        """Begin to stop: runs may still end for a while, then they are left to others."""
        if self._draining is None:
            self._draining = asyncio.create_task(self._drain(), name="run supervisor draining")

    async def close(self) -> None:
        """Stop, and give the lease back: other processes may take the runs that are left."""
        self.drain()
        try:
            if self._draining is not None:
                await self._draining
        finally:
            await self._heartbeat.stop()

    async def _drain(self) -> None:
        await self.tasks.finish(time.monotonic() + self._drain_seconds - _HAND_OVER_SECONDS)
        await self._renewal.close()
        self._hub.stop()
        await self.tasks.stop()

    async def _beat(self) -> None:
        tasks = self.tasks
        found = await self._heartbeat.beat(tasks.run_ids)
        for run_id in found.lost:
            tasks.lose(run_id)
        for run_id in set(found.expired).difference(tasks.run_ids):
            tasks.end(run_id, "expired")
        for run_id in found.given_up:
            logger.error("run %s: taken over too often, and given up", run_id)
            tasks.end(run_id, "failed", GIVEN_UP)
        for run in found.inherited:
            self._take_up(run)
        self._take_up_forgotten(found.held)

    def _take_up_forgotten(self, held: list[HeldRun]) -> None:
        """Take up runs of this process whose task has failed, or that nobody started."""
        executed = {*self.tasks.run_ids}
        # A run is between its row and its task for a moment: two looks must find it there.
        without_task = {run.id: run for run in held if run.id not in executed}
        for run_id, run in without_task.items():
            if run_id in self._without_task_before:
                self._take_up(run)
        self._without_task_before = {*without_task}
        for run in held:
            if run.status == "cancelling" and run.id in executed:
                self.tasks.cancel(run)

    def _take_up(self, run: HeldRun) -> None:
        if run.status == "cancelling":
            self.tasks.end(run.id, "cancelled")
        else:
            self.tasks.start(run.id)
