"""Writes changes and their events in one transaction, and sends the events afterwards."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from app.db import messages, runs, steps, summaries
from app.db.database import Connection, Database
from app.db.rows import MessageRow, RunRow, StepRow
from app.db.runs import Ended
from app.db.usage import Share
from app.domain.run_status import TERMINAL, RunStatus
from app.engine import journal
from app.engine.changes import Changes
from app.engine.claim import Claimed
from app.engine.ending import Ending, Unfinished, end_run
from app.engine.hub import Frame, Hub
from app.schemas.runs import LastError
from app.storage.file_writer import create_for_thread
from app.wire import run_object

T = TypeVar("T")

logger = logging.getLogger(__name__)

# Readers in other processes and clients that reconnect are at most this far behind (in seconds).
_KEEP_EVERY = 0.5


@dataclass(frozen=True)
class Move:
    """A change of the run's status, with the columns that change with it.

    `shares`: the run's usage by who answered, if it ends.
    `summary_due`: the thread's older messages are to be summarised.
    """

    to: RunStatus
    values: dict[str, Any] = field(default_factory=dict)
    shares: Sequence[Share] = ()
    summary_due: bool = False


class Recorder:
    """The only writer of a run while this process executes it.

    Every write raises `StaleRun` if another process or request has moved the run meanwhile.
    """

    def __init__(
        self,
        database: Database,
        hub: Hub,
        claimed: Claimed,
        worker_id: str,
        count_end: Callable[[str], None] | None = None,
    ) -> None:
        """`count_end` is called with the run's last status, if the run ends here."""
        self._database = database
        self._hub = hub
        self._worker_id = worker_id
        self._count_end = count_end
        self._run = claimed.run
        self._next_id = claimed.next_event_id
        # The next run in the thread's line, once this one has ended; the first chat behind it, once
        # it requires an action.
        self.next_run_id: str | None = None
        self._pending: list[Frame] = []
        self._kept_at = time.monotonic()
        # Stores events in the background, while readers of other servers wait for them.
        self._keeping: asyncio.Task[None] | None = None
        hub.on_reader_elsewhere(self._run.id, self._keep_now)

    async def record(self, changes: Changes, move: Move | None = None) -> RunRow:
        """Commit the changes, then send their events."""
        return await self._commit(self._write, changes, move)

    async def end(
        self,
        to: Ending,
        message: MessageRow | None,
        step: StepRow | None,
        last_error: LastError | None = None,
    ) -> RunRow:
        """End the run early; see `end_run` for its `unfinished` message and step."""
        return await self._commit(self._write_end, to, Unfinished(message, step), last_error)

    def send(self, events: list[tuple[str, str]]) -> None:
        """Send deltas at once; they are stored with the next commit."""
        frames = journal.number(events, self._next_id)
        self._next_id += len(frames)
        self._pending += frames
        self._publish(frames)
        if self._hub.is_read_elsewhere(self._run.id):
            self._keep_now()

    async def keep_if_due(self) -> None:
        """Store the events that were sent but not stored yet, if the last commit is long ago."""
        if self._pending and time.monotonic() - self._kept_at > _KEEP_EVERY:
            self._keep_now()
            await self._uninterrupted(self._kept())

    def _keep_now(self) -> None:
        if self._keeping is None and self._pending:
            self._keeping = asyncio.create_task(self._keep_pending(), name="keep events")

    async def _keep_pending(self) -> None:
        """Store the events that were sent, and those that are sent meanwhile."""
        while frames := [*self._pending]:
            await self._database.transaction(journal.keep, self._run.id, frames)
            del self._pending[: len(frames)]
            self._mark_kept()
            self._hub.forward(self._run.id)
        self._keeping = None

    async def close(self) -> None:
        """Wait for events that are being stored; the run may be left to another process."""
        if self._keeping is not None:
            await asyncio.wait([self._keeping])

    async def _kept(self) -> None:
        """Wait for events that are being stored. Raises what that raised."""
        if (keeping := self._keeping) is not None:
            await asyncio.wait([keeping])
            self._keeping = None
            keeping.result()

    async def _commit(self, write: Any, *args: Any) -> RunRow:
        return await self._uninterrupted(self._commit_and_publish(write, *args))

    async def _commit_and_publish(self, write: Any, *args: Any) -> RunRow:
        run: RunRow
        await self._kept()
        (run, self.next_run_id), frames = await self._database.transaction(write, *args)
        self._next_id += len(frames)
        self._pending.clear()
        self._mark_kept()
        self._publish(frames)
        self._hub.changed(self._run.id)
        if self._count_end is not None and run.status in TERMINAL:
            self._count_end(run.status)
        return run

    async def _uninterrupted(self, work: Coroutine[Any, Any, T]) -> T:
        """Finish the work even if the task is cancelled meanwhile; then raise the cancellation.

        The database does not stop half-way. What it has stored must be counted here too, or ending
        the run would store and send the same events again, or others under the same ids.
        """
        task = asyncio.create_task(work)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait([task])
            if not task.cancelled() and (error := task.exception()):
                logger.info("run %s: cancelled in a commit that failed: %s", self._run.id, error)
            raise

    def _mark_kept(self) -> None:
        self._kept_at = time.monotonic()
        feed = self._hub.find(self._run.id)
        if feed is not None:
            feed.drop_stored(self._pending[0].id if self._pending else self._next_id)

    def _publish(self, frames: list[Frame]) -> None:
        feed = self._hub.find(self._run.id)
        if feed is not None:
            feed.publish(frames)

    def _write(
        self, connection: Connection, changes: Changes, move: Move | None
    ) -> tuple[Ended, list[Frame]]:
        runs.hold(connection, self._run.id, self._worker_id)
        steps.create(connection, *changes.new_steps.values())
        messages.create(connection, *changes.new_messages.values())
        for step in changes.steps.values():
            steps.save(connection, step)
        for message in changes.messages.values():
            messages.save(connection, message)
        steps.add_items(connection, self._run.id, changes.items)
        for file in changes.files:
            create_for_thread(connection, self._run.thread_id, file)
        events = list(changes.events)
        run, next_run_id = self._run, None
        if move is not None:
            run, next_run_id = self._move(connection, move)
            if changes.streamed:
                events.append((f"thread.run.{move.to}", run_object(run).model_dump_json()))
        return Ended(run, next_run_id), self._keep(connection, events)

    def _move(self, connection: Connection, move: Move) -> Ended:
        held = {"held_by": self._worker_id, **move.values}
        if move.to in TERMINAL:
            if move.summary_due:
                summaries.want(connection, self._run.thread_id, self._run.id)
            return runs.end(connection, self._run, move.to, shares=move.shares, **held)
        run = runs.move(connection, self._run, move.to, **held)
        waits = move.to == "requires_action"
        return Ended(run, runs.first_chat_on(connection, run.thread_id) if waits else None)

    def _write_end(
        self,
        connection: Connection,
        to: Ending,
        unfinished: Unfinished,
        last_error: LastError | None,
    ) -> tuple[Ended, list[Frame]]:
        changes = Changes.of(self._run)
        ended = end_run(
            connection,
            self._run.id,
            to,
            changes,
            unfinished=unfinished,
            last_error=last_error,
            held_by=self._worker_id,
        )
        return ended, self._keep(connection, changes.events)

    def _keep(self, connection: Connection, events: list[tuple[str, str]]) -> list[Frame]:
        frames = journal.number(events, self._next_id)
        journal.keep(connection, self._run.id, self._pending + frames)
        return frames
