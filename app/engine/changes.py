"""What the model's events changed in a run: rows to write and events to send, in order."""

import json
from collections.abc import Collection
from typing import Any

from app.db.rows import MessageRow, RunRow, StepRow
from app.schemas.steps import sent_step
from app.storage.file_writer import NewThreadFile
from app.wire import EventRow, object_of, step_object

# One encoder for all: `json.dumps` with options would create one for every delta.
_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
# Nearly all events of an answer: what is the same in all of them is not encoded each time.
_BEFORE_TEXT = '"type":"text","text":{"value":'
_AFTER_TEXT = "}}]}}"
_TEXT_DELTA = (
    '{"id":"%s","object":"thread.message.delta",'
    '"delta":{"content":[{"index":%d,' + _BEFORE_TEXT + "%s" + _AFTER_TEXT
)


def text_of(delta: str) -> str | None:
    """Return the text of a delta that `emit_text` made, as it is there: JSON with its quotes.

    None for any other event's data. A chat's readers get nothing else of a delta, so that it need
    not be parsed for them.
    """
    _, before, rest = delta.partition(_BEFORE_TEXT)
    is_text = before and rest.startswith('"') and rest.endswith(f'"{_AFTER_TEXT}')
    return rest[: -len(_AFTER_TEXT)] if is_text else None


class Changes:
    """A unit of work. An object that is created and finished within it costs one insert."""

    def __init__(self, *, streamed: bool, include: Collection[str] = ()) -> None:
        """`streamed`: whether events are collected.

        `include`: the optional fields that the run's creator asked for; see `sent_step`.
        """
        self.streamed = streamed
        self._include = include
        self._begin()

    def _begin(self) -> None:
        self.events: list[tuple[str, str]] = []
        self.new_messages: dict[str, MessageRow] = {}
        self.new_steps: dict[str, StepRow] = {}
        self.messages: dict[str, MessageRow] = {}
        self.steps: dict[str, StepRow] = {}
        self.items: list[dict[str, Any]] = []
        self.files: list[NewThreadFile] = []

    @classmethod
    def of(cls, run: RunRow) -> "Changes":
        """Return an empty unit of work that collects events if the run is streamed."""
        return cls(streamed=run.streamed, include=run.include)

    def take(self) -> "Changes":
        """Return what was collected so far as a unit of its own, and begin the next one."""
        taken = Changes.__new__(Changes)
        taken.__dict__.update(self.__dict__)
        self._begin()
        return taken

    def take_events(self) -> list[tuple[str, str]]:
        """Do the same if there are only events, as with each piece of an answer's text."""
        events, self.events = self.events, []
        return events

    @property
    def has_rows(self) -> bool:
        return bool(
            self.new_messages
            or self.new_steps
            or self.messages
            or self.steps
            or self.items
            or self.files
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

    def emit_call(self, step_id: str, call: dict[str, Any]) -> None:
        """Add a delta of one of a step's tool calls; `call` includes its `index`."""
        details = {"step_details": {"type": "tool_calls", "tool_calls": [call]}}
        self.emit_delta("thread.run.step.delta", step_id, details)

    def emit_text(self, message_id: str, place: int, piece: str) -> None:
        """Add a delta of a message's text; `place` is that of its part."""
        if self.streamed:
            data = _TEXT_DELTA % (message_id, place, _to_json(piece))
            self.events.append(("thread.message.delta", data))

    def emit_delta(self, event: str, object_id: str, delta: dict[str, Any]) -> None:
        self.emit(event, {"id": object_id, "object": event, "delta": delta})

    def emit_created(self, kind: str, row: MessageRow | RunRow | StepRow) -> None:
        """Add the event of the row's creation and the one of its first status."""
        if self.streamed:
            data = self._data(row)
            self.events += [(f"{kind}.created", data), (f"{kind}.{row.status}", data)]

    def emit(self, event: str, what: EventRow | dict[str, Any]) -> None:
        """Add an event; its data is serialised now."""
        if not self.streamed:
            return
        data = _to_json(what) if isinstance(what, dict) else self._data(what)
        self.events.append((event, data))

    def _data(self, row: EventRow) -> str:
        if isinstance(row, StepRow):
            return sent_step(step_object(row), self._include).model_dump_json()
        return object_of(row).model_dump_json()
