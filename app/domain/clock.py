"""The clock for every time that is stored, sent or compared."""

import time

# Tests replace this to simulate a wrong clock.
_wall = time.time


def now() -> int:
    """Return the current Unix time in whole seconds, the unit of every `*_at` field."""
    return int(_wall())


def milliseconds() -> int:
    """Return the current Unix time in whole milliseconds, the unit of every `*_ms` column."""
    return int(_wall() * 1000)


def seconds() -> float:
    """Return the current Unix time in seconds, with fractions."""
    return _wall()
