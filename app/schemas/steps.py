"""Run steps on the wire."""

from typing import Any, Literal

from pydantic import Field

from app.schemas.common import ListedObject
from app.schemas.runs import LastError, Usage

StepType = Literal["message_creation", "tool_calls"]
StepStatus = Literal["in_progress", "cancelled", "failed", "completed", "expired"]


class RunStep(ListedObject):
    """`usage` is null until the step has ended."""

    object: Literal["thread.run.step"] = "thread.run.step"
    created_at: int
    run_id: str
    assistant_id: str
    thread_id: str
    type: StepType
    status: StepStatus
    cancelled_at: int | None = None
    completed_at: int | None = None
    expires_at: int | None = None
    expired_at: int | None = None
    failed_at: int | None = None
    last_error: LastError | None = None
    step_details: dict[str, Any]
    usage: Usage | None = None
    metadata: dict[str, str] = Field(default_factory=dict)


def told_step(step: RunStep, *, with_content: bool = False) -> RunStep:
    """Return a step as a client sees it.

    Its usage is told when it has ended; the text of what a search found, where it was asked for.
    """
    values: dict[str, Any] = {}
    if step.status == "in_progress":
        values["usage"] = None
    calls = step.step_details.get("tool_calls", [])
    if not with_content and any(call["type"] == "file_search" for call in calls):
        told = [_without_content(call) for call in calls]
        values["step_details"] = {**step.step_details, "tool_calls": told}
    return step.model_copy(update=values) if values else step


def _without_content(call: dict[str, Any]) -> dict[str, Any]:
    if call["type"] != "file_search":
        return call
    search = call["file_search"]
    results = [
        {name: value for name, value in result.items() if name != "content"}
        for result in search["results"]
    ]
    return {**call, "file_search": {**search, "results": results}}
