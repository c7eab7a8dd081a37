"""Ends a run early: failed, cancelled or expired, from any process."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from app.db import messages, runs, steps
from app.db.database import Connection
from app.db.rows import MessageRow, StepRow
from app.db.runs import Ended
from app.domain.clock import now
from app.engine import journal
from app.engine.changes import Changes
from app.engine.claim import ask_late
from app.engine.tally import Tally, found_nothing
from app.schemas.messages import IncompleteDetails
from app.schemas.runs import NO_USAGE, LastError

Ending = Literal["failed", "cancelled", "expired"]

OUR_FAULT = LastError(
    code="server_error",
    message="The server failed while it executed the run. The reason is in the server's log.",
)


@dataclass(frozen=True)
class Unfinished:
    """What an execution has in memory when its run ends early: the message that the model was
    writing, and the step whose calls were being answered, with all that was sent of them."""

    message: MessageRow | None = None
    step: StepRow | None = None


NOTHING = Unfinished()


def end_run(
    connection: Connection,
    run_id: str,
    to: Ending,
    changes: Changes,
    *,
    unfinished: Unfinished = NOTHING,
    last_error: LastError | None = None,
    held_by: str | None = None,
) -> Ended:
    """End the run and its open messages and steps, and add the events to `changes`.

    Raises `StaleRun`.
    """
    moment = now()
    locked = runs.lock(connection, run_id)
    # The question becomes a message even if the run never started.
    ask_late(connection, locked)
    for message in messages.open_of_run(connection, run_id):
        if unfinished.message is not None and unfinished.message.id == message.id:
            message = replace(message, content=unfinished.message.content)
        cut_off = replace(
            message,
            status="incomplete",
            incomplete_at=moment,
            incomplete_details=IncompleteDetails(reason=f"run_{to}"),
        )
        messages.save(connection, cut_off)
        changes.emit("thread.message.incomplete", cut_off)
    of_run = steps.of_run(connection, run_id)
    _end_steps(connection, of_run, to, changes, moment, unfinished.step, last_error)
    tally = Tally.of_steps(of_run)
    values: dict[str, Any] = {
        **tally.columns,
        "usage": tally.spent,
        # Searches that were not answered say nothing.
        "found_nothing": found_nothing(step for step in of_run if step.status == "completed"),
        "required_action": None,
        "question": None,
    }
    if to == "failed":
        values |= {"failed_at": moment, "last_error": last_error, "expires_at": None}
    elif to == "cancelled":
        values["cancelled_at"] = moment
        changes.emit("thread.run.cancelling", locked)
    ended = runs.end(connection, locked, to, held_by=held_by, shares=tally.shares, **values)
    changes.emit(f"thread.run.{to}", ended.run)
    return ended


def _end_steps(
    connection: Connection,
    of_run: Sequence[StepRow],
    to: Ending,
    changes: Changes,
    moment: int,
    unfinished: StepRow | None,
    last_error: LastError | None,
) -> None:
    """End those of the run's steps that are open."""
    for step in of_run:
        if step.status != "in_progress":
            continue
        values: dict[str, Any] = {"usage": step.usage or NO_USAGE, f"{to}_at": moment}
        if unfinished is not None and unfinished.id == step.id:
            values["step_details"] = unfinished.step_details
        if last_error is not None:
            values["last_error"] = _for_step(last_error)
        ended = replace(step, status=to, **values)
        steps.save(connection, ended)
        changes.emit(f"thread.run.step.{to}", ended)


def _for_step(error: LastError) -> LastError:
    # `invalid_prompt` is a code of a run's error, but not of a step's.
    if error.code == "invalid_prompt":
        return error.model_copy(update={"code": "server_error"})
    return error


def end_unheld(
    connection: Connection, run_id: str, to: Ending, last_error: LastError | None = None
) -> Ended:
    """End a run that no process executes, and store the events. Raises `StaleRun`."""
    changes = Changes.of(runs.lock(connection, run_id))
    ended = end_run(connection, run_id, to, changes, last_error=last_error)
    journal.append_unclaimed(connection, run_id, changes.events)
    return ended


def give_up_waiting(connection: Connection, thread_id: str) -> Ended | None:
    """End the thread's first run for a chat behind it, if it waits for its client.

    Who chats speaks on instead of submitting outputs.
    """
    first = runs.active_on(connection, thread_id)
    if first is None or first.status != "requires_action":
        return None
    if runs.lock(connection, first.id).status != "requires_action":
        # Its outputs have come, or it has ended.
        return None
    runs.move(connection, first, "cancelling")
    return end_unheld(connection, first.id, "cancelled")


def make_way_for(connection: Connection, run_id: str) -> Ended | None:
    """Do that for a run that waits in line, if it is a chat."""
    run = runs.find(connection, run_id)
    if run is None or run.status != "queued" or run.question is None:
        return None
    return give_up_waiting(connection, run.thread_id)
