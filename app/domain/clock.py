"""Time as the wire tells it. Everything that is written or compared as a time reads it here."""

import time

# What tests replace, to have a clock that is wrong.
_wall = time.time


def now() -> int:
    """Return the current Unix time in whole seconds, the unit of every `*_at` field."""
    return int(_wall())


def seconds() -> float:
    """Return the current Unix time in seconds, with fractions."""
    return _wall()
