"""What the model's events did to a run: rows to write, and what to tell, in order."""

import json
from typing import Any

from app.db.runs import StoredRun
from app.schemas.common import WireObject
from app.schemas.messages import Message
from app.schemas.steps import RunStep, told_step

# Made once: `json.dumps` with options makes an encoder for every delta.
_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Changes:
    """A unit of work. Creating and finishing an object within it costs one insert."""

    def __init__(self, *, told: bool, with_content: bool = False) -> None:
        """`told`: whether anybody is to be told, now or later (the run is streamed).

        `with_content`: whether steps are told with the text of what searches found.
        """
        self.told = told
        self._with_content = with_content
        self.events: list[tuple[str, str]] = []
        self.new_messages: dict[str, Message] = {}
        self.new_steps: dict[str, RunStep] = {}
        self.messages: dict[str, Message] = {}
        self.steps: dict[str, RunStep] = {}
        self.items: list[dict[str, Any]] = []

    @classmethod
    def of(cls, run: StoredRun) -> "Changes":
        """Return an empty unit of work, told as the run is."""
        return cls(told=run.streamed, with_content=run.include_content)

    @property
    def has_rows(self) -> bool:
        return bool(
            self.new_messages or self.new_steps or self.messages or self.steps or self.items
        )

    def create_message(self, message: Message) -> None:
        self.new_messages[message.id] = message

    def create_step(self, step: RunStep) -> None:
        self.new_steps[step.id] = step

    def save_message(self, message: Message) -> None:
        if message.id not in self.new_messages:
            self.messages[message.id] = message

    def save_step(self, step: RunStep) -> None:
        if step.id not in self.new_steps:
            self.steps[step.id] = step

    def tell_call(self, step_id: str, call: dict[str, Any]) -> None:
        """Note a delta of one of a step's tool calls, which has its `index`."""
        details = {"step_details": {"type": "tool_calls", "tool_calls": [call]}}
        self.tell_delta("thread.run.step.delta", step_id, details)

    def tell_delta(self, event: str, object_id: str, delta: dict[str, Any]) -> None:
        self.tell(event, {"id": object_id, "object": event, "delta": delta})

    def tell(self, event: str, what: WireObject | dict[str, Any]) -> None:
        """Note an event with what it says as it stands now."""
        if not self.told:
            return
        if isinstance(what, RunStep):
            what = told_step(what, with_content=self._with_content)
        data = what.model_dump_json() if isinstance(what, WireObject) else _to_json(what)
        self.events.append((event, data))
