"""What a request of Chat Completions may contain, from the types of OpenAI's SDK.

The SDK generates them from OpenAI's document, so they are on every machine. Only a few additions of
other servers are allowed.
"""

import functools
from typing import Any

from jsonschema import Draft202012Validator
from openai.types.chat.completion_create_params import (
    CompletionCreateParamsNonStreaming,
    CompletionCreateParamsStreaming,
)
from pydantic import TypeAdapter

# Fields that some servers send and want back, and OpenAI doesn't know.
_ADDITIONS = {
    "ChatCompletionAssistantMessageParam": {"reasoning_content": {"type": "string"}},
    "ChatCompletionMessageFunctionToolCallParam": {"extra_content": {"type": "object"}},
}


def chat_request_faults(body: dict[str, Any]) -> list[str]:
    """Return how a request violates the schema, and the rules that no schema contains."""
    errors = _validator(streamed=bool(body.get("stream"))).iter_errors(body)
    faults = [f"{error.json_path}: {error.message[:300]}" for error in errors]
    return faults or [*_message_faults(body["messages"]), *_parameter_faults(body)]


@functools.cache
def _validator(*, streamed: bool) -> Draft202012Validator:
    kind: Any = CompletionCreateParamsStreaming if streamed else CompletionCreateParamsNonStreaming
    schema = TypeAdapter(kind).json_schema()
    for name, properties in _ADDITIONS.items():
        schema["$defs"][name]["properties"] |= properties
    for definition in (schema, *schema["$defs"].values()):
        if "properties" in definition:
            definition.setdefault("additionalProperties", False)
    return Draft202012Validator(schema)


def _message_faults(messages: list[dict[str, Any]]) -> list[str]:
    """Check the order that OpenAI requires: outputs for all calls directly after the calls."""
    faults: list[str] = [] if messages else ["there are no messages"]
    waiting: set[str] = set()
    for place, message in enumerate(messages):
        if message["role"] == "tool":
            if message["tool_call_id"] not in waiting:
                faults.append(f"messages[{place}] answers no call before it")
            waiting.discard(message["tool_call_id"])
            continue
        if waiting:
            faults.append(f"messages[{place}]: {sorted(waiting)} were not answered before it")
        calls = [call["id"] for call in message.get("tool_calls", [])]
        if len(set(calls)) < len(calls):
            faults.append(f"messages[{place}]: two calls have one id")
        if message["role"] == "assistant" and not calls and not message["content"]:
            faults.append(f"messages[{place}] has no content")
        waiting = set(calls)
    return faults + [f"{call_id} was not answered" for call_id in sorted(waiting)]


def _parameter_faults(body: dict[str, Any]) -> list[str]:
    faults = []
    if not body.get("tools"):
        faults += [f"{name} without tools" for name in _WITH_TOOLS if name in body]
    if body.get("tools") == []:
        faults.append("tools is empty")
    if "max_tokens" in body and "max_completion_tokens" in body:
        faults.append("max_tokens and max_completion_tokens can't both be set")
    if "stream_options" in body and not body.get("stream"):
        faults.append("stream_options without stream")
    return faults


_WITH_TOOLS = ("tool_choice", "parallel_tool_calls")
