"""Turns rows into the objects that a client is sent. Pure, and the only place that does it.

The engine sends objects as events and the services return them, so it stands below both; it names
rows and schemas, so it stands above the database. An object takes the fields that its schema has,
by their names: what else a row holds never leaves the server.
"""

from collections.abc import Callable
from typing import Any

from app.db.rows import AssistantRow, MessageRow, RunRow, StepRow, ThreadRow
from app.schemas.assistants import Assistant
from app.schemas.common import WireObject
from app.schemas.messages import Message
from app.schemas.runs import Run
from app.schemas.steps import RunStep
from app.schemas.threads import ListedThread, Thread


def assistant_object(row: AssistantRow) -> Assistant:
    return Assistant.model_validate(row, from_attributes=True)


def thread_object(row: ThreadRow) -> Thread:
    return Thread.model_validate(row, from_attributes=True)


def listed_thread_object(row: ThreadRow, preview: str | None) -> ListedThread:
    return ListedThread(**thread_object(row).model_dump(), preview=preview)


def message_object(row: MessageRow) -> Message:
    return Message.model_validate(row, from_attributes=True)


def run_object(row: RunRow) -> Run:
    return Run.model_validate(row, from_attributes=True)


def step_object(row: StepRow) -> RunStep:
    return RunStep.model_validate(row, from_attributes=True)


# What events tell of.
EventRow = ThreadRow | MessageRow | RunRow | StepRow
_MADE: dict[type, Callable[[Any], WireObject]] = {
    ThreadRow: thread_object,
    MessageRow: message_object,
    RunRow: run_object,
    StepRow: step_object,
}


def object_of(row: EventRow) -> WireObject:
    """Return the object of any row that an event tells of."""
    return _MADE[type(row)](row)
