"""The size of what a request lets the model read, to learn how many tokens it has."""

import json
from typing import Any

from app.core.token_rates import Size

_NOTHING = Size(0, 0)


def request_size(request: dict[str, Any]) -> Size | None:
    """Return how much text a request has; None if it has more than text.

    Images and files have tokens that their bytes don't show, and so has encrypted reasoning.
    """
    size = Size.of(request.get("instructions") or "")
    if tools := request.get("tools"):
        size = size.plus(Size.of(json.dumps(tools, ensure_ascii=False)))
    for item in request["input"]:
        one = _item_size(item)
        if one is None:
            return None
        size = size.plus(one)
    return size


def _item_size(item: dict[str, Any]) -> Size | None:
    match item["type"]:
        case "message":
            return _parts_size(item["content"])
        case "function_call":
            return Size.of(item["name"] + item["arguments"])
        case "function_call_output" if isinstance(item["output"], str):
            return Size.of(item["output"])
        case "function_call_output":
            return _parts_size(item["output"])
    return None


def _parts_size(parts: list[dict[str, Any]]) -> Size | None:
    size = _NOTHING
    for part in parts:
        text = part.get("text", part.get("refusal"))
        if not isinstance(text, str):
            return None
        size = size.plus(Size.of(text))
    return size
