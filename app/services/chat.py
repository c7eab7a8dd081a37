"""The one simple call: a message in, an answer out."""

import asyncio
from collections.abc import AsyncIterator
from copy import copy
from dataclasses import dataclass
from weakref import WeakValueDictionary

from app.db import messages, runs, threads
from app.db.database import Connection, Database
from app.db.rows import MessageRow, RunRow
from app.domain.access import Caller
from app.domain.errors import ChatFailed, ThreadBusy, not_found
from app.domain.language import is_korean
from app.domain.run_status import SETTLED
from app.engine.changes import Changes
from app.engine.claim import Claimed, claim_new
from app.engine.ending import end_unheld
from app.engine.follower import Follower, Interrupted
from app.engine.hub import Frame
from app.engine.outcome import Outcome, outcome_of
from app.engine.supervisor import RunSupervisor
from app.schemas.chat import ChatReply, ChatRequest
from app.schemas.messages import MessageCreate, Said
from app.schemas.runs import RunCreate
from app.schemas.threads import ThreadCreate
from app.services.new_run import new_run
from app.services.run_policy import RunPolicy
from app.services.threads import create_thread, new_message

# While another process carries a thread's run, a chat looks this often (in seconds) for its turn.
_LOOK_EVERY = 30.0

# Beyond the id of any event: who follows a run after it only waits for the run's end.
_NO_FRAMES = 2**62

# Where chats take turns: a project, a session where there is one, and a thread.
_Line = tuple[str, str | None, str]


@dataclass(frozen=True)
class Turn:
    """A turn under way: its run's thread and id, its end, what it tells, and its language."""

    thread_id: str
    run_id: str
    outcome: asyncio.Future[Outcome]
    frames: AsyncIterator[list[Frame]]
    korean: bool


class ChatService:
    """Chat is a use case over threads, messages and runs, not a second road to the model."""

    def __init__(
        self,
        database: Database,
        supervisor: RunSupervisor,
        follower: Follower,
        policy: RunPolicy,
    ) -> None:
        self._database = database
        self._supervisor = supervisor
        self._follower = follower
        self._policy = policy
        self._lines: WeakValueDictionary[_Line, asyncio.Lock] = WeakValueDictionary()

    def under(self, policy: RunPolicy) -> "ChatService":
        """Return the same service under another policy; chats on one thread still take turns."""
        changed = copy(self)
        changed._policy = policy
        return changed

    async def reply(self, caller: Caller, body: ChatRequest) -> ChatReply:
        """Answer a message, on a new thread or on its own; chats on one thread take turns.

        Raises `NotFound`, and `ChatFailed` where the model did not answer.
        """
        turn = await self.begin(caller, body, streamed=False)
        return await self.end(turn)

    async def begin(self, caller: Caller, body: ChatRequest, *, streamed: bool) -> Turn:
        """Wait for the thread to be free, then begin the turn.

        Raises `NotFound`, `LimitReached`, and `InvalidRequest` for a visitor's long message.
        """
        self._policy.check_message(caller, body.message)
        line = self._line(caller, body.thread_id)
        await line.acquire()
        try:
            claimed = await self._claim(caller, body, streamed=streamed)
        except BaseException:
            line.release()
            raise
        task = self._supervisor.go_on(claimed)
        # The next turn waits for the run, not for whoever listens to it.
        task.add_done_callback(lambda _: line.release())
        run = claimed.run
        frames = self._follower.follow(run.id)
        return Turn(run.thread_id, run.id, task, frames, is_korean(body.message))

    async def end(self, turn: Turn) -> ChatReply:
        """Return the turn's answer when it is there. Raises `ChatFailed`."""
        # Who hangs up must not end the run: it is finished and kept all the same.
        try:
            outcome = await asyncio.shield(turn.outcome)
        except asyncio.CancelledError:
            if not turn.outcome.cancelled():
                raise
            raise _restarting(turn) from None
        if outcome.run is not None and outcome.run.status not in SETTLED:
            outcome = await self._end_elsewhere(turn)
        return _reply(turn.thread_id, outcome, korean=turn.korean)

    async def _end_elsewhere(self, turn: Turn) -> Outcome:
        """Return how the turn ends whose run another process has taken over from this one."""
        try:
            async for _ in self._follower.follow(turn.run_id, after=_NO_FRAMES):
                pass
        except Interrupted:
            raise _restarting(turn) from None
        return await self._database.read(outcome_of, turn.run_id)

    def _line(self, caller: Caller, thread_id: str | None) -> asyncio.Lock:
        if thread_id is None:
            return asyncio.Lock()
        # Of the caller's own: whose the thread is shows later, and nobody waits for others' chats.
        line = (caller.project, caller.session, thread_id)
        return self._lines.setdefault(line, asyncio.Lock())

    async def _claim(self, caller: Caller, body: ChatRequest, *, streamed: bool) -> Claimed:
        while True:
            try:
                return await self._database.transaction(self._begin_turn, caller, body, streamed)
            except ThreadBusy as busy:
                await self._supervisor.settled(busy.run_id, _LOOK_EVERY)

    def _begin_turn(
        self, connection: Connection, caller: Caller, body: ChatRequest, streamed: bool
    ) -> Claimed:
        policy = self._policy
        thread_id = self._thread(connection, caller, body.thread_id)
        not_before = 0 if body.thread_id is None else messages.newest_time(connection, thread_id)
        policy.admit(connection, caller)
        asked = MessageCreate(role="user", content=body.message, metadata=body.metadata)
        message = new_message(thread_id, asked, not_before)
        messages.create(connection, message)
        assistant_id = body.assistant_id or policy.default_for(caller)
        assistant = policy.assistant(connection, caller, assistant_id)
        wanted = RunCreate(assistant_id=assistant_id, metadata=body.metadata)
        run = new_run(
            caller,
            assistant,
            thread_id,
            wanted,
            expires_seconds=policy.expires_seconds,
            streamed=streamed,
            worker_id=policy.worker_id,
            not_before=message.created_at,
            reserved_tokens=policy.reserved_for(assistant, wanted),
        )
        return claim_new(
            connection,
            run,
            policy.upstreams,
            Changes(told=streamed),
            history=[Said(message.role, message.content)] if body.thread_id is None else None,
        )

    @staticmethod
    def _thread(connection: Connection, caller: Caller, thread_id: str | None) -> str:
        """Return the thread to speak on, free for a new run."""
        if thread_id is None:
            return create_thread(connection, caller, ThreadCreate()).id
        threads.lock(connection, caller, thread_id)
        active = runs.active_on(connection, thread_id)
        if active is not None and active.status == "requires_action":
            # The caller speaks on instead of answering: the waiting run is given up.
            runs.move(connection, active, "cancelling")
            end_unheld(connection, active.id, "cancelled")
        elif active is not None:
            raise ThreadBusy.for_run(thread_id, active.id, active.status)
        return thread_id


def _restarting(turn: Turn) -> ChatFailed:
    return ChatFailed(
        "The server restarts; the answer will stand in the thread.",
        code="server_restarting",
        status=503,
        thread_id=turn.thread_id,
        run_id=turn.run_id,
    )


def _reply(thread_id: str, outcome: Outcome, *, korean: bool) -> ChatReply:
    run = outcome.run
    if run is None:
        raise not_found("thread", thread_id)
    _raise_failure(run)
    text = spoken_text(outcome.message)
    if run.required_action is not None:
        text = _asks_for_tools(run, korean=korean)
    return ChatReply(
        message=text,
        thread_id=thread_id,
        created_at=outcome.message.created_at if outcome.message else run.created_at,
        run_id=run.id,
        usage=run.usage,
        required_action=run.required_action,
        incomplete_details=run.incomplete_details,
    )


def _raise_failure(run: RunRow) -> None:
    if run.status == "failed" and run.last_error is not None:
        error = run.last_error
        status = 503 if error.code == "rate_limit_exceeded" else 502
        raise ChatFailed(
            f"The model did not answer: {error.message}",
            code=error.code,
            status=status,
            thread_id=run.thread_id,
            run_id=run.id,
        )
    if run.status not in ("completed", "incomplete", "requires_action"):
        raise ChatFailed(
            f"The answer was stopped: the run is {run.status}.",
            code=f"run_{run.status}",
            status=503,
            thread_id=run.thread_id,
            run_id=run.id,
        )


def spoken_text(message: MessageRow | None) -> str:
    """Return what a message says, a refusal included."""
    parts = message.content if message else []
    texts = [
        part["refusal"] if part["type"] == "refusal" else part["text"]["value"]
        for part in parts
        if part["type"] in ("text", "refusal")
    ]
    return "\n".join(texts)


def _asks_for_tools(run: RunRow, *, korean: bool) -> str:
    calls = run.required_action.submit_tool_outputs.tool_calls if run.required_action else []
    names = ", ".join(call.function.name for call in calls)
    if korean:
        return f"답하려면 먼저 함수를 호출해야 합니다: {names}. 결과를 제출하면 이어집니다."
    return f"A function must be called before the answer: {names}. Submit its output to go on."
