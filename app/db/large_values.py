"""JSON to and from the database, noticing large values.

PostgreSQL's driver keeps its buffers for the largest value that a connection has carried until the
connection is closed: images in messages would cost several megabytes for each connection.
"""

import json
import threading
from typing import Any

import pydantic_core

_LARGE = 512 * 1024  # characters or bytes

# Created once: `json.dumps` with options creates an encoder for every value.
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


class _OfThread(threading.local):
    passed = False


_of_thread = _OfThread()


# Most values of a chat turn are empty.
_EMPTY: dict[type, str] = {dict: "{}", list: "[]"}


def to_json(value: Any) -> str:
    if not value and (empty := _EMPTY.get(type(value))):
        return empty
    text = _encode(value)
    if len(text) > _LARGE:
        _of_thread.passed = True
    return text


def from_json(data: str | bytes) -> Any:
    if len(data) > _LARGE:
        _of_thread.passed = True
    return pydantic_core.from_json(data)


def large_value_passed() -> bool:
    """Return whether this thread has read or written a large value since the last call."""
    passed, _of_thread.passed = _of_thread.passed, False
    return passed
