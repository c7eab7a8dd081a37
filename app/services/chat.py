"""Chat: a message in, an answer out, in one call."""

import asyncio
from collections.abc import AsyncIterator
from copy import copy
from dataclasses import dataclass, replace

from app.db import handovers, messages, repeats, runs, threads
from app.db.database import Connection, Database
from app.db.rows import MessageRow, Question, RunRow
from app.db.runs import ActiveRun, Ended
from app.domain.access import Caller
from app.domain.errors import ChatFailed, DatabaseAway, not_found
from app.domain.language import is_korean
from app.domain.run_status import SETTLED
from app.engine.changes import Changes
from app.engine.ending import give_up_waiting
from app.engine.follower import Follower, Interrupted
from app.engine.hub import Frame
from app.engine.outcome import Outcome, outcome_of
from app.engine.tasks import RunTasks
from app.schemas.chat import ChatReply, ChatRequest, Delivered
from app.schemas.messages import Said, stored_content
from app.schemas.runs import RunCreate
from app.schemas.threads import ThreadCreate
from app.services.handovers import message_by_hand
from app.services.notifying import announce
from app.services.repeated import earlier_conversation, earlier_turn, with_its_end
from app.services.run_creation import Created, admitted_run, begin, check_line, insert
from app.services.run_policy import RunPolicy
from app.services.threads import create_thread

# Greater than the id of any event: a reader that starts here only waits for the run's end.
_NO_FRAMES = 2**62


@dataclass(frozen=True)
class Turn:
    """A chat turn in progress: its run's thread and id, its events, and the question's language.

    `task` is the run's task if the run was claimed at once; a run that waits in line has none.
    """

    thread_id: str
    run_id: str
    task: asyncio.Task[Outcome] | None
    frames: AsyncIterator[list[Frame]]
    korean: bool


class ChatService:
    """Chat is a use case over threads, messages and runs, not a second path to the model."""

    def __init__(
        self,
        database: Database,
        tasks: RunTasks,
        follower: Follower,
        policy: RunPolicy,
    ) -> None:
        self._database = database
        self._tasks = tasks
        self._follower = follower
        self._policy = policy

    def under(self, policy: RunPolicy) -> "ChatService":
        """Return the same service under another policy."""
        changed = copy(self)
        changed._policy = policy
        return changed

    async def reply(self, caller: Caller, body: ChatRequest) -> ChatReply:
        """Answer a message, on a new thread or the given one; chats on one thread take turns.

        Raises `NotFound`, and `ChatFailed` if the model did not answer.
        """
        turn = await self.begin(caller, body, streamed=False)
        return turn if isinstance(turn, ChatReply) else await self.end(turn)

    async def begin(self, caller: Caller, body: ChatRequest, *, streamed: bool) -> Turn | ChatReply:
        """Begin the turn; it waits in line behind other runs on its thread.

        If a person has taken the thread, the message is stored for him, and the reply says so.

        Raises `NotFound`, `LimitReached`, and `InvalidRequest` if a visitor's message is too long.
        """
        self._policy.check_message(caller, body.message)
        created = await self._database.transaction(self._create, caller, body, streamed)
        if isinstance(created, ChatReply):
            return created
        task = begin(self._tasks, created)
        run = created.run
        frames = self._follower.follow(run.id)
        if created.repeated and run.streamed:
            frames = with_its_end(self._database, run.id, frames)
        return Turn(run.thread_id, run.id, task, frames, is_korean(body.message))

    async def end(self, turn: Turn) -> ChatReply:
        """Wait for the turn's answer and return it. Raises `ChatFailed`."""
        outcome = await self._of_task(turn) if turn.task is not None else None
        # It waited in line, or another process has taken it over.
        if outcome is None or (outcome.run is not None and outcome.run.status not in SETTLED):
            outcome = await self._followed(turn)
        return _reply(turn.thread_id, outcome, korean=turn.korean)

    async def _of_task(self, turn: Turn) -> Outcome | None:
        assert turn.task is not None
        # A client that disconnects must not end the run: it is finished and stored all the same.
        try:
            return await asyncio.shield(turn.task)
        except DatabaseAway:
            # After a pause of this process, another one may have taken the run over. If the
            # database is still away, following the run says so.
            return None
        except asyncio.CancelledError:
            if not turn.task.cancelled():
                raise
            raise _restarting(turn) from None

    async def _followed(self, turn: Turn) -> Outcome:
        try:
            async for _ in self._follower.follow(turn.run_id, after=_NO_FRAMES):
                pass
        except Interrupted:
            raise _restarting(turn) from None
        return await self._database.read(outcome_of, turn.run_id)

    def _create(
        self, connection: Connection, caller: Caller, body: ChatRequest, streamed: bool
    ) -> Created | ChatReply:
        earlier = self._earlier(connection, caller, body.thread_id)
        if isinstance(earlier, RunRow):
            return Created(earlier, repeated=True)
        if earlier is not None:
            person = handovers.answerer(connection, earlier.thread_id).person
            return _delivered(earlier, person, body.message)
        policy, is_new = self._policy, body.thread_id is None
        given_up: Ended | None = None
        active: list[ActiveRun] = []
        if body.thread_id is None:
            thread_id, newest = create_thread(connection, caller, ThreadCreate()).id, 0
        else:
            thread_id = body.thread_id
            answerer = handovers.answerer(connection, thread_id)
            if answerer.person is not None:
                message = _stored_for_person(connection, caller, thread_id, body)
                return _delivered(message, answerer.person, body.message)
            if answerer.state == "waiting":
                announce(connection, caller.project, "handover.message", thread_id)
            given_up, active = _line(connection, thread_id)
            newest = messages.newest_time(connection, thread_id)
        assistant_id = body.assistant_id or policy.default_for(caller)
        wanted = RunCreate(assistant_id=assistant_id, metadata=body.metadata)
        content = stored_content(body.message)
        run = admitted_run(
            policy,
            connection,
            caller,
            thread_id,
            wanted,
            streamed=streamed,
            not_before=newest,
            question=Question(content, body.metadata or {}),
        )
        history = [Said("user", content)] if is_new else None
        created = insert(
            policy,
            connection,
            run,
            Changes(streamed=streamed),
            at_once=not active,
            history=history,
        )
        repeats.keep(connection, caller, run.id)
        return created if given_up is None else replace(created, ended=given_up)

    @staticmethod
    def _earlier(
        connection: Connection, caller: Caller, thread_id: str | None
    ) -> RunRow | MessageRow | None:
        """Lock the thread, and return what an earlier attempt of the chat created: a run, or the
        message for a person."""
        if thread_id is None:
            return earlier_conversation(connection, caller)
        threads.lock(connection, caller, thread_id)
        return earlier_turn(connection, caller, thread_id)


def _stored_for_person(
    connection: Connection, caller: Caller, thread_id: str, body: ChatRequest
) -> MessageRow:
    """Store the message for the person who answers in place of the assistant."""
    message = message_by_hand(connection, thread_id, "user", body.message, body.metadata or {})
    message = replace(message, attempt=caller.mark)
    messages.create(connection, message)
    repeats.keep(connection, caller, message.id)
    return message


def _delivered(message: MessageRow, person: str | None, question: str) -> ChatReply:
    """`person`: None if the thread was handed back since."""
    korean = is_korean(question)
    if person is None:
        said = "메시지를 전달했습니다." if korean else "Your message was delivered."
    elif korean:
        said = f"지금은 {person} 님이 답변하고 있습니다. 메시지를 전달했습니다."
    else:
        said = f"{person} answers here now and has got your message."
    return ChatReply(
        message=said,
        thread_id=message.thread_id,
        created_at=message.created_at,
        handover=Delivered(person=person, message_id=message.id),
    )


def _line(connection: Connection, thread_id: str) -> tuple[Ended | None, list[ActiveRun]]:
    """Return the run that was cancelled for the chat, if any, and the runs to wait for.

    A run is cancelled if it requires an action: its client has sent a new message instead of tool
    outputs.
    """
    active = runs.line_of(connection, thread_id)
    check_line(thread_id, active)
    if not active or active[0].status != "requires_action":
        return None, active
    given_up = give_up_waiting(connection, thread_id)
    return given_up, runs.line_of(connection, thread_id)


def _restarting(turn: Turn) -> ChatFailed:
    return ChatFailed(
        "The server is restarting. The answer will be added to the thread.",
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
    """Return a message's text, including refusals."""
    parts = message.content if message else []
    texts = [
        part["refusal"] if part["type"] == "refusal" else part["text"]["value"]
        for part in parts
        if part["type"] in ("text", "refusal")
    ]
    return "\n".join(texts)


def _asks_for_tools(run: RunRow, *, korean: bool) -> str:
    calls = run.required_action.submit_tool_outputs.tool_calls if run.required_action else []
    approvals = [call.approval for call in calls if call.approval is not None]
    if calls and len(approvals) == len(calls):
        asked = ", ".join(f"{one.operation} ({one.method} {one.host})" for one in approvals)
        if korean:
            return f"계속하려면 다음 작업을 허용해야 합니다: {asked}."
        return f"This has to be allowed before it is done: {asked}."
    names = ", ".join(call.function.name for call in calls)
    if korean:
        return f"답변하려면 다음 함수를 호출해야 합니다: {names}. 결과를 제출하면 계속합니다."
    return f"The answer needs these function calls: {names}. Submit their outputs to continue."
