"""JSON and JSON Lines: formatted with line breaks, so that it can be cut, and without escapes."""

import io
import json
from collections.abc import Iterator
from typing import Any

from app.knowledge.readers.text import whole


def parts(file: io.FileIO, limits: dict[str, Any]) -> Iterator[str]:
    text = whole(file, limits)
    try:
        yield _laid_out(text)
    except (ValueError, RecursionError):
        yield from map(_line, text.splitlines())


def _line(line: str) -> str:
    try:
        return _laid_out(line)
    except (ValueError, RecursionError):
        return line  # even invalid JSON is text


def _laid_out(text: str) -> str:
    return json.dumps(json.loads(text), ensure_ascii=False, indent=1)
