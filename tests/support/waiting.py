"""Waits for another thread or process: for a condition, never for a fixed time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

WAIT_SECONDS = 90.0
_BETWEEN_LOOKS = 0.005


def wait_until(look: Callable[[], T], seconds: float = WAIT_SECONDS) -> T:
    """Return the first true value that `look` returns; fail if there is none in time."""
    deadline = time.monotonic() + seconds
    while True:
        seen = look()
        if seen:
            return seen
        assert time.monotonic() < deadline, f"did not happen within {seconds} s, last seen: {seen}"
        time.sleep(_BETWEEN_LOOKS)
