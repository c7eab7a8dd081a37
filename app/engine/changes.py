"""What the model's events did to a run: rows to write, and what to tell, in order."""

import json
from collections.abc import Collection
from typing import Any

from app.db.rows import MessageRow, RunRow, StepRow
from app.schemas.steps import sent_step
from app.wire import EventRow, object_of, step_object

# Made once: `json.dumps` with options makes an encoder for every delta.
_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Changes:
    """A unit of work. Creating and finishing an object within it costs one insert."""

    def __init__(self, *, told: bool, include: Collection[str] = ()) -> None:
        """`told`: whether there are events, to be sent now or later (the run is streamed).

        `include`: what its creator asked for in addition, see `sent_step`.
        """
        self.told = told
        self._include = include
        self.events: list[tuple[str, str]] = []
        self.new_messages: dict[str, MessageRow] = {}
        self.new_steps: dict[str, StepRow] = {}
        self.messages: dict[str, MessageRow] = {}
        self.steps: dict[str, StepRow] = {}
        self.items: list[dict[str, Any]] = []

    @classmethod
    def of(cls, run: RunRow) -> "Changes":
        """Return an empty unit of work, told as the run is."""
        return cls(told=run.streamed, include=run.include)

    @property
    def has_rows(self) -> bool:
        return bool(
            self.new_messages or self.new_steps or self.messages or self.steps or self.items
        )

    def create_message(self, message: MessageRow) -> None:
        self.new_messages[message.id] = message

    def create_step(self, step: StepRow) -> None:
        self.new_steps[step.id] = step

    def save_message(self, message: MessageRow) -> None:
        rows = self.new_messages if message.id in self.new_messages else self.messages
        rows[message.id] = message

    def save_step(self, step: StepRow) -> None:
        rows = self.new_steps if step.id in self.new_steps else self.steps
        rows[step.id] = step

    def tell_call(self, step_id: str, call: dict[str, Any]) -> None:
        """Note a delta of one of a step's tool calls, which has its `index`."""
        details = {"step_details": {"type": "tool_calls", "tool_calls": [call]}}
        self.tell_delta("thread.run.step.delta", step_id, details)

    def tell_delta(self, event: str, object_id: str, delta: dict[str, Any]) -> None:
        self.tell(event, {"id": object_id, "object": event, "delta": delta})

    def tell_created(self, kind: str, row: MessageRow | RunRow | StepRow) -> None:
        """Note that the row was created, and the status that it begins with."""
        if self.told:
            data = self._data(row)
            self.events += [(f"{kind}.created", data), (f"{kind}.{row.status}", data)]

    def tell(self, event: str, what: EventRow | dict[str, Any]) -> None:
        """Note an event with what it says as it stands now."""
        if not self.told:
            return
        data = _to_json(what) if isinstance(what, dict) else self._data(what)
        self.events.append((event, data))

    def _data(self, row: EventRow) -> str:
        if isinstance(row, StepRow):
            return sent_step(step_object(row), self._include).model_dump_json()
        return object_of(row).model_dump_json()
