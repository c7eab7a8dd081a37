"""The runs that this process executes, each in a task."""

import asyncio
import logging
import time
from collections.abc import Coroutine
from contextvars import Context, copy_context
from typing import Any

from app.core.telemetry import run_ended
from app.db import runs
from app.db.rows import RunRow
from app.db.runs import Ended
from app.domain.errors import StaleRun
from app.domain.run_status import TERMINAL
from app.domain.turns import current_turn, work_for
from app.engine.claim import Claimed, claim
from app.engine.ending import OUR_FAULT, Ending, end_unheld, make_way_for
from app.engine.executor import Execution, Shared
from app.engine.outcome import Outcome
from app.schemas.runs import LastError

logger = logging.getLogger(__name__)

# How many waiting runs have their request remembered.
_REMEMBERED = 1000


class RunTasks:
    """Starts, cancels and ends runs. When a run ends here, the next one on its thread starts."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self._tasks: dict[str, asyncio.Task[Outcome]] = {}
        self._background: set[asyncio.Task[Any]] = set()
        # Runs that another process has taken over, until their tasks here have ended.
        self._lost: set[str] = set()
        # Runs that were to be started while a task of theirs had not ended yet.
        self._start_again: set[str] = set()
        # The request that created a run which waits in line here: its log lines and span name it.
        self._requests: dict[str, Context] = {}
        self._stopping = False
        shared.neighbours.on_cancel = self.abandon

    @property
    def run_ids(self) -> list[str]:
        """The runs that have a task here."""
        return [*self._tasks]

    def start(self, run_id: str) -> None:
        """Start a queued run, or resume one that was taken over; in the background.

        A run that is not the first in its thread's line is left alone: it starts when the one
        before it ends.
        """
        if run_id in self._tasks:
            # That task may have found a moment ago that it is not the run's turn.
            self._start_again.add(run_id)
        else:
            context = self._requests.pop(run_id, None)
            self._create(run_id, self._claim_and_execute(run_id), context)

    def _start_next(self, run_id: str) -> None:
        """Start a run as the one before it ends, but not as a part of that one's request."""
        if run_id not in self._tasks:
            context = self._requests.setdefault(run_id, Context())
            context.run(work_for, current_turn())
        self.start(run_id)

    def execute(self, claimed: Claimed) -> asyncio.Task[Outcome]:
        """Execute a run that was claimed in the transaction that created it or took its outputs."""
        run_id = claimed.run.id
        before = self._tasks.get(run_id)
        if before is not None:
            # The client was quick to submit outputs: that task is still closing its tools.
            self._keep(before)
            self._settle(run_id)
        self._announce(claimed)
        return self._create(run_id, self._execute_after(before, claimed))

    def cancel(self, run: RunRow) -> None:
        """Cancel a run whose row says `cancelling`."""
        # One that has not begun is executed by no process, whichever it came to.
        unheld = run.worker_id in (None, self.shared.worker_id) or run.started_at is None
        if self.abandon(run.id):
            return
        if unheld:
            self.end(run.id, "cancelled")
            return
        # The process that executes it also reads the row at its next heartbeat.
        self.shared.neighbours.say_cancel(run.id)

    def abandon(self, run_id: str) -> bool:
        """Stop executing a run, whose thread may be gone; return False if it has no task here."""
        task = self._tasks.get(run_id)
        if task is not None:
            # Not before its first step: a task that is cancelled earlier runs none of its code.
            asyncio.get_running_loop().call_soon(_cancel_once, task)
        return task is not None

    def lose(self, run_id: str) -> None:
        """Stop executing a run that another process has taken over."""
        if run_id in self._tasks and run_id not in self._lost:
            self._lost.add(run_id)
            self.abandon(run_id)

    def end(self, run_id: str, to: Ending, last_error: LastError | None = None) -> None:
        """End a run that no process executes; in the background."""
        self._keep(asyncio.create_task(self._end(run_id, to, last_error), name=f"end {run_id}"))

    def ended(self, ended: Ended) -> None:
        """Handle a run that was ended in a caller's transaction: count it, start the next one."""
        self.shared.instruments.metrics.runs.ended(ended.run.status)
        self._settle(ended.run.id)
        if ended.next_run_id is not None:
            self._start_next(ended.next_run_id)

    async def finish(self, deadline: float) -> None:
        """Wait until no run is executed, but not beyond `deadline` (of the monotonic clock).

        When a run ends meanwhile, the next one on its thread still starts.
        """
        while (tasks := self._all()) and time.monotonic() < deadline:
            await asyncio.wait(tasks, timeout=deadline - time.monotonic())

    async def stop(self) -> None:
        """Stop executing. Runs that are left stay in their rows and continue in another process."""
        self._stopping = True
        while tasks := self._all():
            await asyncio.sleep(0)  # as in `abandon`
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _all(self) -> list[asyncio.Task[Any]]:
        return [*self._tasks.values(), *self._background]

    def _keep(self, task: asyncio.Task[Any]) -> None:
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def _create(
        self,
        run_id: str,
        work: Coroutine[Any, Any, Outcome],
        context: Context | None = None,
    ) -> asyncio.Task[Outcome]:
        supervised = self._supervised(run_id, work)
        task = asyncio.create_task(supervised, name=f"run {run_id}", context=context)
        self._tasks[run_id] = task
        self._show_active()
        return task

    async def _supervised(self, run_id: str, work: Coroutine[Any, Any, Outcome]) -> Outcome:
        try:
            outcome = await work
        except asyncio.CancelledError:
            if not self._stopping and run_id not in self._lost:
                self.end(run_id, "cancelled")
            raise
        except Exception:
            # The row is unchanged, so one of the next heartbeats starts the run again.
            logger.exception("run %s: task failed", run_id)
            raise
        finally:
            start_again = self._forget(run_id)
        if self._stopping:
            return outcome
        if start_again and outcome.run is not None and outcome.run.status not in TERMINAL:
            self.start(run_id)
        if outcome.next_run_id is not None:
            self._start_next(outcome.next_run_id)
        return outcome

    def _forget(self, run_id: str) -> bool:
        """Forget the task that ends; tell whether the run was to be started meanwhile."""
        if self._tasks.get(run_id) is not asyncio.current_task():
            return False
        del self._tasks[run_id]
        self._show_active()
        start_again = run_id in self._start_again
        self._start_again.discard(run_id)
        self._lost.discard(run_id)
        self._settle(run_id)
        return start_again

    def _settle(self, run_id: str) -> None:
        self.shared.hub.settle(run_id)
        self.shared.hub.changed(run_id)

    def _show_active(self) -> None:
        self.shared.instruments.metrics.runs.active.set(len(self._tasks))

    async def _claim_and_execute(self, run_id: str) -> Outcome:
        shared = self.shared
        try:
            claimed = await shared.database.transaction(
                claim, run_id, shared.worker_id, shared.windows
            )
        except StaleRun:
            claimed = None
        if claimed is None:
            self._remember_request(run_id)
            ended = await shared.database.transaction(make_way_for, run_id)
            if ended is not None:
                self.ended(ended)
            return Outcome(await shared.database.read(runs.find, run_id))
        self._announce(claimed)
        return await self._execute(claimed)

    def _remember_request(self, run_id: str) -> None:
        self._requests[run_id] = copy_context()
        if len(self._requests) > _REMEMBERED:
            # Most likely another process has executed it.
            del self._requests[next(iter(self._requests))]

    def _announce(self, claimed: Claimed) -> None:
        """Send the events that the claim wrote, before any other."""
        hub = self.shared.hub
        if claimed.run.streamed:
            first_id = claimed.frames[0].id if claimed.frames else claimed.next_event_id
            hub.open(claimed.run.id, first_id).publish(claimed.frames)
        hub.changed(claimed.run.id)

    async def _execute_after(
        self, before: asyncio.Task[Outcome] | None, claimed: Claimed
    ) -> Outcome:
        if before is not None:
            await asyncio.wait([before])
        return await self._execute(claimed)

    async def _execute(self, claimed: Claimed) -> Outcome:
        work_for(claimed.run.project)
        with self.shared.instruments.telemetry.run(claimed.run) as span:
            outcome = await self._outcome_of(Execution(self.shared, claimed))
            run_ended(span, outcome.run)
            return outcome

    async def _outcome_of(self, execution: Execution) -> Outcome:
        try:
            return await execution.run()
        except asyncio.CancelledError:
            if self._stopping:
                raise
            return await execution.end("cancelled")
        except Exception:
            logger.exception("run %s: execution failed", execution.run_id)
            return await execution.end("failed", OUR_FAULT)
        finally:
            await execution.close()

    async def _end(self, run_id: str, to: Ending, last_error: LastError | None) -> None:
        try:
            ended = await self.shared.database.transaction(end_unheld, run_id, to, last_error)
        except StaleRun:
            logger.info("run %s: has already ended", run_id)
            self._settle(run_id)
        else:
            self.ended(ended)


def _cancel_once(task: asyncio.Task[Any]) -> None:
    # A second time would interrupt how the run is being ended.
    if not task.cancelling():
        task.cancel()
