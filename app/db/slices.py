"""Divides long work into transactions that each take some hundredths of a second.

SQLite has one writer: what writes for longer makes every client wait.
"""

import time
from collections.abc import Callable

from sqlalchemy import Connection

# Far below what a client notices; a commit on a slow disk is added to it.
_SECONDS = 0.03


def in_slice(connection: Connection, step: Callable[[Connection], bool]) -> bool:
    """Repeat `step`, which does a little, as long as it returns True and there is time.

    At least one step is done. Returns whether there may be more to do.
    """
    end = time.monotonic() + _SECONDS
    while step(connection):
        if time.monotonic() >= end:
            return True
    return False
