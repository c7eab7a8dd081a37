"""Wire objects for run steps."""

from collections.abc import Collection, Sequence
from typing import Any, Literal

from pydantic import Field

from app.schemas.common import ListedObject
from app.schemas.file_search import CONTENT
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


# Paths of the fields that are sent only if `include[]` asks for them; `[*]` is every list item.
INCLUDABLE = (CONTENT,)


def sent_step(step: RunStep, include: Collection[str] = ()) -> RunStep:
    """Return a step as it is sent to a client.

    Its usage is null until it has ended; `INCLUDABLE` fields are left out unless in `include`.
    """
    values: dict[str, Any] = {}
    if step.status == "in_progress":
        values["usage"] = None
    details = step.step_details
    if details["type"] == "tool_calls":
        for path in INCLUDABLE:
            if path not in include:
                details = _without(details, path.split(".")[1:])
        values["step_details"] = details
    return step.model_copy(update=values) if values else step


def _without(value: dict[str, Any], path: Sequence[str]) -> dict[str, Any]:
    """Return an object without the field at the path."""
    name, *rest = path
    key = name.removesuffix("[*]")
    if key not in value:
        return value
    if not rest:
        return {other: kept for other, kept in value.items() if other != key}
    inner = value[key]
    if key != name:
        return {**value, key: [_without(item, rest) for item in inner]}
    return {**value, key: _without(inner, rest)}
