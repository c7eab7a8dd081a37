"""Events out of an upstream's raw answer: only those the engine needs are parsed at all."""

import json
from typing import Any

from app.core.model import TERMINAL_EVENTS, Event
from app.core.sse_reader import RawEvent
from app.domain.text import may_be_unstorable, storable

NEEDED_EVENTS = TERMINAL_EVENTS | {
    "response.output_item.added",
    "response.output_item.done",
    "response.output_text.delta",
    "response.output_text.done",
    "response.output_text.annotation.added",
    "response.refusal.delta",
    "response.refusal.done",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
}
_FAILURES = frozenset({"response.failed", "error"})
_UNNAMED = (None, "message")  # the name is left out, or is what SSE calls the nameless

# Made once: `json.loads` with options makes a decoder for every delta. Line breaks in texts pass.
_read_json = json.JSONDecoder(strict=False).decode


class BrokenAnswer(Exception):
    """The answer was cut off, or is no answer of the Responses API."""


class AnswerFailed(Exception):
    """The upstream says that it failed; `error` is what it says: `{code, message, …}`."""

    def __init__(self, error: object) -> None:
        super().__init__("The upstream failed.")
        self.error = error


class EventBatch:
    """What one network read brought: `events`, and whether the answer ends with them."""

    def __init__(self, raw_events: list[RawEvent]) -> None:
        self.events: list[Event] = []
        self.failure: AnswerFailed | BrokenAnswer | None = None
        self.ended = False
        try:
            self._read(raw_events)
        except (AnswerFailed, BrokenAnswer) as failure:
            # Kept rather than raised: the events before it are told first.
            self.failure = failure

    def _read(self, raw_events: list[RawEvent]) -> None:
        for name, data in raw_events:
            if (event := _needed_event(name, data)) is None:
                continue
            self.events.append(event)
            if event["type"] in TERMINAL_EVENTS:
                self.ended = True
                return


def terminal_event(body: bytes) -> Event:
    """Return the one event that stands for a whole Response object.

    Raises `AnswerFailed` where the response says that it failed, `BrokenAnswer` for no response.
    """
    response = read_object(body)
    status = response.get("status", "completed")
    if status == "failed" or response.get("error"):
        raise AnswerFailed(response.get("error"))
    if status not in ("completed", "incomplete") or not isinstance(response.get("output"), list):
        raise BrokenAnswer
    return {"type": f"response.{status}", "response": response}


def read_object(data: bytes) -> dict[str, Any]:
    """Return the JSON object in `data`, storable: U+FFFD for NUL and for broken characters."""
    data = data.replace(b"\0", b"\\u0000")
    try:
        value = _read_json(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise BrokenAnswer from None
    if not isinstance(value, dict):
        raise BrokenAnswer
    return storable(value) if may_be_unstorable(data) else value


def _needed_event(name: str | None, data: bytes) -> Event | None:
    named = name not in _UNNAMED
    if data == b"[DONE]" or (named and name not in NEEDED_EVENTS and name not in _FAILURES):
        return None
    event = read_object(data)
    kind = event.setdefault("type", name)
    if kind in NEEDED_EVENTS:
        if kind in TERMINAL_EVENTS:
            _refuse_failure(event)
        return event
    if kind in _FAILURES or event.get("error"):
        raise AnswerFailed(_told_error(event))
    return None


def _refuse_failure(event: Event) -> None:
    response = event.get("response")
    if isinstance(response, dict) and response.get("status") == "failed":
        raise AnswerFailed(response.get("error"))


def _told_error(event: Event) -> object:
    # Told in three ways: inside the response, inside the event, or as the event itself.
    response = event.get("response")
    inner = response.get("error") if isinstance(response, dict) else event.get("error")
    return inner or event
