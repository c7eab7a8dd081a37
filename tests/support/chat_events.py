"""A `Reply` in the form of OpenAI's Chat Completions API: a completion, or a stream's chunks."""

from collections.abc import Iterator
from typing import Any

from tests.support.replies import Reply
from tests.support.response_events import next_id

_FINISHED = {"max_output_tokens": "length", "content_filter": "content_filter"}


def last_chat_text(body: dict[str, Any]) -> str:
    """Return the user's last text in a request's messages; "" if there is none."""
    said = [one["content"] for one in body.get("messages") or [] if one["role"] == "user"]
    if not said:
        return ""
    if isinstance(said[-1], str):
        return said[-1]
    return "".join(part.get("text", "") for part in said[-1])


def completion_object(reply: Reply, body: dict[str, Any]) -> dict[str, Any]:
    """Return the whole completion, or the error object of a failed one."""
    if reply.error is not None:
        return {"error": {**reply.error, "type": reply.error["code"], "param": None}}
    text = "".join(reply.deltas)
    message: dict[str, Any] = {
        "role": "assistant",
        "content": None if reply.refused else text or None,
        "refusal": text if reply.refused else None,
    }
    if reply.calls:
        message["tool_calls"] = [_call(call) for call in reply.calls]
    if reply.reasoning is not None:
        message["reasoning_content"] = reply.reasoning
    choice = {"index": 0, "message": message, "finish_reason": _finish(reply), "logprobs": None}
    return {
        "id": f"chatcmpl-{next_id()}",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": body.get("model", "fake"),
        "choices": [choice],
        "usage": _usage(reply, body),
    }


def stream_chunks(reply: Reply, body: dict[str, Any]) -> list[dict[str, Any] | None]:
    """Return the chunks of the stream; None is the end of it.

    The first delta is the fifth, as in a stream of the Responses API: before it come results of a
    filter without a choice, as Azure sends them, and deltas without content.
    """
    base = {
        "id": f"chatcmpl-{next_id()}",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": body.get("model", "fake"),
    }
    wants_usage = bool((body.get("stream_options") or {}).get("include_usage"))
    if wants_usage:
        base["usage"] = None
    chunks: list[dict[str, Any] | None] = [{**base, "choices": []}]
    chunks += [{**base, "choices": [_choice(delta)]} for delta in _deltas(reply)]
    if reply.error is not None:
        return [*chunks, {"error": {**reply.error, "type": reply.error["code"], "param": None}}]
    chunks.append({**base, "choices": [_choice({}, _finish(reply))]})
    if wants_usage:
        chunks.append({**base, "choices": [], "usage": _usage(reply, body)})
    return [*chunks, None]


def _choice(delta: dict[str, Any], finished: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": finished, "logprobs": None}


def _deltas(reply: Reply) -> Iterator[dict[str, Any]]:
    yield {"role": "assistant", "content": "", "refusal": None}
    yield {}
    yield {"content": None}
    if reply.reasoning is not None:
        half = len(reply.reasoning) // 2
        yield {"content": None, "reasoning_content": reply.reasoning[:half]}
        yield {"content": None, "reasoning_content": reply.reasoning[half:]}
    for delta in reply.deltas:
        yield {"refusal" if reply.refused else "content": delta}
    for index, (call_id, name, arguments) in enumerate(reply.calls):
        begun = {**_call((call_id, name, "")), "index": index}
        yield {"tool_calls": [begun]}
        half = len(arguments) // 2
        for piece in filter(None, (arguments[:half], arguments[half:])):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _call(call: tuple[str, str, str]) -> dict[str, Any]:
    call_id, name, arguments = call
    return {
        "id": call_id,
        "type": "function",
        "function": {"name": name, "arguments": arguments},
    }


def _finish(reply: Reply) -> str:
    if reply.incomplete_reason is not None:
        return _FINISHED[reply.incomplete_reason]
    return "tool_calls" if reply.calls else "stop"


def _usage(reply: Reply, body: dict[str, Any]) -> dict[str, Any]:
    reasoning = 8 if reply.reasoning is not None else 0
    written = sum(len(delta.split()) for delta in reply.deltas) + 10 * len(reply.calls) + reasoning
    asked = max(1, len(last_chat_text(body).split()))
    return {
        "prompt_tokens": asked,
        "completion_tokens": written,
        "total_tokens": asked + written,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": reasoning},
    }
