"""Makes text safe for every database and encoder."""

import re
from typing import Any, TypeVar, cast

Value = TypeVar("Value")

# PostgreSQL refuses NUL, and a lone surrogate can't be encoded as UTF-8.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# The same as JSON escapes. The backslash may itself be escaped, so a match proves nothing yet.
_MAYBE_UNSTORABLE = re.compile(rb"\\u(?:0000|d[89a-f])", re.IGNORECASE)


def storable(value: Value) -> Value:
    """Return a JSON value with U+FFFD for characters that can't be stored, in keys too."""
    return cast(Value, _storable(value))


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    return value


def append(texts: dict[str, Any], key: str, piece: str) -> None:
    """Append to the text `texts[key]`, at the cost of the piece alone.

    `texts[key] += piece` copies the whole text each time, which adds up to minutes for a long
    answer in many pieces. CPython extends a text in place if a local variable has the only
    reference to it.
    """
    text = texts[key]
    texts[key] = ""
    text += piece
    texts[key] = text


def may_be_unstorable(data: bytes) -> bool:
    """Return whether this JSON may contain characters that `storable` would replace."""
    # Usually there is no such escape at all, which is found out fastest.
    return b"\\u" in data and _MAYBE_UNSTORABLE.search(data) is not None
