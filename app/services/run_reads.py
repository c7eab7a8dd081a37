"""Runs and their steps: read, listed, awaited and followed."""

import time
from collections.abc import AsyncIterator, Collection

from app.db import runs, steps, threads
from app.db.database import Connection, Database
from app.db.paging import Page
from app.db.rows import RunRow, StepRow
from app.domain.access import Caller
from app.domain.errors import StaleRun, not_found
from app.domain.run_status import SETTLED
from app.engine.follower import Follower
from app.engine.hub import Frame, Hub, wait_for
from app.engine.poller import Poller
from app.schemas.common import ListPage
from app.schemas.runs import Run
from app.schemas.steps import RunStep, sent_step
from app.wire import run_object, step_object

Runs = tuple[list[RunRow], bool]
Steps = tuple[list[StepRow], bool]


class RunReader:
    def __init__(
        self,
        database: Database,
        hub: Hub,
        poller: Poller,
        follower: Follower,
        *,
        poll_wait_seconds: float,
    ) -> None:
        """`poll_wait_seconds`: how long a poll helper's request waits for a change; 0: not at
        all."""
        self._database = database
        self._hub = hub
        self._poller = poller
        self._follower = follower
        self._poll_wait = poll_wait_seconds

    @property
    def waits_for_changes(self) -> bool:
        return self._poll_wait > 0

    async def retrieve(self, caller: Caller, thread_id: str, run_id: str) -> Run:
        run = await self._database.read(run_in_thread, caller, thread_id, run_id)
        return run_object(run)

    async def await_change(self, caller: Caller, thread_id: str, run_id: str) -> Run:
        """Return the run at its next change of status; at once if it is settled."""
        hub, deadline = self._hub, time.monotonic() + self._poll_wait
        change = hub.watch(run_id)
        first = run = await self._database.read(run_in_thread, caller, thread_id, run_id)
        if run.status in SETTLED:
            return run_object(run)
        # Poll even if the run is executed here: another process may take it over.
        with self._poller.watching(run_id):
            while run.status == first.status:
                left = deadline - time.monotonic()
                if left <= 0 or hub.stopping:
                    break
                await wait_for(change, left)
                change = hub.watch(run_id)
                run = await self._database.read(run_in_thread, caller, thread_id, run_id)
        return run_object(run)

    async def follow(
        self, caller: Caller, thread_id: str, run_id: str, after: int
    ) -> AsyncIterator[list[Frame]]:
        """Return the run's events after the event id `after`, and those that follow."""
        run = await self._database.read(run_in_thread, caller, thread_id, run_id)
        if run.streamed:
            return self._follower.follow(run_id, after)
        return self._end_of(caller, run)

    async def _end_of(self, caller: Caller, run: RunRow) -> AsyncIterator[list[Frame]]:
        """Yield only the last event: a run that was not streamed has stored none."""
        async for frames in self._follower.follow(run.id):
            yield frames
        ended = await self._database.read(run_in_thread, caller, run.thread_id, run.id)
        yield [Frame(1, f"thread.run.{ended.status}", run_object(ended).model_dump_json())]

    async def list(self, caller: Caller, thread_id: str, page: Page) -> ListPage[Run]:
        data, has_more = await self._database.read(self._list, caller, thread_id, page)
        return ListPage[Run].of([run_object(run) for run in data], has_more=has_more)

    async def list_steps(
        self, caller: Caller, thread_id: str, run_id: str, page: Page, *, include: Collection[str]
    ) -> ListPage[RunStep]:
        """`include`: the steps' optional fields to return; see `sent_step`."""
        data, has_more = await self._database.read(
            self._list_steps, caller, thread_id, run_id, page
        )
        sent = [sent_step(step_object(step), include) for step in data]
        return ListPage[RunStep].of(sent, has_more=has_more)

    async def retrieve_step(
        self, caller: Caller, thread_id: str, run_id: str, step_id: str, *, include: Collection[str]
    ) -> RunStep:
        step = await self._database.read(self._retrieve_step, caller, thread_id, run_id, step_id)
        return sent_step(step_object(step), include)

    @staticmethod
    def _list(connection: Connection, caller: Caller, thread_id: str, page: Page) -> Runs:
        threads.retrieve(connection, caller, thread_id)
        return runs.list_page(connection, thread_id, page)

    @staticmethod
    def _list_steps(
        connection: Connection, caller: Caller, thread_id: str, run_id: str, page: Page
    ) -> Steps:
        run_in_thread(connection, caller, thread_id, run_id)
        return steps.list_page(connection, thread_id, run_id, page)

    @staticmethod
    def _retrieve_step(
        connection: Connection, caller: Caller, thread_id: str, run_id: str, step_id: str
    ) -> StepRow:
        run_in_thread(connection, caller, thread_id, run_id)
        return steps.retrieve(connection, thread_id, run_id, step_id)


def run_in_thread(connection: Connection, caller: Caller, thread_id: str, run_id: str) -> RunRow:
    """Raises `NotFound` for the thread, or else for the run."""
    threads.retrieve(connection, caller, thread_id)
    return runs.retrieve(connection, thread_id, run_id)


def locked_in_thread(connection: Connection, caller: Caller, thread_id: str, run_id: str) -> RunRow:
    """Return the same, held until the transaction ends. Raises `NotFound`."""
    run_in_thread(connection, caller, thread_id, run_id)
    try:
        return runs.lock(connection, run_id)
    except StaleRun:
        # Its thread was deleted at this moment.
        raise not_found("run", run_id) from None
