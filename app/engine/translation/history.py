"""Turns a thread's messages into input items, and decides how many of them the model gets."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from app.engine.tools.marks import without_citations
from app.schemas.messages import Said

# A rough, safe estimate: English has about four bytes per token, Korean about three.
_BYTES_PER_TOKEN = 3
_TOKENS_PER_IMAGE = 1000
_TOKENS_PER_MESSAGE = 4


def within(newest_first: Iterable[Said], tokens: int) -> list[Said]:
    """Return the newest messages that fit into `tokens`, at least one, the oldest first."""
    return list(reversed(list(_fitting(newest_first, tokens))))


def _fitting(newest_first: Iterable[Said], tokens: int) -> Iterator[Said]:
    left = tokens
    for count, message in enumerate(newest_first):
        left -= message_tokens(message)
        if left < 0 and count > 0:
            return
        yield message


def message_tokens(message: Said) -> int:
    """Estimate how many tokens a message has."""
    return _TOKENS_PER_MESSAGE + sum(_part_tokens(part) for part in message.content)


def _part_tokens(part: dict[str, Any]) -> int:
    match part["type"]:
        case "text":
            return text_tokens(part["text"]["value"])
        case "refusal":
            return text_tokens(part["refusal"])
        case _:
            return _TOKENS_PER_IMAGE


def text_tokens(text: str) -> int:
    """Estimate how many tokens a text has."""
    return len(text.encode()) // _BYTES_PER_TOKEN + 1


def json_tokens(value: Any) -> int:
    """Estimate how many tokens a JSON value has."""
    return text_tokens(json.dumps(value, ensure_ascii=False)) if value else 0


def input_item(message: Said, images: Mapping[str, str]) -> dict[str, Any] | None:
    """Return a message as an item of a request's `input`; None if it has no content to send.

    `images` are the images that are stored here, as data URLs by file id.
    """
    if message.role == "assistant":
        converted = [_assistant_part(part) for part in message.content]
    else:
        converted = [_user_part(part, images) for part in message.content]
    content = [part for part in converted if part is not None]
    if not content:
        return None
    return {"type": "message", "role": message.role, "content": content}


def _user_part(part: dict[str, Any], images: Mapping[str, str]) -> dict[str, Any] | None:
    kind = part["type"]
    if kind == "text":
        return {"type": "input_text", "text": part["text"]["value"]}
    if kind not in ("image_url", "image_file"):
        return None
    image = part[kind]
    shown = {"type": "input_image", "detail": image.get("detail", "auto")}
    if kind == "image_url":
        return {**shown, "image_url": image["url"]}
    return {**shown, "image_url": images[image["file_id"]]}


def _assistant_part(part: dict[str, Any]) -> dict[str, Any] | None:
    # The Responses API rejects images in an assistant's message, so only its text is replayed.
    match part["type"]:
        case "text":
            text = without_citations(part["text"]["value"], part["text"]["annotations"])
            if text.strip():
                return {"type": "output_text", "text": text, "annotations": []}
        case "refusal" if part["refusal"]:
            return {"type": "refusal", "refusal": part["refusal"]}
    return None
