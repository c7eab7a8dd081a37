"""A `Reply` in the form of OpenAI's Responses API: a Response object, or a stream's events."""

import itertools
from collections.abc import Iterator
from typing import Any

from tests.support.replies import Reply

_ECHOED = ("instructions", "max_output_tokens", "temperature", "top_p", "text")
_ids = itertools.count(1)


def next_id() -> int:
    """Return the number of the next object of a fake."""
    return next(_ids)


def last_user_text(body: dict[str, Any]) -> str:
    """Return the user's last text in a request's `input`; "" if there is none."""
    items = body.get("input") or []
    if isinstance(items, str):
        return items
    said = [item["content"] for item in items if item.get("role") == "user"]
    if not said:
        return ""
    if isinstance(said[-1], str):
        return said[-1]
    return "".join(part.get("text", "") for part in said[-1])


def output_items(reply: Reply) -> list[dict[str, Any]]:
    """Return the finished output items: reasoning, message, function calls, in this order."""
    items: list[dict[str, Any]] = []
    number = next(_ids)
    if reply.reasoning is not None:
        items.append(
            {
                "id": f"rs_{number}",
                "type": "reasoning",
                "summary": [],
                "encrypted_content": reply.reasoning,
            }
        )
    if reply.deltas:
        done = "incomplete" if reply.status == "incomplete" else "completed"
        items.append(
            {
                "id": f"msg_{number}",
                "type": "message",
                "status": done,
                "role": "assistant",
                "content": [_part(reply, "".join(reply.deltas), list(reply.annotations))],
            }
        )
    for place, (call_id, name, arguments) in enumerate(reply.calls):
        items.append(
            {
                "id": f"fc_{number}_{place}",
                "type": "function_call",
                "status": "completed",
                "call_id": call_id,
                "name": name,
                "arguments": arguments,
            }
        )
    return items


def response_object(
    reply: Reply, body: dict[str, Any], items: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return the whole Response. Its usage is 1 token per word, and 8 for reasoning, if any."""
    reasoning = 8 if reply.reasoning is not None else 0
    written = sum(len(delta.split()) for delta in reply.deltas) + 10 * len(reply.calls) + reasoning
    asked = max(1, len(last_user_text(body).split()))
    reason = reply.incomplete_reason
    return {
        "id": f"resp_{next(_ids)}",
        "object": "response",
        "created_at": 1_700_000_000,
        "status": reply.status,
        "error": reply.error,
        "incomplete_details": {"reason": reason} if reason else None,
        "model": body.get("model", "fake"),
        "output": items,
        "parallel_tool_calls": body.get("parallel_tool_calls", True),
        "tools": body.get("tools") or [],
        "tool_choice": body.get("tool_choice") or "auto",
        "metadata": {},
        "store": False,
        **{key: body.get(key) for key in _ECHOED if key != "text" or body.get(key)},
        "usage": {
            "input_tokens": asked,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": written,
            "output_tokens_details": {"reasoning_tokens": reasoning},
            "total_tokens": asked + written,
        },
    }


def stream_events(reply: Reply, body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return all events of the stream, numbered, `response.created` first."""
    items = output_items(reply)
    response = response_object(reply, body, items)
    begun = {**response, "status": "in_progress", "output": [], "error": None}
    begun["incomplete_details"] = None
    del begun["usage"]
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
    ]
    for index, item in enumerate(items):
        events += _item_events(reply, index, item)
    events.append(_last_event(reply, response))
    return [{**event, "sequence_number": number} for number, event in enumerate(events)]


def _last_event(reply: Reply, response: dict[str, Any]) -> dict[str, Any]:
    if reply.error_event:
        return {"type": "error", "param": None, **(reply.error or {})}
    return {"type": f"response.{reply.status}", "response": response}


def _item_events(reply: Reply, index: int, item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    opening: dict[str, Any] = {**item, "status": "in_progress"}
    inner: Iterator[dict[str, Any]] = iter(())
    if item["type"] == "message":
        opening["content"] = []
        inner = _message_events(reply, item)
    elif item["type"] == "function_call":
        opening["arguments"] = ""
        inner = _call_events(item)
    yield {"type": "response.output_item.added", "output_index": index, "item": opening}
    for event in inner:
        yield {**event, "item_id": item["id"], "output_index": index}
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


def _message_events(reply: Reply, item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    kind = "refusal" if reply.refused else "output_text"
    # Text events have log probabilities, refusals do not.
    more: dict[str, Any] = {"content_index": 0} | ({} if reply.refused else {"logprobs": []})
    part = item["content"][0]
    yield {"type": "response.content_part.added", "content_index": 0, "part": _part(reply, "", [])}
    for delta in reply.deltas:
        yield {"type": f"response.{kind}.delta", "delta": delta, **more}
    for number, annotation in enumerate(reply.annotations):
        yield {
            "type": "response.output_text.annotation.added",
            "content_index": 0,
            "annotation_index": number,
            "annotation": annotation,
        }
    text_key = "refusal" if reply.refused else "text"
    yield {"type": f"response.{kind}.done", text_key: part[text_key], **more}
    yield {"type": "response.content_part.done", "content_index": 0, "part": part}


def _call_events(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    arguments = item["arguments"]
    half = len(arguments) // 2
    for delta in filter(None, (arguments[:half], arguments[half:])):
        yield {"type": "response.function_call_arguments.delta", "delta": delta}
    yield {
        "type": "response.function_call_arguments.done",
        "name": item["name"],
        "arguments": arguments,
    }


def _part(reply: Reply, text: str, annotations: list[dict[str, Any]]) -> dict[str, Any]:
    if reply.refused:
        return {"type": "refusal", "refusal": text}
    return {"type": "output_text", "text": text, "annotations": annotations, "logprobs": []}
