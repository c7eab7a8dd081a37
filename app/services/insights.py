"""What a project's assistants did, and what they could not answer."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from app.db import insights, unanswered, usage
from app.db.database import Connection, Database
from app.db.insights import Counts, Key, Period, Times
from app.db.unanswered import Unanswered
from app.domain.access import Caller
from app.domain.deadline import Deadline
from app.domain.errors import InvalidRequest
from app.engine.tally import PER_UNIT
from app.schemas.insights import (
    AskedIn,
    DayNumbers,
    InsightList,
    Numbers,
    QuestionGroup,
    QuestionList,
    Seconds,
)
from app.services.question_groups import grouped

_DAYS = 30
MAX_DAYS = 366
# How many questions of each kind are compared, and how many examples a group has.
_COMPARED = 2000
_EXAMPLES = 5
_EPOCH = date(1970, 1, 1).toordinal()
_WHOLE = Key(None, None)
_NOT_MEASURED = Times(None, None)


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
    """What was counted, by day and assistant or for the whole period."""

    counts: dict[Key, Counts]
    visitors: dict[Key, int]
    ratings: dict[Key, tuple[int, int]]
    first_texts: dict[Key, Times]
    responses: dict[Key, Times]


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
        days, whole, spent = await self._database.search(
            Deadline(self._search_seconds), _report, period, first, last
        )
        of_days = {key: _sum_up(some) for key, some in _by_key(spent).items()}
        keys = {*days.counts, *days.ratings, *of_days}
        order = sorted(keys, key=lambda key: (-(key.day or 0), key.assistant_id or ""))
        return InsightList(
            start_date=first.isoformat(),
            end_date=last.isoformat(),
            data=[_row(key, days, of_days.get(key, _Spent())) for key in order],
            total=Numbers(**_numbers(_WHOLE, whole, _sum_up(spent))),
        )

    async def questions(self, caller: Caller, asked: Asked, limit: int) -> QuestionList:
        """Group the questions that found no passage or got a thumb down.

        Raises `InvalidRequest` and `SearchTimeout`.
        """
        first, last, period = _period(caller, asked)
        found, complete = await self._database.search(
            Deadline(self._search_seconds), unanswered.find, period, _COMPARED
        )
        # In a thread: thousands of questions with similar words take a second or more.
        groups = await asyncio.to_thread(grouped, found)
        return QuestionList(
            start_date=first.isoformat(),
            end_date=last.isoformat(),
            data=[_group(one) for one in groups[:limit]],
            examined=len(found),
            complete=complete,
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


def _report(
    connection: Connection, period: Period, first: date, last: date
) -> tuple[_Found, _Found, list[usage.DayUsage]]:
    spent = usage.of_days(connection, period.project, first.isoformat(), last.isoformat())
    if period.assistant_id is not None:
        spent = [one for one in spent if one.assistant_id == period.assistant_id]
    days, whole = (_found(connection, period, by_day=by_day) for by_day in (True, False))
    return days, whole, spent


def _found(connection: Connection, period: Period, *, by_day: bool) -> _Found:
    return _Found(
        insights.counts(connection, period, by_day=by_day),
        insights.visitors(connection, period, by_day=by_day),
        insights.ratings(connection, period, by_day=by_day),
        insights.first_texts(connection, period, by_day=by_day),
        insights.responses(connection, period, by_day=by_day),
    )


def _by_key(spent: Sequence[usage.DayUsage]) -> dict[Key, list[usage.DayUsage]]:
    found: dict[Key, list[usage.DayUsage]] = {}
    for one in spent:
        day = date.fromisoformat(one.day).toordinal() - _EPOCH
        found.setdefault(Key(day, one.assistant_id), []).append(one)
    return found


def _sum_up(spent: Sequence[usage.DayUsage]) -> _Spent:
    total = _Spent()
    for one in spent:
        total.prompt_tokens += one.prompt_tokens
        total.completion_tokens += one.completion_tokens
        if one.currency:
            total.costs[one.currency] += one.cost
    return total


def _row(key: Key, found: _Found, spent: _Spent) -> DayNumbers:
    day = date.fromordinal((key.day or 0) + _EPOCH).isoformat()
    numbers = _numbers(key, found, spent)
    return DayNumbers(date=day, assistant_id=key.assistant_id or "", **numbers)


def _numbers(key: Key, found: _Found, spent: _Spent) -> dict[str, object]:
    counts = found.counts.get(key, Counts(0, 0, 0, 0))
    up, down = found.ratings.get(key, (0, 0))
    return {
        **counts._asdict(),
        "visitors": found.visitors.get(key, 0),
        "thumbs_up": up,
        "thumbs_down": down,
        "first_text": _seconds(found.first_texts.get(key, _NOT_MEASURED)),
        "response": _seconds(found.responses.get(key, _NOT_MEASURED)),
        "prompt_tokens": spent.prompt_tokens,
        "completion_tokens": spent.completion_tokens,
        "costs": {currency: cost / PER_UNIT for currency, cost in sorted(spent.costs.items())},
    }


def _seconds(times: Times) -> Seconds:
    median, p95 = (None if one is None else one / 1000 for one in times)
    return Seconds(median=median, p95=p95)


def _group(asked: Sequence[Unanswered]) -> QuestionGroup:
    newest = asked[0]
    return QuestionGroup(
        question=newest.question,
        count=len(asked),
        nothing_found=sum(one.found_nothing for one in asked),
        thumbs_down=sum(one.rated_down for one in asked),
        last_asked_at=newest.asked_at,
        examples=[
            AskedIn(
                thread_id=one.thread_id,
                run_id=one.run_id,
                assistant_id=one.assistant_id,
                question=one.question,
                asked_at=one.asked_at,
                found_nothing=one.found_nothing,
                rated_down=one.rated_down,
                comment=one.comment,
            )
            for one in asked[:_EXAMPLES]
        ],
    )
