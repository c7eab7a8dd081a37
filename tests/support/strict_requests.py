"""Refuses invalid requests as strict servers do, with the error messages of such servers.

FastAPI servers refuse a content type that isn't JSON, and wrong types in a body; OpenAI refuses
unknown fields. The fakes do both: what they accept is accepted everywhere.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tests.support import openai_spec
from tests.support.chat_request_schema import chat_request_faults

# The parameters that this service may send; each is one of OpenAI's.
_RESPONSES_FIELDS: dict[str, tuple[type, ...]] = {
    "model": (str,),
    "input": (list, str),
    "stream": (bool,),
    "store": (bool,),
    "prompt_cache_key": (str,),
    "include": (list,),
    "instructions": (str,),
    "max_output_tokens": (int,),
    "temperature": (int, float),
    "top_p": (int, float),
    "reasoning": (dict,),
    "text": (dict,),
    "tools": (list,),
    "tool_choice": (str, dict),
    "parallel_tool_calls": (bool,),
}
_CHAT_FIELDS: dict[str, tuple[type, ...]] = {
    "model": (str,),
    "messages": (list,),
    "stream": (bool,),
    "stream_options": (dict,),
    "prompt_cache_key": (str,),
    "store": (bool,),
    "max_completion_tokens": (int,),
    "max_tokens": (int,),
    "temperature": (int, float),
    "top_p": (int, float),
    "reasoning_effort": (str,),
    "response_format": (dict,),
    "tools": (list,),
    "tool_choice": (str, dict),
    "parallel_tool_calls": (bool,),
}
_EMBEDDINGS_FIELDS: dict[str, tuple[type, ...]] = {
    "input": (list,),
    "model": (str,),
    "encoding_format": (str,),
}
_ITEM_FIELDS = {
    "message": {"type", "role", "content"},
    "function_call": {"type", "call_id", "name", "arguments"},
    "function_call_output": {"type", "call_id", "output"},
    "reasoning": {"type", "id", "summary", "content", "encrypted_content"},
    None: {"role", "content"},
}
_PART_FIELDS = {
    "input_text": {"type", "text"},
    "input_image": {"type", "detail", "image_url", "file_id"},
    "output_text": {"type", "text", "annotations", "logprobs"},
    "refusal": {"type", "refusal"},
}
_LEAST_OUTPUT_TOKENS = 16

Headers = Iterable[tuple[str, str]]


@dataclass(frozen=True)
class Refused(Exception):
    """A 4xx answer; `reason` is only for the test."""

    status: int
    body: dict[str, Any]
    reason: str


def responses_request(headers: Headers, content: bytes) -> dict[str, Any]:
    """Return the body of a `POST /responses`. Raises `Refused`."""
    return _request(headers, content, _RESPONSES_FIELDS, {"model", "input"}, _responses_faults)


def chat_request(headers: Headers, content: bytes) -> dict[str, Any]:
    """Return the body of a `POST /chat/completions`. Raises `Refused`."""
    return _request(headers, content, _CHAT_FIELDS, {"model", "messages"}, chat_request_faults)


def embeddings_request(headers: Headers, content: bytes) -> dict[str, Any]:
    """Return the body of a `POST /embeddings`. Raises `Refused`."""
    return _request(headers, content, _EMBEDDINGS_FIELDS, {"model", "input"}, _embeddings_faults)


def refuse_headers(headers: Headers) -> None:
    """Raise `Refused` for a repeated header, or a content type that isn't JSON."""
    pairs = [(name.lower(), value) for name, value in headers]
    doubled = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
    if doubled and doubled != ["content-type"]:
        raise _refused(400, f"{doubled[0]} was sent twice")
    kinds = [value for name, value in pairs if name == "content-type"]
    if [kind.partition(";")[0].strip().lower() for kind in kinds] != ["application/json"]:
        raise _refused(415, f"Unsupported media type: {', '.join(kinds) or 'none'}")


def _request(
    headers: Headers,
    content: bytes,
    fields: dict[str, tuple[type, ...]],
    required: set[str],
    faults: Callable[[dict[str, Any]], list[str]],
) -> dict[str, Any]:
    refuse_headers(headers)
    try:
        body = json.loads(content)
    except ValueError:
        raise _unprocessable([], "json_invalid", "JSON decode error") from None
    if not isinstance(body, dict):
        raise _unprocessable([], "dict_type", "Input should be a valid dictionary")
    for name in sorted(body.keys() - fields.keys()):
        raise _unknown(name)
    for name in sorted(required - body.keys()):
        raise _unprocessable([name], "missing", "Field required")
    for name, value in body.items():
        if not _fits(value, fields[name]):
            raise _unprocessable([name], "type_error", f"{type(value).__name__} is a wrong type")
    found = faults(body)
    if found:
        raise _refused(400, "; ".join(found))
    return body


def _fits(value: Any, kinds: tuple[type, ...]) -> bool:
    # In Python a bool is an int.
    return isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))


def _responses_faults(body: dict[str, Any]) -> list[str]:
    if body.get("max_output_tokens", _LEAST_OUTPUT_TOKENS) < _LEAST_OUTPUT_TOKENS:
        return [f"max_output_tokens is below {_LEAST_OUTPUT_TOKENS}"]
    if isinstance(body["input"], str):
        return []
    faults = [fault for item in body["input"] for fault in _item_faults(item)]
    if not faults and openai_spec.are_present():
        faults = openai_spec.request_faults(body)
    return faults


def _item_faults(item: Any) -> list[str]:
    if not isinstance(item, dict):
        return ["an item of input is no object"]
    kind = item.get("type")
    if kind not in _ITEM_FIELDS:
        return [f"Unknown type of item: {kind!r}"]
    unknown = item.keys() - _ITEM_FIELDS[kind]
    faults = [f"Unknown parameter: 'input.{name}' ({kind})" for name in sorted(unknown)]
    content = item.get("content")
    if kind in ("message", None) and isinstance(content, list):
        faults += [fault for part in content for fault in _part_faults(part)]
    return faults


def _part_faults(part: dict[str, Any]) -> list[str]:
    kind = part.get("type")
    if kind not in _PART_FIELDS:
        return [f"Unknown type of content: {kind!r}"]
    unknown = part.keys() - _PART_FIELDS[kind]
    return [f"Unknown parameter: 'input.content.{name}' ({kind})" for name in sorted(unknown)]


def _embeddings_faults(body: dict[str, Any]) -> list[str]:
    if not body["input"] or not all(isinstance(text, str) and text for text in body["input"]):
        return ["input must be texts, none of them empty"]
    if body.get("encoding_format", "float") != "float":
        return ["encoding_format is not known"]
    return []


def _unknown(name: str) -> Refused:
    message = f"Unknown parameter: '{name}'."
    error = {
        "message": message,
        "type": "invalid_request_error",
        "param": name,
        "code": "unknown_parameter",
    }
    return Refused(400, {"error": error}, message)


def _unprocessable(where: list[str], kind: str, message: str) -> Refused:
    fault = {"loc": ["body", *where], "msg": message, "type": kind}
    return Refused(422, {"detail": [fault]}, f"{'.'.join(where)}: {message}")


def _refused(status: int, message: str) -> Refused:
    return Refused(status, {"detail": message}, message)
