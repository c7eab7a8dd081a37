"""Creates runs, both for the API's runs and for chats."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.db import runs
from app.db.database import Connection
from app.db.rows import AssistantRow, Question, RunRow
from app.db.runs import ActiveRun, Ended
from app.domain.access import Caller
from app.domain.clock import now
from app.domain.errors import LimitReached
from app.domain.ids import new_id
from app.engine import journal
from app.engine.changes import Changes
from app.engine.claim import Claimed, claim_new
from app.engine.outcome import Outcome
from app.engine.tasks import RunTasks
from app.schemas.messages import Said
from app.schemas.runs import RunCreate, RunOverrides, ThreadRunCreate
from app.schemas.tools import TruncationStrategy, as_json, normalized
from app.services.run_policy import RunPolicy

# The most active runs on one thread: the one that is executed and those that wait behind it.
LONGEST_LINE = 100


@dataclass(frozen=True)
class Created:
    """A new run, and what else happened in its transaction.

    `claimed` is set if the run starts at once. `interrupted` runs must be cancelled for it.
    `ended` is a run that was ended for it. `repeated`: an earlier attempt of the request created
    the run; nothing happened now.
    """

    run: RunRow
    claimed: Claimed | None = None
    interrupted: Sequence[RunRow] = ()
    ended: Ended | None = None
    repeated: bool = False


def admitted_run(
    policy: RunPolicy,
    connection: Connection,
    caller: Caller,
    thread_id: str,
    body: RunOverrides,
    *,
    streamed: bool,
    not_before: int,
    question: Question | None = None,
) -> RunRow:
    """Return a queued run that is not inserted yet.

    `not_before`: when the thread's newest message was created (Unix time). `question`: a chat's.
    Raises `LimitReached`, and `NotFound` for an unknown assistant.
    """
    policy.admit(connection, caller)
    assistant = policy.assistant(connection, caller, body.assistant_id)
    return new_run(
        caller,
        assistant,
        thread_id,
        body,
        expires_seconds=policy.expires_seconds,
        streamed=streamed,
        worker_id=policy.worker_id,
        not_before=not_before,
        reserved_tokens=policy.reserved_for(assistant, body),
        question=question,
    )


def check_line(thread_id: str, active: Sequence[ActiveRun]) -> None:
    """Raises `LimitReached` if no more runs may wait on the thread."""
    if len(active) >= LONGEST_LINE:
        raise LimitReached(
            f"Thread {thread_id} already has {len(active)} active runs (the maximum). Please wait "
            "until some have ended, or cancel them.",
            code="thread_line_too_long",
            headers={"retry-after": "5"},
        )


def insert(
    policy: RunPolicy,
    connection: Connection,
    run: RunRow,
    changes: Changes,
    *,
    at_once: bool,
    history: list[Said] | None = None,
) -> Created:
    """Insert a run. `changes` has the events of its creation.

    `at_once`: it starts in this transaction, because its thread has no other active run; otherwise
    it starts once it is the first in its thread's line. `history` is the whole thread, if the
    caller has it.
    """
    if at_once:
        claimed = claim_new(connection, run, policy.windows, changes, history=history)
        return Created(claimed.run, claimed)
    runs.create(connection, run)
    journal.keep(connection, run.id, journal.number(changes.events, 1))
    return Created(run)


def begin(tasks: RunTasks, created: Created) -> asyncio.Task[Outcome] | None:
    """Start the created run after the commit; return its task if it was claimed already."""
    if created.repeated:
        return None
    for run in created.interrupted:
        tasks.cancel(run)
    if created.ended is not None:
        tasks.ended(created.ended)
    if created.claimed is not None:
        return tasks.execute(created.claimed)
    tasks.start(created.run.id)
    return None


def new_run(
    caller: Caller,
    assistant: AssistantRow,
    thread_id: str,
    body: RunOverrides,
    *,
    expires_seconds: int,
    streamed: bool,
    worker_id: str,
    not_before: int,
    reserved_tokens: int,
    question: Question | None,
) -> RunRow:
    """Return a queued run. Fields that `body` leaves out or sets to null come from the assistant.

    `not_before`: when its thread's newest message was created (Unix time). `reserved_tokens`: what
    the run counts in its project's budget until it ends.
    """
    moment = now()
    return RunRow(
        id=new_id("run"),
        created_at=max(moment, not_before),
        assistant_id=assistant.id,
        thread_id=thread_id,
        status="queued",
        expires_at=moment + expires_seconds,
        model=body.model or assistant.model,
        instructions=_instructions(assistant, body),
        tools=assistant.tools if body.tools is None else normalized(body.tools),
        tool_resources=_resources(assistant, body),
        metadata=body.metadata or {},
        temperature=_first(body.temperature, assistant.temperature),
        top_p=_first(body.top_p, assistant.top_p),
        reasoning_effort=_first(body.reasoning_effort, assistant.reasoning_effort),
        max_completion_tokens=body.max_completion_tokens,
        max_prompt_tokens=body.max_prompt_tokens,
        truncation_strategy=_truncation(body.truncation_strategy),
        response_format=_first(as_json(body.response_format), assistant.response_format),
        tool_choice=_first(as_json(body.tool_choice), "auto"),
        parallel_tool_calls=_first(body.parallel_tool_calls, True),
        streamed=streamed,
        worker_id=worker_id,
        project=caller.project,
        request_id=caller.request_id,
        reserved_tokens=reserved_tokens,
        by_visitor=caller.is_public,
        key_id=caller.key_id,
        attempt=caller.mark,
        question=question,
    )


def new_rows(body: RunCreate | ThreadRunCreate | None) -> int:
    """Return how many rows a new run writes besides its own, roughly: its messages."""
    if isinstance(body, ThreadRunCreate):
        return len(body.thread.messages or []) if body.thread else 0
    return len(body.additional_messages or []) if body else 0


def _first(given: Any, default: Any) -> Any:
    return default if given is None else given


def _instructions(assistant: AssistantRow, body: RunOverrides) -> str | None:
    instructions: str | None = _first(body.instructions, assistant.instructions)
    additional = body.additional_instructions if isinstance(body, RunCreate) else None
    return "\n\n".join(text for text in (instructions, additional) if text) or None


def _resources(assistant: AssistantRow, body: RunOverrides) -> dict[str, Any]:
    if isinstance(body, ThreadRunCreate) and body.tool_resources is not None:
        return body.tool_resources.given()
    return assistant.tool_resources


def _truncation(strategy: TruncationStrategy | None) -> dict[str, Any]:
    if strategy is None:
        return {"type": "auto", "last_messages": None}
    return strategy.model_dump()
