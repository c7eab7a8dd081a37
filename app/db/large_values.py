"""JSON to and from the database, noticing large values.

PostgreSQL's driver keeps its buffers for the largest value that a connection has carried until the
connection is closed: images in messages would cost several megabytes for each connection.
"""

import threading
from typing import Any

import pydantic_core

_LARGE = 512 * 1024  # characters or bytes


class _OfThread(threading.local):
    passed = False


_of_thread = _OfThread()


def to_json(value: Any) -> str:
    """Return the value as JSON; numbers that JSON can't express, such as NaN, are null."""
    text = pydantic_core.to_json(value, inf_nan_mode="null").decode()
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
