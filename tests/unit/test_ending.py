"""Ending a run early: its row, what it has open, and the events sent."""

from dataclasses import replace
from typing import Any

import pytest

from app.db import messages, runs, steps
from app.db.rows import MessageRow, StepRow
from app.domain.errors import StaleRun
from app.domain.ids import new_id
from app.engine import journal
from app.engine.changes import Changes
from app.engine.ending import Unfinished, end_run, end_unheld
from app.schemas.messages import text_part
from app.schemas.runs import LastError, Usage
from tests.support.rows import insert_run

ERROR = LastError(code="invalid_prompt", message="Not that.")


def step_row(run: Any, kind: Any, status: Any, details: dict[str, Any], usage: Usage | None = None):
    return StepRow(
        id=new_id("step"),
        created_at=run.created_at,
        run_id=run.id,
        assistant_id=run.assistant_id,
        thread_id=run.thread_id,
        type=kind,
        status=status,
        step_details={"type": kind, **details},
        usage=usage,
    )


@pytest.fixture
def run(rows):
    """A run in its second round, in the middle of a message."""
    run = insert_run(rows, "in_progress", worker_id="worker_a", streamed=True)
    done = step_row(
        run,
        "tool_calls",
        "completed",
        {"tool_calls": []},
        Usage(prompt_tokens=2, completion_tokens=3, total_tokens=5),
    )
    message = MessageRow(
        id=new_id("message"),
        created_at=run.created_at,
        thread_id=run.thread_id,
        run_id=run.id,
        role="assistant",
        content=[],
        status="in_progress",
    )
    creation = {"message_creation": {"message_id": message.id}}
    steps.create(rows, done, step_row(run, "message_creation", "in_progress", creation))
    messages.create(rows, message)
    return run


def of_run(rows, run) -> tuple[MessageRow, StepRow, StepRow]:
    message = messages.last_of_run(rows, run.id)
    first, second = steps.of_run(rows, run.id)
    assert message is not None
    return message, first, second


@pytest.mark.parametrize(
    ("to", "moment", "error"),
    [("failed", "failed_at", ERROR), ("expired", None, None)],
)
def test_a_run_ends_with_all_it_has_open(rows, run, to, moment, error):
    ended, _ = end_run(rows, run.id, to, Changes(streamed=True), last_error=error)
    assert ended == runs.find(rows, run.id)
    assert (ended.status, ended.last_error, ended.required_action) == (to, error, None)
    assert moment is None or getattr(ended, moment) is not None
    assert ended.usage is not None and ended.usage.total_tokens == 5
    message, first, second = of_run(rows, run)
    assert (message.status, message.completed_at) == ("incomplete", None)
    assert message.incomplete_at is not None and message.incomplete_details is not None
    assert message.incomplete_details.reason == f"run_{to}"
    assert (first.status, second.status) == ("completed", to)
    assert getattr(second, f"{to}_at") is not None


def test_a_steps_error_knows_one_code_fewer(rows, run):
    end_run(rows, run.id, "failed", Changes(streamed=True), last_error=ERROR)
    _, first, second = of_run(rows, run)
    assert first.last_error is None
    assert second.last_error == LastError(code="server_error", message="Not that.")


def test_a_cancel_ends_what_was_asked_to_end(rows, run):
    with pytest.raises(StaleRun):
        end_run(rows, run.id, "cancelled", Changes(streamed=True))
    runs.move(rows, run, "cancelling")
    ended, _ = end_run(rows, run.id, "cancelled", Changes(streamed=True))
    assert ended.status == "cancelled" and ended.cancelled_at is not None


def test_the_words_that_were_said_are_kept(rows, run):
    message, _, _ = of_run(rows, run)
    unfinished = Unfinished(replace(message, content=[text_part("Half an")]))
    end_run(rows, run.id, "expired", Changes(streamed=True), unfinished=unfinished)
    assert of_run(rows, run)[0].content == [text_part("Half an")]


@pytest.mark.parametrize("streamed", [True, False])
def test_events_are_sent_in_order(rows, run, streamed):
    changes = Changes(streamed=streamed)
    end_run(rows, run.id, "failed", changes, last_error=ERROR)
    assert [name for name, _ in changes.events] == streamed * [
        "thread.message.incomplete",
        "thread.run.step.failed",
        "thread.run.failed",
    ]


def test_only_the_worker_of_a_run_ends_it(rows, run):
    with pytest.raises(StaleRun):
        end_run(rows, run.id, "failed", Changes(streamed=True), held_by="worker_b")
    ended, _ = end_run(rows, run.id, "failed", Changes(streamed=True), held_by="worker_a")
    assert ended.status == "failed"
    with pytest.raises(StaleRun):
        end_run(rows, run.id, "expired", Changes(streamed=True))


def test_what_an_unheld_run_tells_is_kept_for_its_readers(rows, run):
    runs.move(rows, run, "cancelling")
    end_unheld(rows, run.id, "cancelled")
    kept = journal.kept_after(rows, run.id, 0).frames
    assert [frame.id for frame in kept] == [1, 2, 3, 4]
    assert [frame.event for frame in kept] == [
        "thread.message.incomplete",
        "thread.run.step.cancelled",
        "thread.run.cancelling",
        "thread.run.cancelled",
    ]
    assert journal.kept_after(rows, run.id, 3).frames == kept[3:]


def test_a_run_that_is_gone_can_not_be_ended(rows):
    with pytest.raises(StaleRun):
        end_unheld(rows, "run_none", "expired")
