"""Time as the wire tells it."""

import time


def now() -> int:
    """Return the current Unix time in whole seconds, the unit of every `*_at` field."""
    return int(time.time())
