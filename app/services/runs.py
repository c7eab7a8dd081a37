"""Runs and their steps."""

from dataclasses import dataclass

from app.db import assistants, messages, runs, steps, threads
from app.db.database import Connection, Database
from app.db.paging import Page
from app.db.runs import StoredRun
from app.domain.errors import InvalidRequest, ThreadBusy
from app.domain.run_status import TERMINAL
from app.engine import journal
from app.engine.changes import Changes
from app.engine.supervisor import RunSupervisor
from app.schemas.common import ListPage, MetadataUpdate
from app.schemas.runs import Run, RunCreate, RunOverrides, ThreadRunCreate, ToolOutputsSubmit
from app.schemas.steps import RunStep
from app.schemas.threads import ThreadCreate
from app.services.new_run import new_run
from app.services.threads import create_thread, new_message
from app.services.tool_outputs import submit_outputs


@dataclass(frozen=True)
class RunPolicy:
    """What holds for every new run. `expires_seconds` count from its creation."""

    worker_id: str
    default_assistant_id: str
    expires_seconds: int
    context_window: int


class RunService:
    def __init__(self, database: Database, supervisor: RunSupervisor, policy: RunPolicy) -> None:
        self._database = database
        self._supervisor = supervisor
        self._policy = policy

    async def create(self, thread_id: str, body: RunCreate | None) -> Run:
        """Create a run; without any body, of the default assistant."""
        run = await self._database.transaction(self._create, thread_id, body)
        self._supervisor.start(run.id)
        return run

    async def create_with_thread(self, body: ThreadRunCreate) -> Run:
        run = await self._database.transaction(self._create_with_thread, body)
        self._supervisor.start(run.id)
        return run

    async def retrieve(self, thread_id: str, run_id: str) -> Run:
        return await self._database.read(_in_thread, thread_id, run_id)

    async def list(self, thread_id: str, page: Page) -> ListPage[Run]:
        return await self._database.read(self._list, thread_id, page)

    async def update(self, thread_id: str, run_id: str, body: MetadataUpdate) -> Run:
        return await self._database.transaction(self._update, thread_id, run_id, body)

    async def cancel(self, thread_id: str, run_id: str) -> Run:
        """Answer `cancelling`; the run is cancelled right afterwards."""
        run = await self._database.transaction(self._cancel, thread_id, run_id)
        self._supervisor.cancel(run_id)
        return run

    async def submit_tool_outputs(
        self, thread_id: str, run_id: str, body: ToolOutputsSubmit
    ) -> Run:
        run = await self._database.transaction(self._submit, thread_id, run_id, body)
        self._supervisor.start(run_id)
        return run

    async def list_steps(self, thread_id: str, run_id: str, page: Page) -> ListPage[RunStep]:
        return await self._database.read(self._list_steps, thread_id, run_id, page)

    async def retrieve_step(self, thread_id: str, run_id: str, step_id: str) -> RunStep:
        return await self._database.read(self._retrieve_step, thread_id, run_id, step_id)

    def _create(self, connection: Connection, thread_id: str, body: RunCreate | None) -> StoredRun:
        body = body or RunCreate(assistant_id=self._policy.default_assistant_id)
        threads.lock(connection, thread_id)
        refuse_busy(connection, thread_id)
        added = [new_message(thread_id, item) for item in body.additional_messages or []]
        messages.create(connection, *added)
        return self._insert(connection, thread_id, body, Changes(told=True))

    def _create_with_thread(self, connection: Connection, body: ThreadRunCreate) -> StoredRun:
        thread = create_thread(connection, body.thread or ThreadCreate())
        changes = Changes(told=True)
        changes.tell("thread.created", thread)
        return self._insert(connection, thread.id, body, changes)

    def _insert(
        self, connection: Connection, thread_id: str, body: RunOverrides, changes: Changes
    ) -> StoredRun:
        policy = self._policy
        run = new_run(
            assistants.retrieve(connection, body.assistant_id),
            thread_id,
            body,
            expires_seconds=policy.expires_seconds,
            streamed=True,
            worker_id=policy.worker_id,
        )
        runs.create(connection, run)
        changes.tell("thread.run.created", run)
        changes.tell("thread.run.queued", run)
        journal.keep(connection, run.id, journal.number(changes.events, 1))
        return run

    @staticmethod
    def _list(connection: Connection, thread_id: str, page: Page) -> ListPage[Run]:
        threads.retrieve(connection, thread_id)
        data, has_more = runs.list_page(connection, thread_id, page)
        return ListPage[Run].of(list[Run](data), has_more=has_more)

    @staticmethod
    def _update(
        connection: Connection, thread_id: str, run_id: str, body: MetadataUpdate
    ) -> StoredRun:
        run = _in_thread(connection, thread_id, run_id)
        if "metadata" in body.model_fields_set:
            return runs.set_metadata(connection, thread_id, run_id, body.metadata or {})
        return run

    @staticmethod
    def _cancel(connection: Connection, thread_id: str, run_id: str) -> StoredRun:
        _in_thread(connection, thread_id, run_id)
        run = runs.lock(connection, run_id)
        if run.status in TERMINAL or run.status == "cancelling":
            raise InvalidRequest(f"Cannot cancel run with status '{run.status}'.")
        return runs.move(connection, run_id, "cancelling")

    def _submit(
        self, connection: Connection, thread_id: str, run_id: str, body: ToolOutputsSubmit
    ) -> StoredRun:
        _in_thread(connection, thread_id, run_id)
        return submit_outputs(connection, run_id, body.tool_outputs, self._policy.worker_id)

    @staticmethod
    def _list_steps(
        connection: Connection, thread_id: str, run_id: str, page: Page
    ) -> ListPage[RunStep]:
        _in_thread(connection, thread_id, run_id)
        data, has_more = steps.list_page(connection, thread_id, run_id, page)
        return ListPage[RunStep].of(data, has_more=has_more)

    @staticmethod
    def _retrieve_step(
        connection: Connection, thread_id: str, run_id: str, step_id: str
    ) -> RunStep:
        _in_thread(connection, thread_id, run_id)
        return steps.retrieve(connection, thread_id, run_id, step_id)


def _in_thread(connection: Connection, thread_id: str, run_id: str) -> StoredRun:
    threads.retrieve(connection, thread_id)
    return runs.retrieve(connection, thread_id, run_id)


def refuse_busy(connection: Connection, thread_id: str) -> None:
    """Raise `ThreadBusy` while a run of the thread has not ended."""
    active = runs.active_on(connection, thread_id)
    if active is not None:
        raise ThreadBusy.for_run(thread_id, active.id, active.status)
