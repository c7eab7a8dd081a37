"""Keeps this process's lease, and decides which runs it executes."""

import asyncio
import logging
import time

from app.core.periodic import Periodic
from app.db.run_holders import HeldRun
from app.engine.executor import Shared
from app.engine.heartbeat import GIVEN_UP, Heartbeat
from app.engine.tasks import RunTasks

logger = logging.getLogger(__name__)

# The part of the drain time (in seconds) reserved for sending readers to other processes.
_HAND_OVER_SECONDS = 1.0


class RunSupervisor:
    """Renews the lease; starts, ends and drops runs according to the rows."""

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
        """Take the lease and the runs that no process executes."""
        await self._beat()
        self._renewal.open()

    def drain(self) -> None:
        """Begin to stop: runs have a while to end, then they are left to other processes."""
        if self._draining is None:
            self._draining = asyncio.create_task(self._drain(), name="run supervisor draining")

    async def close(self) -> None:
        """Stop, and release the lease: other processes may take the runs that are left."""
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
            logger.error("run %s: given up after too many takeovers", run_id)
            tasks.end(run_id, "failed", GIVEN_UP)
        for run in found.inherited:
            self._resume(run)
        self._resume_without_task(found.held)

    def _resume_without_task(self, held: list[HeldRun]) -> None:
        """Execute runs of this process whose task has failed or was never started."""
        executed = {*self.tasks.run_ids}
        # A new run has a row but no task yet for a moment, so it must be found twice in a row.
        without_task = {run.id: run for run in held if run.id not in executed}
        for run_id, run in without_task.items():
            if run_id in self._without_task_before:
                self._resume(run)
        self._without_task_before = {*without_task}
        for run in held:
            if run.status == "cancelling" and run.id in executed:
                self.tasks.abandon(run.id)

    def _resume(self, run: HeldRun) -> None:
        if run.status == "cancelling":
            self.tasks.end(run.id, "cancelled")
        else:
            self.tasks.start(run.id)
