"""Turns the fields of any tool call into pieces of text."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from app.terminal.client import Object
from app.terminal.language import Said

HEADINGS = {
    "arguments": Said("Arguments", "인자"),
    "input": Said("Input", "입력"),
    "output": Said("Output", "결과"),
    "outputs": Said("Output", "결과"),
}


@dataclass(frozen=True)
class Piece:
    """A piece of text below a call's title; for a picture, `text` is the id of its file."""

    text: str
    heading: Said | None = None
    kind: Literal["text", "picture"] = "text"


@dataclass(frozen=True)
class Shown:
    """A tool call as it is shown."""

    title: Said
    pieces: tuple[Piece, ...] = ()


def pieces_of(name: str, value: Any) -> list[Piece]:
    """Return a call's field as pieces; the first piece has the field's name as its heading."""
    if _is_list_of_outputs(value):
        found = [piece for one in value for piece in output_pieces(one)]
    else:
        found = [Piece(pretty(value))]
    shown = [piece for piece in found if piece.text]
    if shown:
        heading = HEADINGS.get(name, Said(name, name))
        shown[0] = Piece(shown[0].text, heading, shown[0].kind)
    return shown


def output_pieces(output: Object) -> list[Piece]:
    """Return the pieces of an output such as `{"type": "logs", "logs": "…"}`, or of an image."""
    value = output.get(str(output["type"]))
    if output["type"] == "image" and isinstance(value, dict) and value.get("file_id"):
        return [Piece(str(value["file_id"]), kind="picture")]
    if isinstance(value, str):
        return [Piece(pretty(value))]
    return [Piece(pretty(output))]


def pretty(value: Any) -> str:
    """Return JSON indented and other text unchanged; empty for null."""
    if value is None:
        return ""
    if isinstance(value, str):
        try:
            known = json.loads(value)
        except ValueError:
            return value
        if not isinstance(known, dict | list):
            return value
        value = known
    return json.dumps(value, ensure_ascii=False, indent=2)


def _is_list_of_outputs(value: Any) -> bool:
    return isinstance(value, list) and _all_typed(value)


def _all_typed(values: Iterable[Any]) -> bool:
    return all(isinstance(one, dict) and "type" in one for one in values)
