"""What a provider wants back with a model's calls: its reasoning, and signatures of the calls.

DeepSeek, Kimi and others require the `reasoning_content` of a message with calls in the request
that answers these calls; Gemini requires the `extra_content` of each call. Both travel as a
reasoning item with `encrypted_content`, as OpenAI's own reasoning does: the engine stores it with
the round and replays it, and nobody is shown it.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

# Marks the content as ours; the rest is JSON.
_MARK = "chat_completions:"

# The fields of a message that contain reasoning: DeepSeek's name, and the one of newer vLLM,
# Ollama and OpenRouter.
REASONING_FIELDS = ("reasoning_content", "reasoning")


class Replay(NamedTuple):
    """Fields to add to the assistant's message, and to its calls by their ids."""

    message: Mapping[str, str]
    calls: Mapping[str, Any]


NOTHING = Replay({}, {})


def reasoning_item(model: object, replay: Replay) -> dict[str, Any] | None:
    """Return the item that contains this; None if there is nothing to replay."""
    if not replay.message and not replay.calls:
        return None
    content = {"model": model, "message": replay.message, "calls": replay.calls}
    return {
        "type": "reasoning",
        "id": "rs_chat_completions",
        "summary": [],
        "encrypted_content": _MARK + json.dumps(content, ensure_ascii=False),
    }


def replay_of(item: Mapping[str, Any], model: object) -> Replay:
    """Return what a reasoning item contains for this model; nothing if it is another model's."""
    content = item.get("encrypted_content")
    if not isinstance(content, str) or not content.startswith(_MARK):
        return NOTHING
    # Another upstream, of the Responses API, may have written it: nothing else is taken over.
    try:
        stored = json.loads(content.removeprefix(_MARK))
        if stored["model"] != model:
            return NOTHING
        thoughts = stored["message"]
        message = {name: str(thoughts[name]) for name in REASONING_FIELDS if name in thoughts}
        return Replay(message, dict(stored["calls"]))
    except (ValueError, TypeError, KeyError, RecursionError):
        return NOTHING


def without_reasoning(request: dict[str, Any]) -> dict[str, Any] | None:
    """Return a request without earlier reasoning; None if it has none."""
    messages = [_without_reasoning(message) for message in request["messages"]]
    return None if messages == request["messages"] else {**request, "messages": messages}


def _without_reasoning(message: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in message.items() if name not in REASONING_FIELDS}
