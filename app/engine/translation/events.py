"""Translates the Responses API's events into changes of Assistants objects."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from app.core.model import Event
from app.core.upstream import Target
from app.db.rows import Answered, MessageRow, RunRow, StepRow
from app.domain.clock import now
from app.engine.changes import Changes
from app.engine.tally import answered_by
from app.engine.tools.toolbox import RunTools
from app.engine.translation.new_rows import new_message, new_step
from app.engine.translation.places import ItemPlaces
from app.engine.translation.received import (
    content_index,
    incomplete_reason,
    item_of,
    output_of,
    part_kind,
    piece_of,
    response_of,
    tidied,
)
from app.engine.translation.streamed_calls import StreamedCalls
from app.engine.translation.streamed_message import StreamedMessage
from app.engine.translation.usage import usage_of
from app.schemas.messages import IncompleteDetails, MessageStatus
from app.schemas.runs import NO_USAGE

# The upstream's reasons, and the reasons of a message's `incomplete_details`.
_MESSAGE_REASONS = {"max_output_tokens": "max_tokens", "content_filter": "content_filter"}


class Projection:
    """One response of the model, as it arrives, as changes to the run.

    A message and its step are completed when the next item begins or the response ends. The usage
    is only known at the end, and is stored in the last step. So after a crash the steps of an
    unfinished response can be recognised: they have no usage.
    """

    def __init__(
        self,
        run: RunRow,
        *,
        tools: RunTools,
        streamed: bool,
        cut_from: int | None = None,
        target: Target | None = None,
    ) -> None:
        """`tools` are the run's; `streamed`: whether events are collected; `target` answers.

        An answer of `cut_from` tokens or more was cut off, even if the upstream doesn't say so.
        """
        self._run = run
        self._tools = tools
        self._cut_from = cut_from
        self.target = target
        self._steps: dict[str, StepRow] = {}
        self.tool_step: StepRow | None = None
        self._current: StreamedMessage | None = None
        self._message_place = -1
        self._places = ItemPlaces()
        self._items: dict[int, dict[str, Any]] = {}
        self.changes = Changes(streamed=streamed)
        self._calls = StreamedCalls(tools.draft, self.changes)
        self.usage = NO_USAGE
        self.answered: Answered | None = None
        self.ended = False
        self.incomplete_reason: str | None = None

    @property
    def began(self) -> bool:
        """Whether the answer has a message or a call so far."""
        return bool(self._steps)

    @property
    def items(self) -> list[dict[str, Any]]:
        """The items that have been finished, in order."""
        return list(self._items.values())

    @property
    def message(self) -> MessageRow | None:
        """The last message that the model began."""
        return self._current.message if self._current else None

    @property
    def has_text(self) -> bool:
        """Whether a text of the answer has begun."""
        return self._current is not None and self._current.has_text

    def apply(self, event: Event) -> None:
        handler = _HANDLERS.get(event["type"])
        if handler is not None:
            handler(self, event)

    def release(self) -> None:
        """Send the text that was held back, because no more text will come."""
        if self._open is not None:
            self._open.finish()

    def _item_added(self, event: Event) -> None:
        item = item_of(event)
        # A call without a name is shown once it has one.
        if item["type"] != "function_call" or item["name"]:
            self._begin(event, item)

    def _begin(self, event: Event, item: dict[str, Any]) -> int:
        place = self._places.open(event, item)
        if item["type"] == "message":
            self._open_message(place)
        elif item["type"] == "function_call":
            self._open_call(item, place)
        return place

    def _item_done(self, event: Event) -> None:
        item = item_of(event)
        place = self._places.find(event, item["type"])
        self._settle(item, self._begin(event, item) if place is None else place)

    def _settle(self, item: dict[str, Any], place: int) -> None:
        self._places.finish(place)
        if item["type"] == "message":
            self._settle_message(item, place)
        elif item["type"] == "function_call":
            self._calls.settle(item, place)
        self._items[place] = item

    # Messages

    def _open_message(self, place: int) -> StreamedMessage:
        self._complete_message()
        message = new_message(self._run)
        creation = {"message_id": message.id}
        self._open_step("message_creation", {"message_creation": creation}, message.created_at)
        self.changes.create_message(message)
        self.changes.emit_created("thread.message", message)
        self._message_place = place
        self._current = StreamedMessage(message, self._tools.annotations, self.changes)
        self._current.begin_with(self._tools.take_message_parts())
        return self._current

    def _text_delta(self, event: Event) -> None:
        self._message_of(event).add(content_index(event), part_kind(event), piece_of(event))

    def _text_done(self, event: Event) -> None:
        current, kind = self._open or self._message_of(event), part_kind(event)
        current.add_rest(content_index(event), kind, piece_of(event, kind))

    def _message_of(self, event: Event) -> StreamedMessage:
        """Return the open message; if no event has announced it, it begins now."""
        current = self._open
        if current is None or self._places.find(event, "message") is None:
            current = self._open_message(self._places.open(event, {"type": "message"}))
        return current

    @property
    def _open(self) -> StreamedMessage | None:
        current = self._current
        return current if current and current.message.status == "in_progress" else None

    def _settle_message(self, item: dict[str, Any], place: int) -> None:
        current = self._open
        if current is not None and place == self._message_place:
            current.settle(item)

    def _complete_message(self) -> None:
        self._end_message("completed", completed_at=now())

    def _cut_off_message(self, reason: str) -> None:
        details = IncompleteDetails(reason=reason)
        self._end_message("incomplete", incomplete_at=now(), incomplete_details=details)

    def _end_message(self, status: MessageStatus, **values: Any) -> None:
        current = self._open
        if current is not None:
            current.finish()
            current.message = replace(current.message, status=status, **values)
            self.changes.save_message(current.message)
            self.changes.emit(f"thread.message.{status}", current.message)

    # Function calls

    def _open_call(self, item: dict[str, Any], place: int) -> None:
        if self.tool_step is None:
            self.tool_step = self._open_step("tool_calls", {"tool_calls": []}, now())
        self._calls.open(item, place, self.tool_step)

    def _arguments_delta(self, event: Event) -> None:
        self._calls.add(self._places.find(event, "function_call"), piece_of(event))

    def _arguments_done(self, event: Event) -> None:
        place = self._places.find(event, "function_call")
        self._calls.add_rest(place, piece_of(event, "arguments"))

    # Steps and the end

    def _open_step(self, kind: Any, details: dict[str, Any], moment: int) -> StepRow:
        if self._places.is_done(self._message_place):
            self._complete_message()
            self._complete_message_steps()
        step = new_step(self._run, kind, details, moment)
        self._steps[step.id] = step
        self.changes.create_step(step)
        self.changes.emit_created("thread.run.step", step)
        return step

    def _ended(self, event: Event) -> None:
        response = response_of(event)
        self._take_output(output_of(response))
        self.ended = True
        self.usage = usage_of(response)
        self.answered = answered_by(self.target, self.usage) if self.target else None
        limit, tokens = self._cut_from, self.usage.completion_tokens
        self.incomplete_reason = incomplete_reason(event, cut=limit is not None and tokens >= limit)
        if self.incomplete_reason is not None:
            self._cut_off_message(_MESSAGE_REASONS.get(self.incomplete_reason, "max_tokens"))
        else:
            self._complete_message()
        self._end_steps()

    def _take_output(self, output: list[dict[str, Any]]) -> None:
        """Add the items of the whole response that no event contained, and finish the others."""
        order = []
        for item, place in zip(output, self._places.of_output(output), strict=True):
            if place is None:
                place = self._begin({"item": item}, item)
            if not self._places.is_done(place):
                self._settle(item, place)
            order.append(place)
        # Some upstreams leave out items that they have streamed.
        for place, kind in self._places.unfinished():
            received = (
                self._current.received if self._current and place == self._message_place else []
            )
            self._settle(tidied({"type": kind, "content": received}), place)
        if len(order) < len(self._items):
            order = sorted(self._items)
        self._items = {place: self._items[place] for place in order}

    def _complete_message_steps(self) -> None:
        """Complete the steps without calls: OpenAI's stream helpers expect at most one open."""
        for step in [*self._steps.values()]:
            if step.status == "in_progress" and step is not self.tool_step:
                self._complete_step(step)

    def _complete_step(self, step: StepRow) -> None:
        completed = replace(step, status="completed", completed_at=now())
        self._save_step(completed)
        shown = completed if completed.usage else replace(completed, usage=NO_USAGE)
        self.changes.emit("thread.run.step.completed", shown)

    def _save_step(self, step: StepRow) -> None:
        self._steps[step.id] = step
        if self.tool_step is not None and self.tool_step.id == step.id:
            self.tool_step = step
        self.changes.save_step(step)

    def _end_steps(self) -> None:
        """Set the steps' usage and complete them; a step with calls waits for their outputs."""
        steps = [*self._steps.values()]
        for step in steps[:-1]:
            self._save_step(replace(step, usage=NO_USAGE))
        for step in steps[-1:]:
            self._save_step(replace(step, usage=self.usage, answered=self.answered))
        if self.incomplete_reason == "content_filter":
            return
        self._complete_message_steps()
        if self.tool_step is not None and self.incomplete_reason is not None:
            self._complete_step(self.tool_step)


# Of the class: a table of an object's own methods would be a cycle, left to the garbage collector.
_HANDLERS: dict[str, Callable[[Projection, Event], None]] = {
    "response.output_item.added": Projection._item_added,
    "response.output_item.done": Projection._item_done,
    "response.output_text.delta": Projection._text_delta,
    "response.output_text.done": Projection._text_done,
    "response.refusal.delta": Projection._text_delta,
    "response.refusal.done": Projection._text_done,
    "response.function_call_arguments.delta": Projection._arguments_delta,
    "response.function_call_arguments.done": Projection._arguments_done,
    "response.completed": Projection._ended,
    "response.incomplete": Projection._ended,
}
