"""Text as every database and every encoder takes it."""

import re
from typing import Any, TypeVar, cast

Value = TypeVar("Value")

# PostgreSQL refuses NUL; half a surrogate pair can't be written as UTF-8 at all.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# The same in JSON's bytes, if escaped. An escaped backslash may stand before it, so only maybe.
_MAYBE_UNSTORABLE = re.compile(rb"\\u(?:0000|d[89a-f])", re.IGNORECASE)


def storable(value: Value) -> Value:
    """Return a JSON value with U+FFFD for every character that can't be stored, in keys too."""
    return cast(Value, _storable(value))


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    return value


def may_be_unstorable(data: bytes) -> bool:
    """Tell whether the value of these bytes of JSON is worth a `storable`."""
    return _MAYBE_UNSTORABLE.search(data) is not None
