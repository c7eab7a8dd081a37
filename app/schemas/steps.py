"""Run steps on the wire."""

from typing import Any, Literal

from pydantic import Field

from app.schemas.common import ListedObject
from app.schemas.runs import LastError, Usage

StepStatus = Literal["in_progress", "cancelled", "failed", "completed", "expired"]


class RunStep(ListedObject):
    """`usage` is null until the step has ended."""

    object: Literal["thread.run.step"] = "thread.run.step"
    created_at: int
    run_id: str
    assistant_id: str
    thread_id: str
    type: Literal["message_creation", "tool_calls"]
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
