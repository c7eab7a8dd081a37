"""The rows that the model's answers begin with."""

from typing import Any

from app.db.rows import MessageRow, RunRow, StepRow
from app.domain.clock import now
from app.domain.ids import new_id
from app.schemas.steps import StepType


def new_message(run: RunRow) -> MessageRow:
    """Return an empty message of the assistant."""
    return MessageRow(
        id=new_id("message"),
        created_at=max(now(), run.created_at),
        assistant_id=run.assistant_id,
        thread_id=run.thread_id,
        run_id=run.id,
        role="assistant",
        content=[],
        status="in_progress",
    )


def new_step(run: RunRow, kind: StepType, details: dict[str, Any], moment: int) -> StepRow:
    """Return a step that begins at `moment` (Unix time)."""
    return StepRow(
        id=new_id("step"),
        created_at=moment,
        run_id=run.id,
        assistant_id=run.assistant_id,
        thread_id=run.thread_id,
        type=kind,
        status="in_progress",
        expires_at=run.expires_at,
        step_details={"type": kind, **details},
    )
