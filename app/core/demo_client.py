"""The demo model: answers without a key, in Responses API events, and says that it is a demo."""

import asyncio
import itertools
import re
import secrets
from collections.abc import AsyncGenerator, Iterator
from typing import Any

from app.core.demo_answers import Answer, answer, said_in
from app.core.model import Api, Event, Reach
from app.domain.clock import now
from app.domain.ids import new_call_id

# A word and the whitespace after it: one delta, counted as one token.
_WORD = re.compile(r"\S+\s*|\s+")
_CHARACTERS_PER_TOKEN = 4
_ECHOED = ("instructions", "max_output_tokens", "temperature", "top_p")


class DemoClient:
    """A `ModelClient` without a model. Its text depends only on the request; its ids are random."""

    def __init__(self, delay: float = 0.0) -> None:
        """`delay`: seconds between deltas."""
        self._delay = delay
        self.api: Api | None = None

    async def reach(self, seconds: float) -> Reach:
        """Return "ok": the demo model is part of this process."""
        return "ok"

    async def close(self) -> None:
        """Close nothing: there is no connection."""

    async def events(
        self, request: dict[str, Any], *, stream: bool
    ) -> AsyncGenerator[list[Event], None]:
        """Answer as in `ModelClient.events`: one batch per word, or the whole answer at once."""
        said = answer(request)
        whole: list[str] = _WORD.findall(said.text or said.call_arguments)
        # Only text is cut: a partial call would be useless.
        words = whole if said.call_name else whole[: request.get("max_output_tokens")]
        cut = len(words) < len(whole)
        item = _item(said, "".join(words), cut=cut)
        response = _response(request, item, tokens=len(words), cut=cut)
        if not stream:
            yield [_last_event(response)]
            return
        numbers = itertools.count()
        for batch in _batches(response, item, words):
            yield [{**event, "sequence_number": next(numbers)} for event in batch]
            await asyncio.sleep(self._delay)


def _item(said: Answer, text: str, *, cut: bool) -> dict[str, Any]:
    if said.call_name:
        return {
            "id": _fresh("fc"),
            "type": "function_call",
            "status": "completed",
            "call_id": new_call_id(),
            "name": said.call_name,
            "arguments": said.call_arguments,
        }
    return {
        "id": _fresh("msg"),
        "type": "message",
        "status": "incomplete" if cut else "completed",
        "role": "assistant",
        "content": [_part(text)],
    }


def _part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _fresh(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(16)}"


def _response(
    request: dict[str, Any], item: dict[str, Any], *, tokens: int, cut: bool
) -> dict[str, Any]:
    asked = max(1, len(said_in(request)) // _CHARACTERS_PER_TOKEN)
    return {
        "id": _fresh("resp"),
        "object": "response",
        "created_at": now(),
        "status": "incomplete" if cut else "completed",
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "model": request.get("model") or "demo",
        "output": [item],
        "tools": request.get("tools") or [],
        "tool_choice": request.get("tool_choice") or "auto",
        "parallel_tool_calls": request.get("parallel_tool_calls") is not False,
        "metadata": {},
        "store": False,
        **{key: request.get(key) for key in _ECHOED},
        "usage": {
            "input_tokens": asked,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": asked + tokens,
        },
    }


def _last_event(response: dict[str, Any]) -> Event:
    return {"type": f"response.{response['status']}", "response": response}


def _batches(
    response: dict[str, Any], item: dict[str, Any], words: list[str]
) -> Iterator[list[Event]]:
    begun = {**response, "status": "in_progress", "incomplete_details": None, "output": []}
    del begun["usage"]
    call = item["type"] == "function_call"
    empty: dict[str, Any] = {"arguments": ""} if call else {"content": []}
    opened = {**item, "status": "in_progress", **empty}
    at: dict[str, Any] = {"item_id": item["id"], "output_index": 0}
    yield [
        {"type": "response.created", "response": begun},
        {"type": "response.output_item.added", "output_index": 0, "item": opened},
        *([] if call else _part_event("added", at, "")),
    ]
    for word in words:
        yield [_delta(call, at, word)]
    yield [
        *(_call_end(item, at) if call else _text_end(item, at)),
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        _last_event(response),
    ]


def _delta(call: bool, at: dict[str, Any], word: str) -> Event:
    if call:
        return {"type": "response.function_call_arguments.delta", "delta": word, **at}
    text = {"delta": word, "content_index": 0, "logprobs": []}
    return {"type": "response.output_text.delta", **text, **at}


def _call_end(item: dict[str, Any], at: dict[str, Any]) -> list[Event]:
    said = {"name": item["name"], "arguments": item["arguments"]}
    return [{"type": "response.function_call_arguments.done", **said, **at}]


def _text_end(item: dict[str, Any], at: dict[str, Any]) -> list[Event]:
    text = item["content"][0]["text"]
    done = {"text": text, "content_index": 0, "logprobs": []}
    return [
        {"type": "response.output_text.done", **done, **at},
        *_part_event("done", at, text),
    ]


def _part_event(what: str, at: dict[str, Any], text: str) -> list[Event]:
    return [
        {"type": f"response.content_part.{what}", "content_index": 0, "part": _part(text), **at}
    ]
