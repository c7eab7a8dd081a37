"""Divides long work into transactions that each take some hundredths of a second.

SQLite has one writer: what writes for longer makes every client wait.
"""

import time
from collections.abc import Callable, Sequence
from itertools import accumulate

from sqlalchemy import Connection

# Far below what a client notices; a commit on a slow disk is added to it.
_SECONDS = 0.03
# How many characters of messages one step takes, but at least one message. Adding so many to an
# index, or removing them, takes some milliseconds.
_CHARACTERS = 100_000


def in_slice(connection: Connection, step: Callable[[Connection], bool]) -> bool:
    """Repeat `step`, which does a little, as long as it returns True and there is time.

    At least one step is done. Returns whether there may be more to do.
    """
    end = time.monotonic() + _SECONDS
    while step(connection):
        if time.monotonic() >= end:
            return True
    return False


def together(rows: Sequence[tuple[int, int]]) -> list[int]:
    """Return the keys of the first rows that one step takes; `rows`: keys and their characters."""
    sums = accumulate(characters for _, characters in rows)
    keys = [key for (key, _), length in zip(rows, sums, strict=True) if length <= _CHARACTERS]
    return keys or [key for key, _ in rows[:1]]
