"""Reads times in any common form, Korean ones too."""

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

# Beyond these, a number counts milliseconds, microseconds or nanoseconds.
_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
# Unix times before 1980 are more likely row numbers.
_OLDEST = 315_532_800
_LAST = 253_402_300_799

Read = Callable[[Any], int | None]


def reader_of_times(*, zone: str = "UTC", day_first: bool = False) -> Read:
    """Return a function that returns a value's Unix time, or None if it is no time.

    `zone`: where times without a zone were written. `day_first`: 01/03 is the first of March.
    Raises `ZoneInfoNotFoundError`.
    """
    place = UTC if zone == "UTC" else ZoneInfo(zone)

    @lru_cache(maxsize=4096)
    def read_text(text: str) -> int | None:
        return _from_text(text, place, day_first=day_first)

    def read(value: Any) -> int | None:
        if isinstance(value, bool) or value is None:
            return None
        if isinstance(value, int | float):
            return _from_number(float(value))
        return read_text(value.strip()) if isinstance(value, str) else None

    return read


def _from_number(number: float) -> int | None:
    for beyond, unit in _UNITS:
        if number >= beyond:
            number /= unit
            break
    return int(number) if _OLDEST <= number <= _LAST else None


def _from_text(text: str, zone: tzinfo, *, day_first: bool) -> int | None:
    if not text or len(text) > 100:
        return None
    try:
        return _from_number(float(text))
    except ValueError:
        pass
    try:
        found: datetime | None = datetime.fromisoformat(text)
    except ValueError:
        found = _in_words(text, day_first=day_first)
    if found is None:
        return None
    if found.tzinfo is None:
        found = found.replace(tzinfo=zone)
    seconds = int(found.timestamp())
    return seconds if 0 <= seconds <= _LAST else None


def _in_words(text: str, *, day_first: bool) -> datetime | None:
    # Imported here: it takes a fifth of a second, and ISO dates don't need it.
    import dateparser  # noqa: PLC0415

    order = "DMY" if day_first else "MDY"
    found: datetime | None = dateparser.parse(
        text,
        languages=["en", "ko"],
        settings={"DATE_ORDER": order, "REQUIRE_PARTS": ["year", "month", "day"]},
    )
    return found
