"""Builds a new run from its assistant and the fields that its creator overrides."""

from typing import Any

from app.db.rows import AssistantRow, RunRow
from app.domain.access import Caller
from app.domain.clock import now
from app.domain.ids import new_id
from app.schemas.runs import RunCreate, RunOverrides, ThreadRunCreate
from app.schemas.tools import TruncationStrategy, as_json, normalized


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
        by_visitor=caller.session is not None,
        attempt=caller.mark,
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
