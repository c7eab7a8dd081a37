"""Parses the events in an upstream's raw answer, and only those that the engine needs."""

import json
from typing import Any

from pydantic_core import from_json

from app.core.model import TERMINAL_EVENTS, Event
from app.core.sse_reader import RawEvent
from app.core.wire_api import AnswerFailed, Batch, BrokenAnswer
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
_UNNAMED = (None, "message")  # no name, or the default name in SSE

# Created once: `json.loads` with options creates a decoder for every delta. Not strict: line breaks
# in strings are allowed.
_read_json = json.JSONDecoder(strict=False).decode


def read_events(raw_events: list[RawEvent]) -> Batch:
    """Return the needed ones of these events, and whether the answer ended with them."""
    batch = Batch()
    try:
        for name, data in raw_events:
            if (event := _needed_event(name, data)) is None:
                continue
            batch.events.append(event)
            if event["type"] in TERMINAL_EVENTS:
                batch.ended = True
                break
    except (AnswerFailed, BrokenAnswer) as failure:
        # Kept rather than raised: the events before it are yielded first.
        batch.failure = failure
    return batch


def terminal_event(body: bytes) -> Event:
    """Return the one event that is equivalent to a whole Response object.

    Raises `AnswerFailed` if the response reports a failure, `BrokenAnswer` if it is not a response.
    """
    response = read_object(body)
    status = response.get("status", "completed")
    if status == "failed" or response.get("error"):
        raise AnswerFailed(response.get("error"))
    if status not in ("completed", "incomplete") or not isinstance(response.get("output"), list):
        raise BrokenAnswer
    return {"type": f"response.{status}", "response": response}


def read_object(data: bytes) -> dict[str, Any]:
    """Return the JSON object in `data`, with U+FFFD for NUL and invalid characters.

    The databases can store the result. Raises `BrokenAnswer`.
    """
    data = data.replace(b"\0", b"\\u0000")
    try:
        value = from_json(data)
    except ValueError:
        value = _read_leniently(data)
    if not isinstance(value, dict):
        raise BrokenAnswer
    return storable(value) if may_be_unstorable(data) else value


def _read_leniently(data: bytes) -> Any:
    """Read JSON with line breaks in strings, invalid characters or lone surrogates."""
    try:
        return _read_json(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise BrokenAnswer from None


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
        raise AnswerFailed(_reported_error(event))
    return None


def _refuse_failure(event: Event) -> None:
    response = event.get("response")
    if isinstance(response, dict) and response.get("status") == "failed":
        raise AnswerFailed(response.get("error"))


def _reported_error(event: Event) -> object:
    # Servers put it inside the response, inside the event, or send it as the event itself.
    response = event.get("response")
    inner = response.get("error") if isinstance(response, dict) else event.get("error")
    return inner or event
