"""What a project's runs have cost."""

from collections import Counter
from collections.abc import Collection
from datetime import UTC, date, datetime

from app.db import usage
from app.db.database import Database
from app.db.usage import DayUsage
from app.domain.access import Caller
from app.domain.errors import InvalidRequest
from app.engine.tally import PER_UNIT
from app.schemas.usage import Spent, UsageList, UsageRow

_DAYS = 30


class UsageService:
    def __init__(self, database: Database, unnamed: Collection[str]) -> None:
        """`unnamed`: projects whose names are derived from their keys, and therefore not shown."""
        self._database = database
        self._unnamed = unnamed

    async def report(self, caller: Caller, start: date | None, end: date | None) -> UsageList:
        """Report the days from `start` to `end` (UTC), inclusive; by default the last 30.

        Raises `InvalidRequest`.
        """
        last = end or datetime.now(UTC).date()
        # `date` has no days before ordinal 1.
        first = start or date.fromordinal(max(1, last.toordinal() - (_DAYS - 1)))
        if first > last:
            raise InvalidRequest(
                "Invalid 'start_date': it is after 'end_date'.",
                param="start_date",
                code="invalid_value",
            )
        days = await self._database.read(
            usage.of_days, caller.project, first.isoformat(), last.isoformat()
        )
        project = None if caller.project in self._unnamed else caller.project
        return UsageList(
            start_date=first.isoformat(),
            end_date=last.isoformat(),
            data=[_row(project, one) for one in days],
            total=_total(days),
        )


def _row(project: str | None, one: DayUsage) -> UsageRow:
    return UsageRow(
        date=one.day,
        project=project,
        assistant_id=one.assistant_id,
        model=one.model,
        answered_by=one.answered_by or None,
        answered_model=one.answered_model or None,
        runs=one.runs,
        prompt_tokens=one.prompt_tokens,
        completion_tokens=one.completion_tokens,
        total_tokens=one.prompt_tokens + one.completion_tokens,
        cost=one.cost / PER_UNIT if one.currency else None,
        currency=one.currency or None,
    )


def _total(days: list[DayUsage]) -> Spent:
    prompts = sum(one.prompt_tokens for one in days)
    answers = sum(one.completion_tokens for one in days)
    costs: Counter[str] = Counter()
    for one in days:
        if one.currency:
            costs[one.currency] += one.cost
    return Spent(
        runs=sum(one.runs for one in days),
        prompt_tokens=prompts,
        completion_tokens=answers,
        total_tokens=prompts + answers,
        costs={currency: cost / PER_UNIT for currency, cost in sorted(costs.items())},
    )
