"""Turns a thread's messages into input items, and decides how many of them the model gets."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from app.core.token_rates import USUAL, Rate, Size
from app.engine.tools.marks import without_citations
from app.schemas.messages import Said

_TOKENS_PER_IMAGE = 1000
TOKENS_PER_MESSAGE = 4
_64_BITS = 2**64 - 1


class Fitting(NamedTuple):
    """Messages, oldest first, and whether they are all that there are."""

    messages: list[Said]
    all: bool


def within(newest_first: Iterable[Said], tokens: int, rate: Rate = USUAL) -> list[Said]:
    """Return the newest messages that fit into `tokens`, at least one, the oldest first."""
    return fitting(newest_first, tokens, rate).messages


def fitting(newest_first: Iterable[Said], tokens: int, rate: Rate = USUAL) -> Fitting:
    """Return the newest messages that fit into `tokens`, at least one.

    If not all fit, they are cut where the cut stays for many turns, although up to half of the
    tokens are then unused: a request is cheap as long as it begins like the one before.
    """
    used, kept = 0.0, list[Said]()
    cut, firmest = 0, -1
    for message in newest_first:
        used += message_tokens(message, rate)
        if used > tokens and kept:
            return Fitting(kept[: cut or len(kept)][::-1], all=False)
        kept.append(message)
        if used > tokens / 2 and (firmness := _firmness(message)) > firmest:
            cut, firmest = len(kept), firmness
    return Fitting(kept[::-1], all=True)


def _firmness(message: Said) -> int:
    """Return an arbitrary number that is always the same for the same message.

    Among the messages of a moving window, the one with the largest number stays for many moves.
    """
    # Two rounds of SplitMix64: regular distances between places leave no trace.
    mixed = message.sequence * 0x9E3779B97F4A7C15 & _64_BITS
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & _64_BITS
    return mixed ^ mixed >> 27


def message_tokens(message: Said, rate: Rate = USUAL) -> int:
    """Estimate how many tokens a message has."""
    return TOKENS_PER_MESSAGE + sum(_part_tokens(part, rate) for part in message.content)


def _part_tokens(part: dict[str, Any], rate: Rate) -> int:
    match part["type"]:
        case "text":
            return text_tokens(part["text"]["value"], rate)
        case "refusal":
            return text_tokens(part["refusal"], rate)
        case _:
            return _TOKENS_PER_IMAGE


def text_tokens(text: str, rate: Rate = USUAL) -> int:
    """Estimate how many tokens a text has."""
    return int(rate.tokens(Size.of(text))) + 1


def json_tokens(value: Any, rate: Rate = USUAL) -> int:
    """Estimate how many tokens a JSON value has."""
    return text_tokens(json.dumps(value, ensure_ascii=False), rate) if value else 0


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
