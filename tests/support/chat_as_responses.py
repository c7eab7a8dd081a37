"""A request of Chat Completions as the request of the Responses API that means the same.

Tests of the service compare what the model is asked; with this they need not know by which API.
"""

import re
from collections.abc import Callable
from typing import Any

Item = dict[str, Any]

_PARTS_FOLLOW = re.compile(r"Output of the call (.+):")
_SAME = ("model", "temperature", "top_p", "store", "stream", "prompt_cache_key")


def as_responses(body: dict[str, Any]) -> dict[str, Any]:
    """Return what `POST /responses` would have got; what the service always asks is added."""
    messages = [*body["messages"]]
    asked = {name: body[name] for name in _SAME if name in body}
    asked["include"] = ["reasoning.encrypted_content"]
    if messages[0]["role"] == "system":
        asked["instructions"] = messages.pop(0)["content"]
    asked["input"] = _items(messages)
    if "max_completion_tokens" in body:
        asked["max_output_tokens"] = body["max_completion_tokens"]
    if "reasoning_effort" in body:
        asked["reasoning"] = {"effort": body["reasoning_effort"]}
    if "response_format" in body:
        asked["text"] = {"format": _text_format(body["response_format"])}
    if "tools" in body:
        asked["tools"] = [
            {"type": "function", "strict": False, **tool["function"]} for tool in body["tools"]
        ]
        asked["tool_choice"] = _tool_choice(body.get("tool_choice", "auto"))
        asked["parallel_tool_calls"] = body.get("parallel_tool_calls", True)
    return asked


def _text_format(given: dict[str, Any]) -> dict[str, Any]:
    return {"type": given["type"], **given.get("json_schema", {})}


def _tool_choice(given: Any) -> Any:
    return {"type": "function", **given["function"]} if isinstance(given, dict) else given


def _items(messages: list[dict[str, Any]]) -> list[Item]:
    items: list[Item] = []
    for message in messages:
        if message["role"] == "tool":
            call_id, output = message["tool_call_id"], message["content"]
            items.append({"type": "function_call_output", "call_id": call_id, "output": output})
        elif message["role"] == "assistant":
            items += _answer(message)
        elif not _is_attached(message, items):
            content = _content(message["content"])
            items.append({"type": "message", "role": message["role"], "content": content})
    return items


def _answer(message: dict[str, Any]) -> list[Item]:
    items: list[Item] = []
    if thoughts := message.get("reasoning_content"):
        items.append({"type": "reasoning", "encrypted_content": thoughts})
    if text := message["content"]:
        part = {"type": "output_text", "text": text, "annotations": []}
        items.append({"type": "message", "role": "assistant", "content": [part]})
    for call in message.get("tool_calls", []):
        items.append({"type": "function_call", "call_id": call["id"], **call["function"]})
    return items


def _is_attached(message: dict[str, Any], items: list[Item]) -> bool:
    """Add a message that continues outputs of calls to these outputs; say whether it is one."""
    content = message["content"]
    if isinstance(content, str) or not _PARTS_FOLLOW.fullmatch(content[0].get("text", "")):
        return False
    for part in content:
        if named := _PARTS_FOLLOW.fullmatch(part.get("text", "")):
            call_id = named[1]
            output = next(one for one in reversed(items) if one.get("call_id") == call_id)
            text = output["output"]
            output["output"] = (
                [] if text.startswith("(") else [_part({"type": "text", "text": text})]
            )
        else:
            output["output"].append(_part(part))
    return True


def _content(content: Any) -> list[Item]:
    if isinstance(content, str):
        return [{"type": "input_text", "text": content}]
    return [_part(part) for part in content]


def _part(part: dict[str, Any]) -> Item:
    parts: dict[str, Callable[[], Item]] = {
        "text": lambda: {"type": "input_text", "text": part["text"]},
        "image_url": lambda: {
            "type": "input_image",
            "detail": part["image_url"].get("detail", "auto"),
            "image_url": part["image_url"]["url"],
        },
        "file": lambda: {"type": "input_file", **part["file"]},
    }
    return parts[part["type"]]()
