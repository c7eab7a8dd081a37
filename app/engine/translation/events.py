"""The model's events into changes: the Responses API's stream as Assistants objects."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.core.model import Event
from app.domain.clock import now
from app.domain.ids import new_call_id, new_id
from app.engine.changes import Changes
from app.engine.translation.spoken import SpokenMessage
from app.schemas.messages import IncompleteDetails, Message
from app.schemas.runs import CachedTokens, ReasoningTokens, Run, Usage
from app.schemas.steps import RunStep

# The upstream's reasons, in the words of a message's `incomplete_details`.
_MESSAGE_REASONS = {"max_output_tokens": "max_tokens", "content_filter": "content_filter"}


class Projection:
    """One response of the model, as it comes in, seen as changes to the run.

    A message and its step are completed when the next item begins or the response ends. Only
    then is the usage known, and goes to the last step. So whatever a crash leaves of a response
    that did not end can be told by its steps: they have no usage.
    """

    def __init__(
        self,
        run: Run,
        *,
        told: bool,
        markers: Mapping[str, str] | None = None,
        opened: Callable[[str], dict[str, Any] | None] = lambda _: None,
    ) -> None:
        """`told`: whether anybody is told; `markers`: what the model may cite, by marker;
        `opened` returns a new call's details where its name is a built-in tool's."""
        self._run = run
        self._told = told
        self._markers = markers or {}
        self._opened = opened
        self._handlers: dict[str, Callable[[Event], None]] = {
            "response.output_item.added": self._item_added,
            "response.output_item.done": self._item_done,
            "response.output_text.delta": self._text_delta,
            "response.refusal.delta": self._refusal_delta,
            "response.function_call_arguments.delta": self._arguments_delta,
            "response.completed": self._ended,
            "response.incomplete": self._ended,
        }
        self._steps: list[RunStep] = []
        self.tool_step: RunStep | None = None
        self._calls: dict[int, _Call] = {}
        self._spoken: SpokenMessage | None = None
        self._message_index = 0
        self._added: set[int] = set()
        self._done: set[int] = set()
        self.changes = Changes(told=told)
        self.items: list[dict[str, Any]] = []
        self.usage = Usage()
        self.ended = False
        self.incomplete_reason: str | None = None

    @property
    def message(self) -> Message | None:
        """The last message that the model began."""
        return self._spoken.message if self._spoken else None

    def apply(self, event: Event) -> None:
        handler = self._handlers.get(event["type"])
        if handler is not None:
            handler(event)

    def release(self) -> None:
        """Say what was held back for more, where no more will come."""
        if self._open is not None:
            self._open.finish()

    def take_changes(self) -> Changes:
        """Return what has come together since the last time."""
        taken, self.changes = self.changes, Changes(told=self._told)
        return taken

    # Items

    def _item_added(self, event: Event) -> None:
        item, index = event["item"], event.get("output_index", 0)
        self._added.add(index)
        if item["type"] == "message":
            self._open_message(index)
        elif item["type"] == "function_call":
            self._open_call(item, index)

    def _item_done(self, event: Event) -> None:
        item, index = event["item"], event.get("output_index", 0)
        self._done.add(index)
        if index not in self._added:
            self._item_added(event)
        if item["type"] == "message":
            self._settle_message(item, index)
        elif item["type"] == "function_call":
            self._settle_call(item, index)
        self.items.append(item)

    # Messages

    def _open_message(self, index: int) -> SpokenMessage:
        self._complete_message()
        moment, run = now(), self._run
        message = Message(
            id=new_id("message"),
            created_at=moment,
            assistant_id=run.assistant_id,
            thread_id=run.thread_id,
            run_id=run.id,
            role="assistant",
            content=[],
            status="in_progress",
        )
        creation = {"message_id": message.id}
        self._open_step("message_creation", {"message_creation": creation}, moment)
        self.changes.create_message(message)
        self.changes.tell("thread.message.created", message)
        self.changes.tell("thread.message.in_progress", message)
        self._message_index = index
        self._spoken = SpokenMessage(message, self._markers, self._tell_message)
        return self._spoken

    def _text_delta(self, event: Event) -> None:
        self._add_delta(event, "text")

    def _refusal_delta(self, event: Event) -> None:
        self._add_delta(event, "refusal")

    def _add_delta(self, event: Event, kind: str) -> None:
        spoken, index = self._open, event.get("output_index", 0)
        if spoken is None:
            self._added.add(index)
            spoken = self._open_message(index)
        spoken.add(event.get("content_index", 0), kind, event["delta"])

    @property
    def _open(self) -> SpokenMessage | None:
        spoken = self._spoken
        return spoken if spoken and spoken.message.status == "in_progress" else None

    def _settle_message(self, item: dict[str, Any], index: int) -> None:
        spoken = self._open
        if spoken is not None and index == self._message_index:
            spoken.settle(item)

    def _complete_message(self) -> None:
        spoken = self._open
        if spoken is not None:
            spoken.finish()
            message = spoken.message
            message.status, message.completed_at = "completed", now()
            self.changes.save_message(message)
            self.changes.tell("thread.message.completed", message)

    def _tell_message(self, message_id: str, delta: dict[str, Any]) -> None:
        self._tell_delta("thread.message.delta", message_id, delta)

    def _break_off_message(self, reason: str) -> None:
        spoken = self._open
        if spoken is not None:
            spoken.finish()
            message = spoken.message
            message.status, message.incomplete_at = "incomplete", now()
            message.incomplete_details = IncompleteDetails(reason=reason)
            self.changes.save_message(message)
            self.changes.tell("thread.message.incomplete", message)

    # Function calls

    def _open_call(self, item: dict[str, Any], index: int) -> None:
        if self.tool_step is None:
            self.tool_step = self._open_step("tool_calls", {"tool_calls": []}, now())
        calls = self.tool_step.step_details["tool_calls"]
        function = {"name": item["name"], "arguments": "", "output": None}
        details = self._opened(item["name"])
        call_id = item.get("call_id") or new_call_id()
        told = {"id": call_id, **(details or {"type": "function", "function": function})}
        self._tell_call({"index": len(calls), **told})
        self._calls[index] = _Call(len(calls), told)
        calls.append(told)
        # A server that sends the arguments at once may already have them here.
        self._add_arguments(self._calls[index], item.get("arguments") or "")

    def _arguments_delta(self, event: Event) -> None:
        call = self._calls.get(event.get("output_index", 0))
        if call is not None:
            self._add_arguments(call, event["delta"])

    def _add_arguments(self, call: "_Call", delta: str) -> None:
        call.arguments += delta
        if delta and call.told["type"] == "function":
            call.told["function"]["arguments"] += delta
            function = {"arguments": delta}
            self._tell_call({"index": call.place, "type": "function", "function": function})

    def _settle_call(self, item: dict[str, Any], index: int) -> None:
        call, whole = self._calls[index], item.get("arguments") or ""
        if whole.startswith(call.arguments):
            self._add_arguments(call, whole[len(call.arguments) :])
        item["call_id"], item["arguments"] = call.told["id"], call.arguments

    def _tell_call(self, call: dict[str, Any]) -> None:
        if self.tool_step is not None:
            delta = {"step_details": {"type": "tool_calls", "tool_calls": [call]}}
            self._tell_delta("thread.run.step.delta", self.tool_step.id, delta)

    # Steps and the end

    def _open_step(self, kind: Any, details: dict[str, Any], moment: int) -> RunStep:
        if self._message_index in self._done:
            self._complete_message()
            self._complete_message_steps()
        run = self._run
        step = RunStep(
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
        self._steps.append(step)
        self.changes.create_step(step)
        self.changes.tell("thread.run.step.created", step)
        self.changes.tell("thread.run.step.in_progress", step)
        return step

    def _ended(self, event: Event) -> None:
        response = event["response"]
        for index, item in enumerate(response.get("output") or []):
            if index not in self._done:
                self._item_done({"item": item, "output_index": index})
        self.ended = True
        self.usage = usage_of(response)
        if event["type"] == "response.incomplete":
            reason = (response.get("incomplete_details") or {}).get("reason")
            self.incomplete_reason = reason or "max_output_tokens"
            self._break_off_message(_MESSAGE_REASONS.get(self.incomplete_reason, "max_tokens"))
        else:
            self._complete_message()
        self._end_steps()

    def _complete_message_steps(self) -> None:
        """Complete the steps that wait for nobody: OpenAI's helpers know one open at a time."""
        for step in self._steps:
            if step.status == "in_progress" and step is not self.tool_step:
                self._complete_step(step)

    def _complete_step(self, step: RunStep) -> None:
        step.status, step.completed_at = "completed", now()
        self.changes.save_step(step)
        told = step if step.usage else step.model_copy(update={"usage": Usage()})
        self.changes.tell("thread.run.step.completed", told)

    def _end_steps(self) -> None:
        """Give the steps their usage and complete them; one with calls waits for their outputs."""
        for step in self._steps:
            step.usage = self.usage if step is self._steps[-1] else Usage()
            self.changes.save_step(step)
        if self.incomplete_reason == "content_filter":
            return
        self._complete_message_steps()
        if self.tool_step is not None and self.incomplete_reason is not None:
            self._complete_step(self.tool_step)

    def _tell_delta(self, event: str, object_id: str, delta: dict[str, Any]) -> None:
        self.changes.tell(event, {"id": object_id, "object": event, "delta": delta})


@dataclass
class _Call:
    """A call that comes in: its place in the step, what the step tells of it, its arguments."""

    place: int
    told: dict[str, Any]
    arguments: str = ""


def usage_of(response: dict[str, Any]) -> Usage:
    """Return a response's usage in the words of the Assistants API."""
    usage = response.get("usage") or {}
    cached = (usage.get("input_tokens_details") or {}).get("cached_tokens") or 0
    reasoning = (usage.get("output_tokens_details") or {}).get("reasoning_tokens") or 0
    prompt, completion = usage.get("input_tokens") or 0, usage.get("output_tokens") or 0
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        total_tokens=usage.get("total_tokens") or prompt + completion,
        prompt_token_details=CachedTokens(cached_tokens=cached),
        completion_tokens_details=ReasoningTokens(reasoning_tokens=reasoning),
    )
