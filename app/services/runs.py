"""Runs: created, cancelled, answered. `run_reads` is what reads them."""

from collections.abc import AsyncIterator, Callable
from copy import copy
from dataclasses import dataclass, replace

from app.db import messages, runs, threads
from app.db.database import Connection, Database
from app.db.rows import Horizon, RunRow
from app.db.runs import ActiveRun
from app.domain.access import Caller
from app.domain.errors import InvalidRequest, LimitReached, ThreadBusy
from app.domain.run_status import TERMINAL
from app.engine import journal
from app.engine.changes import Changes
from app.engine.claim import Claimed, claim, claim_new
from app.engine.follower import Follower
from app.engine.hub import Frame
from app.engine.supervisor import RunSupervisor
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
from app.services.new_run import new_rows, new_run
from app.services.run_policy import RunPolicy
from app.services.run_reads import run_in_thread
from app.services.threads import create_thread, new_message
from app.services.tool_outputs import submit_outputs
from app.wire import run_object

Frames = AsyncIterator[list[Frame]]

# Active runs on one thread, the one at work and those that wait behind it.
LONGEST_LINE = 100


@dataclass(frozen=True)
class Created:
    """A new run: claimed at once where it is streamed and its thread is free."""

    run: RunRow
    claimed: Claimed | None = None
    interrupted: tuple[RunRow, ...] = ()


class RunService:
    def __init__(
        self,
        database: Database,
        supervisor: RunSupervisor,
        follower: Follower,
        policy: RunPolicy,
        wake: Callable[[], None],
    ) -> None:
        """`wake` is called when there may be files of a vector store to be read."""
        self._database = database
        self._wake = wake
        self._supervisor = supervisor
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
        include_content: bool = False,
    ) -> Run:
        """Create a run; without any body, of the default assistant.

        `include_content`: its steps are told with the text of what searches found.
        """
        created = await self._database.transaction_of(
            new_rows(body), self._create, caller, thread_id, body, include_content, at_once=False
        )
        return run_object(self._begin(created))

    async def create_streamed(
        self, caller: Caller, thread_id: str, body: RunCreate, *, include_content: bool = False
    ) -> Frames:
        """Create a run and return what it tells from its creation on."""
        created = await self._database.transaction_of(
            new_rows(body), self._create, caller, thread_id, body, include_content, at_once=True
        )
        return self._follower.follow(self._begin(created).id)

    async def create_with_thread(self, caller: Caller, body: ThreadRunCreate) -> Run:
        created = await self._database.transaction_of(
            new_rows(body), self._create_both, caller, body, at_once=False
        )
        return run_object(self._begin(created))

    async def create_with_thread_streamed(self, caller: Caller, body: ThreadRunCreate) -> Frames:
        created = await self._database.transaction_of(
            new_rows(body), self._create_both, caller, body, at_once=True
        )
        return self._follower.follow(self._begin(created).id)

    async def update(
        self, caller: Caller, thread_id: str, run_id: str, body: MetadataUpdate
    ) -> Run:
        run = await self._database.transaction(self._update, caller, thread_id, run_id, body)
        return run_object(run)

    async def cancel(self, caller: Caller, thread_id: str, run_id: str) -> Run:
        """Answer `cancelling`; the run is cancelled right afterwards."""
        run = await self._database.transaction(self._cancel, caller, thread_id, run_id)
        self._supervisor.cancel(run)
        return run_object(run)

    async def submit_tool_outputs(
        self, caller: Caller, thread_id: str, run_id: str, body: ToolOutputsSubmit
    ) -> Run:
        """Answer `queued`; the run goes on right afterwards."""
        run, _ = await self._database.transaction(self._submit, caller, thread_id, run_id, body)
        self._supervisor.start(run_id)
        return run_object(run)

    async def submit_tool_outputs_streamed(
        self, caller: Caller, thread_id: str, run_id: str, body: ToolOutputsSubmit
    ) -> Frames:
        """Return what the run tells from its outputs on."""
        frames, claimed = await self._database.transaction(
            self._submit_and_claim, caller, thread_id, run_id, body
        )
        if claimed is not None:
            self._supervisor.go_on(claimed)
        return self._follower.follow(run_id, after=frames[0].id - 1)

    def _begin(self, created: Created) -> RunRow:
        self._wake()
        for run in created.interrupted:
            self._supervisor.cancel(run)
        if created.claimed is not None:
            self._supervisor.go_on(created.claimed)
        else:
            self._supervisor.start(created.run.id)
        return created.run

    # Transactions

    def _create(
        self,
        connection: Connection,
        caller: Caller,
        thread_id: str,
        body: RunCreate | None,
        include_content: bool,
        *,
        at_once: bool,
    ) -> Created:
        body = body or RunCreate(assistant_id=self._policy.default_assistant_id)
        threads.lock(connection, caller, thread_id)
        active = runs.line_of(connection, thread_id)
        interrupted = self._make_way(connection, thread_id, active, body.if_busy)
        not_before = messages.newest_time(connection, thread_id)
        said = body.additional_messages or []
        messages.create(connection, *(new_message(thread_id, item, not_before) for item in said))
        attach_files(connection, caller, thread_id, said)
        run = self._new(connection, caller, thread_id, body, not_before)
        horizon = None
        if active or self._policy.busy_thread != "reject":
            newest = messages.newest_sequence(connection, thread_id)
            horizon = Horizon(newest, [before.id for before in active])
        run = replace(run, include_content=include_content, horizon=horizon)
        created = self._insert(connection, run, Changes(told=True), at_once and not active)
        return Created(created.run, created.claimed, interrupted)

    def _create_both(
        self, connection: Connection, caller: Caller, body: ThreadRunCreate, *, at_once: bool
    ) -> Created:
        thread = create_thread(connection, caller, body.thread or ThreadCreate())
        changes = Changes(told=True)
        changes.tell("thread.created", thread)
        run = self._new(connection, caller, thread.id, body, thread.created_at)
        return self._insert(connection, run, changes, at_once)

    def _make_way(
        self,
        connection: Connection,
        thread_id: str,
        active: list[ActiveRun],
        if_busy: BusyPolicy | None,
    ) -> tuple[RunRow, ...]:
        """Do with a busy thread what the policy says; return the runs to be cancelled."""
        policy = if_busy or self._policy.busy_thread
        if active and policy == "reject":
            raise ThreadBusy.for_run(thread_id, active[0].id, active[0].status)
        if policy == "enqueue" and len(active) >= LONGEST_LINE:
            raise LimitReached(
                f"Thread {thread_id} has {len(active)} active runs, the most that this server lets "
                "wait on one thread. Please wait until some have ended, or cancel them.",
                code="thread_line_too_long",
                headers={"retry-after": "5"},
            )
        if policy != "interrupt" or not active:
            return ()
        return tuple(
            runs.move(connection, run, "cancelling")
            for run in runs.all_active_on(connection, thread_id)
            if run.status != "cancelling"
        )

    def _new(
        self,
        connection: Connection,
        caller: Caller,
        thread_id: str,
        body: RunOverrides,
        not_before: int,
    ) -> RunRow:
        self._policy.admit(connection, caller)
        assistant = self._policy.assistant(connection, caller, body.assistant_id)
        run = new_run(
            caller,
            assistant,
            thread_id,
            body,
            expires_seconds=self._policy.expires_seconds,
            streamed=True,
            worker_id=self._policy.worker_id,
            not_before=not_before,
            reserved_tokens=self._policy.reserved_for(assistant, body),
        )
        if run.instructions is None and not messages.has_question(connection, thread_id):
            raise InvalidRequest(
                "Run creation requires a Thread with a user message or an assistant with "
                "instructions.",
                code="invalid_thread",
            )
        return run

    def _insert(
        self, connection: Connection, run: RunRow, changes: Changes, at_once: bool
    ) -> Created:
        changes.tell_created("thread.run", run)
        if at_once:
            claimed = claim_new(connection, run, self._policy.upstreams, changes)
            return Created(run, claimed)
        runs.create(connection, run)
        journal.keep(connection, run.id, journal.number(changes.events, 1))
        return Created(run)

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
        run_in_thread(connection, caller, thread_id, run_id)
        run = runs.lock(connection, run_id)
        if run.status in TERMINAL or run.status == "cancelling":
            raise InvalidRequest(f"Cannot cancel run with status '{run.status}'.")
        return runs.move(connection, run, "cancelling")

    def _submit(
        self,
        connection: Connection,
        caller: Caller,
        thread_id: str,
        run_id: str,
        body: ToolOutputsSubmit,
    ) -> tuple[RunRow, list[Frame]]:
        run_in_thread(connection, caller, thread_id, run_id)
        return submit_outputs(connection, run_id, body.tool_outputs, self._policy.worker_id)

    def _submit_and_claim(
        self,
        connection: Connection,
        caller: Caller,
        thread_id: str,
        run_id: str,
        body: ToolOutputsSubmit,
    ) -> tuple[list[Frame], Claimed | None]:
        _, frames = self._submit(connection, caller, thread_id, run_id, body)
        policy = self._policy
        claimed = claim(connection, run_id, policy.worker_id, policy.upstreams)
        if claimed is not None:
            claimed.frames = frames + claimed.frames
        return frames, claimed
