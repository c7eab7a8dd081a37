"""Normalises upstreams' items and events, which may deviate from OpenAI's."""

import json
from typing import Any

from app.core.model import Event


def item_of(event: Event) -> dict[str, Any]:
    """Return an event's item; if it has none, an item with an empty type."""
    return tidied(event.get("item"))


def output_of(response: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a response's items."""
    output = response.get("output")
    return [tidied(item) for item in output] if isinstance(output, list) else []


def tidied(given: Any) -> dict[str, Any]:
    """Return an item with a type, content as parts, and arguments as text."""
    if not isinstance(given, dict):
        return {"type": ""}
    item: dict[str, Any] = {**given, "type": str(given.get("type") or "")}
    if item["type"] == "message":
        item["content"] = _parts(item.get("content"))
    elif item["type"] == "function_call":
        item["name"] = str(item.get("name") or "")
        item["arguments"] = _arguments(item.get("arguments"))
        call_id = item.get("call_id")
        item["call_id"] = str(call_id) if call_id else None
    return item


def incomplete_reason(event: Event, *, cut: bool) -> str | None:
    """Return why an answer is incomplete, in the upstream's words; None if it is complete.

    `cut`: its usage has reached the limit. llama.cpp calls such an answer "completed".
    """
    response = response_of(event)
    if event["type"] == "response.incomplete" or response.get("status") == "incomplete":
        details = response.get("incomplete_details")
        reason = details.get("reason") if isinstance(details, dict) else None
        return str(reason or "max_output_tokens")
    return "max_output_tokens" if cut else None


def response_of(event: Event) -> dict[str, Any]:
    """Return an event's response object; an empty one if there is none."""
    response = event.get("response")
    return response if isinstance(response, dict) else {}


def part_kind(event: Event) -> str:
    return "refusal" if event["type"].startswith("response.refusal") else "text"


def piece_of(event: Event, name: str = "delta") -> str:
    """Return the text in an event's field `name`; "" if there is none."""
    piece = event.get(name)
    return piece if isinstance(piece, str) else ""


def content_index(event: Event) -> int:
    index = event.get("content_index")
    return index if isinstance(index, int) else 0


def _parts(content: Any) -> list[dict[str, Any]]:
    if isinstance(content, str):
        return [{"type": "output_text", "text": content, "annotations": []}]
    if not isinstance(content, list):
        return []
    return [{"type": "output_text", **part} for part in content if isinstance(part, dict)]


def _arguments(arguments: Any) -> str:
    if arguments is None or isinstance(arguments, str):
        return arguments or ""
    return json.dumps(arguments, ensure_ascii=False)
