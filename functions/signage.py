"""Example functions for a digital signage network: its screens and their views.

An assistant can call every public function in this folder that it lists as a function tool. The
signature becomes the schema, the docstring the description. A real deployment would query its own
database here.
"""

from collections import Counter
from datetime import date, timedelta
from typing import Annotated, Any, Literal

from pydantic import Field

SCREENS = {
    "SCR-101": {"name": "강남역 1번 출구", "city": "서울", "size_inches": 75, "online": True},
    "SCR-102": {"name": "코엑스 동문", "city": "서울", "size_inches": 98, "online": True},
    "SCR-201": {"name": "해운대 광장", "city": "부산", "size_inches": 75, "online": True},
    "SCR-202": {"name": "Busan Station Hall", "city": "부산", "size_inches": 55, "online": False},
}

ScreenId = Annotated[str, Field(description="A screen's id, such as SCR-101.")]


def list_screens(
    city: Annotated[str | None, Field(description="Only screens in this city.")] = None,
) -> list[dict[str, Any]]:
    """List the screens (화면 목록) with their place, size and whether they are online."""
    return [
        {"id": screen_id, **screen}
        for screen_id, screen in SCREENS.items()
        if city is None or screen["city"] == city
    ]


def view_events(
    screen_id: ScreenId,
    day: Annotated[date, Field(description="The day, as YYYY-MM-DD.")],
    group_by: Literal["hour", "age"] = "hour",
) -> dict[str, Any]:
    """Count who looked at a screen on a day (시청 이벤트), by hour or by age group."""
    if screen_id not in SCREENS:
        raise ValueError(f"unknown screen: {screen_id}; list_screens returns all of them")
    events = _events(screen_id, day)
    counts = Counter(event[group_by] for event in events)
    return {"screen_id": screen_id, "day": day, "views": len(events), "by": dict(counts)}


def busiest_day(
    screen_id: ScreenId, until: date, days: Annotated[int, Field(ge=1, le=31)] = 7
) -> dict[str, Any]:
    """Find the day with the most views among the `days` days up to `until`."""
    counts = {
        day: len(_events(screen_id, day))
        for day in (until - timedelta(days=back) for back in range(days))
    }
    best = max(counts, key=lambda day: (counts[day], day))
    return {"screen_id": screen_id, "day": best, "views": counts[best]}


def _events(screen_id: str, day: date) -> list[dict[str, str]]:
    """Return invented view events, always the same for a screen and day."""
    seed = 7 * sum(map(ord, screen_id)) + 13 * day.toordinal()
    # From Monday to Sunday.
    busy = (0, 4, 8, 6, 30, 48, 36)[day.weekday()]
    ages = ("10s", "20s", "30s", "40s", "50s+")
    return [
        {"hour": f"{9 + (seed * 7 + event * 5) % 12:02}:00", "age": ages[(seed + event * 3) % 5]}
        for event in range(40 + busy + seed % 17)
    ]
