"""Builds the body of a Responses request from a run and its history."""

import json
from collections.abc import Mapping
from typing import Any

from app.core.token_rates import Size
from app.db.rows import RunRow
from app.engine.translation.history import input_item
from app.schemas.messages import Said

_NOTHING = Size(0, 0)


def build_request(
    run: RunRow,
    messages: list[Said],
    items: list[dict[str, Any]],
    *,
    max_output_tokens: int | None,
    model: str,
    tools: list[dict[str, Any]],
    images: Mapping[str, str],
    summary: str | None = None,
) -> dict[str, Any]:
    """Return the request of the run's next round.

    `messages` is the history, and `items` come from the run's earlier rounds. `model` is the name
    that the upstream uses. `tools` are offered to the model. `images` are the images that are
    stored here, as data URLs by file id. `summary` is shown in place of older messages.

    What stays from turn to turn comes first: an upstream that has cached the beginning of the last
    request reads only the rest of this one.
    """
    request: dict[str, Any] = {
        "model": model,
        "input": [
            *([_summary_item(summary)] if summary else []),
            *(item for message in messages if (item := input_item(message, images))),
            *items,
        ],
        "store": False,
        "include": ["reasoning.encrypted_content"],
        # Sends the thread's requests to where the last one was cached.
        "prompt_cache_key": run.thread_id,
    }
    if run.instructions:
        request["instructions"] = run.instructions
    if max_output_tokens is not None:
        request["max_output_tokens"] = max_output_tokens
    request |= _sampling(run) | _tools(run, tools)
    if items and "tool_choice" in request:
        request["tool_choice"] = _later_choice(request["tool_choice"])
    text_format = _text_format(run.response_format)
    if text_format:
        request["text"] = {"format": text_format}
    return request


def _summary_item(summary: str) -> dict[str, Any]:
    # With no more authority than the users have, whose words are in it.
    content = [{"type": "input_text", "text": summary}]
    return {"type": "message", "role": "user", "content": content}


def _sampling(run: RunRow) -> dict[str, Any]:
    sampling: dict[str, Any] = {}
    # An assistant reports 1.0 if nothing was set; many models reject requests that contain it.
    if run.temperature is not None and run.temperature != 1.0:
        sampling["temperature"] = run.temperature
    if run.top_p is not None and run.top_p != 1.0:
        sampling["top_p"] = run.top_p
    if run.reasoning_effort is not None:
        sampling["reasoning"] = {"effort": run.reasoning_effort}
    return sampling


def _tools(run: RunRow, tools: list[dict[str, Any]]) -> dict[str, Any]:
    if not tools:
        return {}
    names = {tool["name"] for tool in tools}
    return {
        "tools": tools,
        "tool_choice": _tool_choice(run.tool_choice, names),
        "parallel_tool_calls": run.parallel_tool_calls,
    }


def _tool_choice(choice: Any, names: set[str]) -> Any:
    if not isinstance(choice, dict):
        return choice
    # A built-in tool that runs here is offered as a function named after its type.
    name = choice["function"]["name"] if choice["type"] == "function" else choice["type"]
    return {"type": "function", "name": name} if name in names else "auto"


def _later_choice(choice: Any) -> Any:
    """Return the choice for a round after calls: if it were forced again, calls would never end."""
    return "none" if choice == "none" else "auto"


def _text_format(response_format: Any) -> dict[str, Any] | None:
    if not isinstance(response_format, dict):
        return None
    if response_format["type"] == "json_schema":
        return {"type": "json_schema", "schema": {}, **response_format["json_schema"]}
    return response_format


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
