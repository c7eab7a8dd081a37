"""Owns the tasks that carry runs: start, cancel, recover, stop."""

import asyncio
import logging
import time
from collections.abc import Coroutine
from typing import Any

from app.core.periodic import Periodic
from app.core.telemetry import run_ended
from app.db import run_holders, runs
from app.db.rows import RunRow
from app.db.run_holders import HeldRun
from app.domain.errors import StaleRun
from app.domain.run_status import TERMINAL
from app.engine.claim import Claimed, claim
from app.engine.ending import OUR_FAULT, Ending, end_unheld
from app.engine.executor import Execution, Shared
from app.engine.heartbeat import GIVEN_UP, Heartbeat
from app.engine.hub import Hub, wait_for
from app.engine.lines import Lines
from app.engine.outcome import Outcome
from app.engine.poller import Poller
from app.schemas.runs import LastError

logger = logging.getLogger(__name__)

# Of the time to stop, what is kept (in seconds) to tell readers that their runs go on elsewhere.
_HAND_OVER_SECONDS = 1.0


class RunSupervisor:
    """The runs that this process executes; when its heart stops, others take them over."""

    def __init__(self, shared: Shared, heartbeat: Heartbeat, *, drain_seconds: float) -> None:
        self.shared = shared
        self._heartbeat = heartbeat
        self.poller = Poller(shared.database, shared.hub)
        self._drain_seconds = drain_seconds
        self._draining: asyncio.Task[None] | None = None
        self._tasks: dict[str, asyncio.Task[Outcome]] = {}
        self._lines = Lines()
        self._endings = 0
        self._background: set[asyncio.Task[Any]] = set()
        self._heart = Periodic("lease renewal", self._beat, every=heartbeat.pause, at_once=False)
        self._adrift_before: set[str] = set()
        # Runs that another process has taken over, until their tasks here have ended.
        self._lost: set[str] = set()
        self._stopping = False
        shared.instruments.metrics.runs.watch_active(lambda: len(self._tasks))

    @property
    def worker_id(self) -> str:
        return self.shared.worker_id

    @property
    def hub(self) -> Hub:
        return self.shared.hub

    @property
    def stopping(self) -> bool:
        return self._stopping

    @property
    def draining(self) -> bool:
        return self._draining is not None

    async def open(self) -> None:
        """Take the lease, and with it the runs that nobody carries."""
        await self._beat()
        self._heart.open()

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
        deadline = time.monotonic() + self._drain_seconds - _HAND_OVER_SECONDS
        while (tasks := self._all_tasks()) and time.monotonic() < deadline:
            await asyncio.wait(tasks, timeout=deadline - time.monotonic())
        self._stopping = True
        await self._heart.close()
        self.hub.changed_all()
        while tasks := self._all_tasks():
            await asyncio.sleep(0)  # as in `abandon`
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _all_tasks(self) -> list[asyncio.Task[Any]]:
        return [*self._tasks.values(), *self._background]

    def start(self, run_id: str) -> asyncio.Task[Outcome]:
        """Carry on a run that stands queued in its row."""
        if run_id in self._tasks:
            return self._tasks[run_id]
        return self._carry(run_id, self._claim_and_execute(run_id))

    def go_on(self, claimed: Claimed) -> asyncio.Task[Outcome]:
        """Carry on a run that its creator has claimed already."""
        self._announce(claimed)
        return self._carry(claimed.run.id, self._execute(claimed))

    def cancel(self, run: RunRow | HeldRun) -> None:
        """Cancel a run whose row says `cancelling`."""
        if not self.abandon(run.id) and run.worker_id in (None, self.worker_id):
            self._in_background(self._end_unheld(run.id, "cancelled"))
        # Else the process that carries it sees the row at its next beat.

    def abandon(self, run_id: str) -> bool:
        """Stop carrying a run, whose thread may be gone; False: it is not carried here."""
        task = self._tasks.get(run_id)
        if task is not None:
            # After its first step: before it, not even what tidies up would be done.
            asyncio.get_running_loop().call_soon(task.cancel)
        return task is not None

    async def settled(self, run_id: str, seconds: float) -> None:
        """Return when the run has ended or waits for its client, at the latest after `seconds`.

        For a run that another process executes: when there is something new of it.
        """
        task = self._tasks.get(run_id)
        if task is None:
            change = self.hub.watch(run_id)
            with self.poller.watching(run_id):
                await wait_for(change, seconds)
        else:
            await asyncio.wait([task], timeout=seconds)

    def _carry(self, run_id: str, work: Coroutine[Any, Any, Outcome]) -> asyncio.Task[Outcome]:
        task = asyncio.create_task(self._guarded(run_id, work), name=f"run {run_id}")
        self._tasks[run_id] = task
        return task

    async def _guarded(self, run_id: str, work: Coroutine[Any, Any, Outcome]) -> Outcome:
        try:
            outcome = await work
        except asyncio.CancelledError:
            if not self._stopping and run_id not in self._lost:
                self._in_background(self._end_unheld(run_id, "cancelled"))
            raise
        except Exception:
            # The run stays in its row, and `_beat` takes it up again.
            logger.exception("run %s: its task broke", run_id)
            raise
        finally:
            del self._tasks[run_id]
            self._lost.discard(run_id)
            self._settle(run_id)
        self._call_next(outcome.run)
        return outcome

    def _settle(self, run_id: str) -> None:
        self.hub.settle(run_id)
        self.hub.changed(run_id)

    async def _claim_and_execute(self, run_id: str) -> Outcome:
        claimed, run = await self._claim(run_id)
        if claimed is None:
            if run is not None and run.status == "queued":
                self._lines.add(run.thread_id, run_id)
            return Outcome(run)
        self._announce(claimed)
        return await self._execute(claimed)

    async def _claim(self, run_id: str) -> tuple[Claimed | None, RunRow | None]:
        """Claim the run; where that can't be, return it as it stands after the last ending here."""
        shared = self.shared
        while True:
            endings = self._endings
            try:
                claimed = await shared.database.transaction(
                    claim, run_id, shared.worker_id, shared.upstreams
                )
            except StaleRun:
                claimed = None
            if claimed is not None:
                return claimed, claimed.run
            run = await shared.database.read(runs.find, run_id)
            # If a run ended meanwhile, it may have been the one before this, and found no line.
            if run is None or run.status != "queued" or endings == self._endings:
                return None, run

    def _announce(self, claimed: Claimed) -> None:
        """Tell what the claim told in the database, before anything else is told."""
        if claimed.run.streamed:
            first_id = claimed.frames[0].id if claimed.frames else claimed.next_event_id
            self.hub.open(claimed.run.id, first_id).publish(claimed.frames)
        self.hub.changed(claimed.run.id)

    async def _execute(self, claimed: Claimed) -> Outcome:
        with self.shared.instruments.telemetry.run(claimed.run) as span:
            outcome = await self._carry_on(claimed)
            run_ended(span, outcome.run)
            return outcome

    async def _carry_on(self, claimed: Claimed) -> Outcome:
        execution = Execution(self.shared, claimed)
        try:
            return await execution.execute()
        except asyncio.CancelledError:
            if self._stopping:
                raise
            return await execution.end("cancelled")
        except Exception:
            logger.exception("run %s: could not be carried on", claimed.run.id)
            return await execution.end("failed", OUR_FAULT)

    def _call_next(self, ended: RunRow | None) -> None:
        """Let the run that is the next on this one's thread begin, if it waits here."""
        if ended is not None and ended.status in TERMINAL:
            self._endings += 1
            if self._lines.any_on(ended.thread_id):
                self._in_background(self._start_first(ended.thread_id))

    async def _start_first(self, thread_id: str) -> None:
        if first := await self.shared.database.read(run_holders.first_of, thread_id):
            self._start_waiting(thread_id, first)

    def _start_waiting(self, thread_id: str, run_id: str) -> bool:
        """Start a run that waits in its thread's line here; False: it doesn't."""
        context = self._lines.take(thread_id, run_id)
        if context is not None:
            context.run(self.start, run_id)
        return context is not None

    # Runs that nobody carries

    async def _end_unheld(
        self, run_id: str, to: Ending, last_error: LastError | None = None
    ) -> None:
        try:
            run = await self.shared.database.transaction(end_unheld, run_id, to, last_error)
        except StaleRun:
            logger.info("run %s: ended by another hand", run_id)
        else:
            self.shared.instruments.metrics.runs.ended(to)
            self._lines.take(run.thread_id, run_id)
            self._call_next(run)
        self._settle(run_id)

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _beat(self) -> None:
        found = await self._heartbeat.beat([*self._tasks])
        for run_id in found.lost:
            if run_id in self._tasks and run_id not in self._lost:
                # What the model still says of it is another process's by now.
                logger.warning("run %s: another process has taken it over", run_id)
                self._lost.add(run_id)
                self.abandon(run_id)
        for run_id in found.expired:
            if run_id not in self._tasks:
                await self._end_unheld(run_id, "expired")
        for run_id in found.given_up:
            logger.error("run %s: taken over too often, and given up", run_id)
            await self._end_unheld(run_id, "failed", GIVEN_UP)
        for run in found.inherited:
            self._take_up(run)
        self._take_up_adrift(found.held)

    def _take_up_adrift(self, held: list[HeldRun]) -> None:
        # A run is between its row and its task for a moment; one that stays there is adrift.
        adrift = {run.id: run for run in held if run.id not in self._tasks}
        for run_id, run in adrift.items():
            if run_id in self._adrift_before or self._lines.holds(run.thread_id, run_id):
                self._take_up(run)
        self._adrift_before = set(adrift)
        for run in held:
            if run.status == "cancelling" and run.id in self._tasks:
                self.cancel(run)

    def _take_up(self, run: HeldRun) -> None:
        if run.status == "cancelling":
            self._in_background(self._end_unheld(run.id, "cancelled"))
        elif not self._start_waiting(run.thread_id, run.id):
            self.start(run.id)
