"""The model's events into changes: the Responses API's stream as Assistants objects."""

from collections.abc import Callable
from typing import Any

from app.core.model import Event
from app.domain.clock import now
from app.domain.ids import new_call_id, new_id
from app.engine.changes import Changes
from app.schemas.messages import IncompleteDetails, Message, text_part
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

    def __init__(self, run: Run, *, told: bool) -> None:
        self._run = run
        self._told = told
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
        self._calls: dict[int, dict[str, Any]] = {}
        self._parts: dict[int, int] = {}
        self._message_index = 0
        self._added: set[int] = set()
        self._done: set[int] = set()
        self.changes = Changes(told=told)
        self.message: Message | None = None
        self.items: list[dict[str, Any]] = []
        self.usage = Usage()
        self.ended = False
        self.incomplete_reason: str | None = None

    def apply(self, event: Event) -> None:
        handler = self._handlers.get(event["type"])
        if handler is not None:
            handler(event)

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

    def _open_message(self, index: int) -> Message:
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
        self.message, self._message_index, self._parts = message, index, {}
        return message

    def _text_delta(self, event: Event) -> None:
        self._add_delta(event, "text")

    def _refusal_delta(self, event: Event) -> None:
        self._add_delta(event, "refusal")

    def _add_delta(self, event: Event, kind: str) -> None:
        message, index = self._open, event.get("output_index", 0)
        if message is None:
            self._added.add(index)
            message = self._open_message(index)
        self._add_text(message, event.get("content_index", 0), kind, event["delta"])

    def _add_text(self, message: Message, content_index: int, kind: str, delta: str) -> None:
        place = self._parts.get(content_index)
        is_new = place is None
        if place is None:
            place = self._parts[content_index] = len(message.content)
            empty = text_part("") if kind == "text" else {"type": "refusal", "refusal": ""}
            message.content.append(empty)
        part = message.content[place]
        told: dict[str, Any] = {"index": place, "type": part["type"]}
        if part["type"] == "text":
            part["text"]["value"] += delta
            told["text"] = {"value": delta, "annotations": []} if is_new else {"value": delta}
        else:
            part["refusal"] += delta
            told["refusal"] = delta
        self._tell_delta("thread.message.delta", message.id, {"content": [told]})

    @property
    def _open(self) -> Message | None:
        message = self.message
        return message if message is not None and message.status == "in_progress" else None

    def _settle_message(self, item: dict[str, Any], index: int) -> None:
        """Add what the finished item holds and no delta has brought."""
        message = self._open
        if message is None or index != self._message_index:
            return
        for place, part in enumerate(item.get("content") or []):
            kind = "refusal" if part["type"] == "refusal" else "text"
            whole, so_far = part.get(kind) or "", self._text_so_far(message, place)
            if so_far is None:
                self._add_text(message, place, kind, whole)
            elif len(whole) > len(so_far) and whole.startswith(so_far):
                self._add_text(message, place, kind, whole[len(so_far) :])

    def _text_so_far(self, message: Message, content_index: int) -> str | None:
        place = self._parts.get(content_index)
        if place is None:
            return None
        part = message.content[place]
        text: str = part["text"]["value"] if part["type"] == "text" else part["refusal"]
        return text

    def _complete_message(self) -> None:
        message = self._open
        if message is not None:
            message.status, message.completed_at = "completed", now()
            self.changes.save_message(message)
            self.changes.tell("thread.message.completed", message)

    def _break_off_message(self, reason: str) -> None:
        message = self._open
        if message is not None:
            message.status, message.incomplete_at = "incomplete", now()
            message.incomplete_details = IncompleteDetails(reason=reason)
            self.changes.save_message(message)
            self.changes.tell("thread.message.incomplete", message)

    # Function calls

    def _open_call(self, item: dict[str, Any], index: int) -> None:
        if self.tool_step is None:
            self.tool_step = self._open_step("tool_calls", {"tool_calls": []}, now())
        calls = self.tool_step.step_details["tool_calls"]
        call = {
            "id": item.get("call_id") or new_call_id(),
            "type": "function",
            "function": {"name": item["name"], "arguments": "", "output": None},
        }
        self._tell_call({"index": len(calls), **call})
        calls.append(call)
        self._calls[index] = call
        # A server that sends the arguments at once may already have them here.
        self._add_arguments(call, item.get("arguments") or "")

    def _arguments_delta(self, event: Event) -> None:
        call = self._calls.get(event.get("output_index", 0))
        if call is not None:
            self._add_arguments(call, event["delta"])

    def _add_arguments(self, call: dict[str, Any], delta: str) -> None:
        if delta and self.tool_step is not None:
            call["function"]["arguments"] += delta
            index = self.tool_step.step_details["tool_calls"].index(call)
            self._tell_call({"index": index, "type": "function", "function": {"arguments": delta}})

    def _settle_call(self, item: dict[str, Any], index: int) -> None:
        if index not in self._calls:
            self._open_call(item, index)
        call = self._calls[index]
        so_far, whole = call["function"]["arguments"], item.get("arguments") or ""
        if whole.startswith(so_far):
            self._add_arguments(call, whole[len(so_far) :])
        item["call_id"], item["arguments"] = call["id"], call["function"]["arguments"]

    def _tell_call(self, call: dict[str, Any]) -> None:
        if self.tool_step is not None:
            details = {"type": "tool_calls", "tool_calls": [call]}
            delta = {"step_details": details}
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
