"""What a project's assistants did, and what they could not answer."""

import asyncio
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import chain, groupby
from typing import Any

from app.db import insight_days, insights, usage
from app.db.database import Connection, Database
from app.db.insight_days import Key, Period, Tally
from app.domain.access import Caller
from app.domain.deadline import Deadline
from app.domain.errors import InvalidRequest
from app.engine.tally import PER_UNIT
from app.schemas.insights import (
    DayNumbers,
    DaySum,
    InsightList,
    Numbers,
    QuestionList,
    Seconds,
)
from app.services.questions import unanswered_questions

_DAYS = 30
MAX_DAYS = 366
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Asked:
    """What the caller wants to know. The last 30 days by default, in UTC."""

    start: date | None = None
    end: date | None = None
    assistant_id: str | None = None


@dataclass
class _Spent:
    prompt_tokens: int = 0
    completion_tokens: int = 0
    costs: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class _Found:
    """What was counted, by day and assistant."""

    tallies: dict[Key, Tally]
    ratings: dict[Key, tuple[int, int]]
    spent: dict[Key, list[usage.DayUsage]]


class InsightService:
    def __init__(self, database: Database, *, search_seconds: float) -> None:
        """`search_seconds`: how long the database may take for one report."""
        self._database = database
        self._search_seconds = search_seconds

    async def report(self, caller: Caller, asked: Asked) -> InsightList:
        """Report by day and assistant, and as a whole.

        Raises `InvalidRequest` and `SearchTimeout`.
        """
        first, last, period = _period(caller, asked)
        found = await self._database.search(
            Deadline(self._search_seconds), _find, period, first, last
        )
        # In a thread: it compares every answer of the period.
        return await asyncio.to_thread(_report, found, first, last)

    async def questions(self, caller: Caller, asked: Asked, limit: int) -> QuestionList:
        """Group the questions that found no passage or got a thumb down.

        Raises `InvalidRequest` and `SearchTimeout`.
        """
        first, last, period = _period(caller, asked)
        found = await self._database.search(
            Deadline(self._search_seconds), unanswered_questions, period
        )
        return QuestionList(
            start_date=first.isoformat(),
            end_date=last.isoformat(),
            # In a thread: thousands of questions with similar words take a second or more.
            data=await asyncio.to_thread(found.groups, limit),
            examined=len(found.asked),
            complete=found.complete,
        )


def _period(caller: Caller, asked: Asked) -> tuple[date, date, Period]:
    last = asked.end or datetime.now(UTC).date()
    first = asked.start or date.fromordinal(max(1, last.toordinal() - (_DAYS - 1)))
    days = last.toordinal() - first.toordinal() + 1
    if not 1 <= days <= MAX_DAYS:
        how = "after" if days < 1 else f"more than {MAX_DAYS} days before"
        raise InvalidRequest(
            f"Invalid 'start_date': it is {how} 'end_date'.",
            param="start_date",
            code="invalid_value",
        )
    numbers = (first.toordinal() - _EPOCH, last.toordinal() - _EPOCH)
    return first, last, Period(caller.project, *numbers, asked.assistant_id)


def _find(connection: Connection, period: Period, first: date, last: date) -> _Found:
    spent: dict[Key, list[usage.DayUsage]] = {}
    for one in usage.of_days(connection, period.project, first.isoformat(), last.isoformat()):
        if period.assistant_id in (None, one.assistant_id):
            day = date.fromisoformat(one.day).toordinal() - _EPOCH
            spent.setdefault(Key(day, one.assistant_id), []).append(one)
    return _Found(
        insight_days.read(connection, period), insights.ratings(connection, period), spent
    )


def _report(found: _Found, first: date, last: date) -> InsightList:
    keys = {*found.tallies, *found.ratings, *found.spent}
    order = sorted(keys, key=lambda key: (-key.day, key.assistant_id))
    return InsightList(
        start_date=first.isoformat(),
        end_date=last.isoformat(),
        data=[_row(key, found) for key in order],
        days=[_day(day, list(keys), found) for day, keys in groupby(order, lambda key: key.day)],
        total=Numbers(**_numbers(keys, found)),
    )


def _sum_up(spent: Iterable[usage.DayUsage]) -> _Spent:
    total = _Spent()
    for one in spent:
        total.prompt_tokens += one.prompt_tokens
        total.completion_tokens += one.completion_tokens
        if one.currency:
            total.costs[one.currency] += one.cost
    return total


def _row(key: Key, found: _Found) -> DayNumbers:
    numbers = _numbers([key], found)
    return DayNumbers(date=_date(key.day), assistant_id=key.assistant_id, **numbers)


def _day(day: int, keys: Sequence[Key], found: _Found) -> DaySum:
    return DaySum(date=_date(day), **_numbers(keys, found))


def _date(day: int) -> str:
    return date.fromordinal(day + _EPOCH).isoformat()


def _numbers(keys: Collection[Key], found: _Found) -> dict[str, Any]:
    tallies = [found.tallies[key] for key in keys if key in found.tallies]
    ratings = [found.ratings[key] for key in keys if key in found.ratings]
    spent = _sum_up(chain.from_iterable(found.spent.get(key, ()) for key in keys))
    return {
        "conversations": _different([one.threads for one in tallies]),
        "visitors": _different([one.visitors for one in tallies]),
        "answers": sum(one.answers for one in tallies),
        "failures": sum(one.failures for one in tallies),
        "nothing_found": sum(one.nothing_found for one in tallies),
        "thumbs_up": sum(up for up, _ in ratings),
        "thumbs_down": sum(down for _, down in ratings),
        "first_text": _percentiles([one.first_texts for one in tallies]),
        "response": _percentiles([one.responses for one in tallies]),
        "prompt_tokens": spent.prompt_tokens,
        "completion_tokens": spent.completion_tokens,
        "costs": {currency: cost / PER_UNIT for currency, cost in sorted(spent.costs.items())},
    }


def _different(hashes: Sequence[Collection[int]]) -> int:
    return len(hashes[0]) if len(hashes) == 1 else len(set().union(*hashes))


def _percentiles(times: Sequence[Sequence[int]]) -> Seconds:
    """Return percentiles as PostgreSQL's `percentile_disc` defines them.

    `times`: milliseconds, in several sorted sequences.
    """
    count = sum(map(len, times))
    if not count:
        return Seconds(median=None, p95=None)
    median, p95 = (_place(times, -(-count * part // 100)) / 1000 for part in (50, 95))
    return Seconds(median=median, p95=p95)


def _place(times: Sequence[Sequence[int]], number: int) -> int:
    """Return the smallest value that `number` values don't exceed, without merging them."""
    if len(times) == 1:
        return times[0][number - 1]
    low, high = 0, max(some[-1] for some in times if some)
    while low < high:
        middle = (low + high) // 2
        if sum(bisect_right(some, middle) for some in times) >= number:
            high = middle
        else:
            low = middle + 1
    return low
