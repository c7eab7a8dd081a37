"""Writes to runs: create, update, cancel, submit tool outputs. `run_reads` reads them."""

from collections.abc import AsyncIterator, Callable, Sequence
from copy import copy
from dataclasses import replace
from typing import NamedTuple

from app.db import messages, repeats, runs, threads
from app.db.database import Connection, Database
from app.db.rows import Horizon, RunRow
from app.db.runs import ActiveRun
from app.domain.access import Caller
from app.domain.errors import InvalidRequest, ThreadBusy
from app.domain.run_status import TERMINAL
from app.engine.changes import Changes
from app.engine.claim import Claimed, claim
from app.engine.follower import Follower
from app.engine.hub import Frame
from app.engine.tasks import RunTasks
from app.schemas.common import MetadataUpdate
from app.schemas.runs import (
    BusyPolicy,
    Run,
    RunCreate,
    RunOverrides,
    ThreadRunCreate,
    ToolOutputsSubmit,
)
from app.schemas.threads import ThreadCreate
from app.services.attachments import attach_files
from app.services.code_files import check_code_files
from app.services.repeated import earlier_conversation, earlier_run, with_its_end
from app.services.run_creation import Created, admitted_run, begin, check_line, insert, new_rows
from app.services.run_policy import RunPolicy
from app.services.run_reads import locked_in_thread, run_in_thread
from app.services.threads import create_thread, new_message
from app.services.tool_outputs import Submitted, submit_outputs, submitted_before
from app.wire import run_object

Frames = AsyncIterator[list[Frame]]


class StreamedRun(NamedTuple):
    """A run's model, and its events."""

    model: str
    frames: Frames


class RunService:
    def __init__(
        self,
        database: Database,
        tasks: RunTasks,
        follower: Follower,
        policy: RunPolicy,
        wake: Callable[[], None],
    ) -> None:
        """`wake` is called when vector store files may be waiting to be indexed."""
        self._database = database
        self._wake = wake
        self._tasks = tasks
        self._follower = follower
        self._policy = policy

    def under(self, policy: RunPolicy) -> "RunService":
        """Return the same service under another policy."""
        changed = copy(self)
        changed._policy = policy
        return changed

    async def create(
        self,
        caller: Caller,
        thread_id: str,
        body: RunCreate | None,
        *,
        include: Sequence[str] = (),
    ) -> Run:
        """Create a run; without a body, of the default assistant.

        `include`: the optional fields of its steps to send; see `sent_step`.
        """
        created = await self._database.transaction_of(
            new_rows(body), self._create, caller, thread_id, body, include, at_once=False
        )
        return run_object(self._begin(created))

    async def create_streamed(
        self, caller: Caller, thread_id: str, body: RunCreate, *, include: Sequence[str] = ()
    ) -> StreamedRun:
        """Create a run and return its events from its creation on."""
        created = await self._database.transaction_of(
            new_rows(body), self._create, caller, thread_id, body, include, at_once=True
        )
        return self._followed(self._begin(created), repeated=created.repeated)

    async def create_with_thread(self, caller: Caller, body: ThreadRunCreate) -> Run:
        created = await self._database.transaction_of(
            new_rows(body), self._create_both, caller, body, at_once=False
        )
        return run_object(self._begin(created))

    async def create_with_thread_streamed(
        self, caller: Caller, body: ThreadRunCreate
    ) -> StreamedRun:
        created = await self._database.transaction_of(
            new_rows(body), self._create_both, caller, body, at_once=True
        )
        return self._followed(self._begin(created), repeated=created.repeated)

    async def update(
        self, caller: Caller, thread_id: str, run_id: str, body: MetadataUpdate
    ) -> Run:
        run = await self._database.transaction(self._update, caller, thread_id, run_id, body)
        return run_object(run)

    async def cancel(self, caller: Caller, thread_id: str, run_id: str) -> Run:
        """Return the run as `cancelling`; it is cancelled right afterwards."""
        run = await self._database.transaction(self._cancel, caller, thread_id, run_id)
        if run.status == "cancelling":
            self._tasks.cancel(run)
        return run_object(run)

    async def submit_tool_outputs(
        self, caller: Caller, thread_id: str, run_id: str, body: ToolOutputsSubmit
    ) -> Run:
        """Return the run as `queued`; it continues right afterwards."""
        submitted = await self._database.transaction(self._submit, caller, thread_id, run_id, body)
        if not submitted.repeated:
            self._tasks.start(run_id)
        return run_object(submitted.run)

    async def submit_tool_outputs_streamed(
        self, caller: Caller, thread_id: str, run_id: str, body: ToolOutputsSubmit
    ) -> StreamedRun:
        """Return the run's events from the submission on."""
        submitted, claimed = await self._database.transaction(
            self._submit_and_claim, caller, thread_id, run_id, body
        )
        if claimed is not None:
            self._tasks.execute(claimed)
        return self._followed(submitted.run, after=submitted.after, repeated=submitted.repeated)

    def _followed(self, run: RunRow, *, after: int = 0, repeated: bool) -> StreamedRun:
        frames = self._follower.follow(run.id, after)
        if repeated:
            frames = with_its_end(self._database, run.id, frames)
        return StreamedRun(run.model, frames)

    def _begin(self, created: Created) -> RunRow:
        self._wake()
        begin(self._tasks, created)
        return created.run

    # Transactions

    def _create(
        self,
        connection: Connection,
        caller: Caller,
        thread_id: str,
        body: RunCreate | None,
        include: Sequence[str],
        *,
        at_once: bool,
    ) -> Created:
        body = body or RunCreate(assistant_id=self._policy.default_assistant_id)
        threads.lock(connection, caller, thread_id)
        if (earlier := earlier_run(connection, caller, thread_id)) is not None:
            return Created(earlier, repeated=True)
        active = runs.line_of(connection, thread_id)
        interrupted = self._make_way(connection, thread_id, active, body.if_busy)
        not_before = messages.newest_time(connection, thread_id)
        additional = body.additional_messages or []
        messages.create(
            connection, *(new_message(thread_id, item, not_before) for item in additional)
        )
        attach_files(connection, caller, thread_id, additional)
        horizon = None
        if active or self._policy.busy_thread != "reject":
            newest = messages.newest_sequence(connection, thread_id)
            horizon = Horizon(newest, [before.id for before in active])
        created = self._insert(
            connection,
            caller,
            thread_id,
            body,
            Changes(streamed=True, include=include),
            not_before=not_before,
            at_once=at_once and not active,
            include=include,
            horizon=horizon,
        )
        return replace(created, interrupted=interrupted)

    def _create_both(
        self, connection: Connection, caller: Caller, body: ThreadRunCreate, *, at_once: bool
    ) -> Created:
        if (earlier := earlier_conversation(connection, caller)) is not None:
            return Created(earlier, repeated=True)
        for_code = self._policy.runs_code(connection, caller, body)
        thread = create_thread(connection, caller, body.thread or ThreadCreate(), for_code=for_code)
        check_code_files(connection, caller, body.tool_resources)
        changes = Changes(streamed=True)
        changes.emit("thread.created", thread)
        return self._insert(
            connection,
            caller,
            thread.id,
            body,
            changes,
            not_before=thread.created_at,
            at_once=at_once,
        )

    def _make_way(
        self,
        connection: Connection,
        thread_id: str,
        active: list[ActiveRun],
        if_busy: BusyPolicy | None,
    ) -> tuple[RunRow, ...]:
        """Apply the policy for busy threads; return the runs to be cancelled."""
        policy = if_busy or self._policy.busy_thread
        if active and policy == "reject":
            raise ThreadBusy.for_run(thread_id, active[0].id, active[0].status)
        if policy == "enqueue":
            check_line(thread_id, active)
        if policy != "interrupt" or not active:
            return ()
        return tuple(
            runs.move(connection, run, "cancelling")
            for run in runs.hold_active_on(connection, thread_id)
            if run.status != "cancelling"
        )

    def _insert(
        self,
        connection: Connection,
        caller: Caller,
        thread_id: str,
        body: RunOverrides,
        changes: Changes,
        *,
        not_before: int,
        at_once: bool,
        include: Sequence[str] = (),
        horizon: Horizon | None = None,
    ) -> Created:
        run = admitted_run(
            self._policy,
            connection,
            caller,
            thread_id,
            body,
            streamed=True,
            not_before=not_before,
        )
        if run.instructions is None and not messages.has_question(connection, thread_id):
            raise InvalidRequest(
                "Run creation requires a Thread with a user message or an assistant with "
                "instructions.",
                code="invalid_thread",
            )
        run = replace(run, include=[*include], horizon=horizon)
        changes.emit_created("thread.run", run)
        created = insert(self._policy, connection, run, changes, at_once=at_once)
        repeats.keep(connection, caller, run.id)
        # The client gets the run as it was created, even if it has started meanwhile.
        return replace(created, run=run)

    @staticmethod
    def _update(
        connection: Connection, caller: Caller, thread_id: str, run_id: str, body: MetadataUpdate
    ) -> RunRow:
        run = run_in_thread(connection, caller, thread_id, run_id)
        if "metadata" in body.model_fields_set:
            return runs.set_metadata(connection, thread_id, run_id, body.metadata or {})
        return run

    @staticmethod
    def _cancel(connection: Connection, caller: Caller, thread_id: str, run_id: str) -> RunRow:
        run = locked_in_thread(connection, caller, thread_id, run_id)
        if run.status in ("cancelling", "cancelled") and repeats.is_repeat(connection, caller):
            return run
        if run.status in TERMINAL or run.status == "cancelling":
            raise InvalidRequest(f"Cannot cancel run with status '{run.status}'.")
        repeats.keep(connection, caller, run_id)
        return runs.move(connection, run, "cancelling")

    def _submit(
        self,
        connection: Connection,
        caller: Caller,
        thread_id: str,
        run_id: str,
        body: ToolOutputsSubmit,
    ) -> Submitted:
        run = locked_in_thread(connection, caller, thread_id, run_id)
        outputs = body.tool_outputs
        if repeats.is_repeat(connection, caller):
            earlier = submitted_before(connection, run, outputs)
            if earlier is not None:
                return earlier
        repeats.keep(connection, caller, run_id)
        return submit_outputs(connection, caller, run_id, outputs, self._policy.worker_id)

    def _submit_and_claim(
        self,
        connection: Connection,
        caller: Caller,
        thread_id: str,
        run_id: str,
        body: ToolOutputsSubmit,
    ) -> tuple[Submitted, Claimed | None]:
        submitted = self._submit(connection, caller, thread_id, run_id, body)
        if submitted.repeated:
            return submitted, None
        policy = self._policy
        claimed = claim(connection, run_id, policy.worker_id, policy.windows)
        if claimed is not None:
            claimed.frames = submitted.frames + claimed.frames
        return submitted, claimed
