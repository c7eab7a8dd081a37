"""Statements about what ended runs have cost."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from sqlalchemy import Connection, bindparam, func, select, text

from app.db.tables import usage
from app.domain.clock import now
from app.schemas.runs import Usage

# How many rows share a day of one assistant and model; as many again are for visitors' runs.
_PARTS = 8

# In SQL, and not as an insert of SQLAlchemy's: that has one for each kind of database.
_ADD = text(
    "INSERT INTO usage "
    "(project, day, assistant_id, model, part, runs, prompt_tokens, completion_tokens) "
    "VALUES (:project, :day, :assistant_id, :model, :part, 1, :prompt, :completion) "
    "ON CONFLICT (project, day, assistant_id, model, part) DO UPDATE SET "
    "runs = usage.runs + 1, "
    "prompt_tokens = usage.prompt_tokens + excluded.prompt_tokens, "
    "completion_tokens = usage.completion_tokens + excluded.completion_tokens"
)
_SPENT = select(
    func.coalesce(func.sum(usage.c.prompt_tokens + usage.c.completion_tokens), 0)
).where(usage.c.project == bindparam("project"), usage.c.day == bindparam("day"))
_SPENT_BY_VISITORS = _SPENT.where(usage.c.part >= _PARTS)
_SUMS = (
    select(
        usage.c.day,
        usage.c.assistant_id,
        usage.c.model,
        func.sum(usage.c.runs).label("runs"),
        func.sum(usage.c.prompt_tokens).label("prompt_tokens"),
        func.sum(usage.c.completion_tokens).label("completion_tokens"),
    )
    .where(
        usage.c.project == bindparam("project"),
        usage.c.day.between(bindparam("first_day"), bindparam("last_day")),
    )
    .group_by(usage.c.day, usage.c.assistant_id, usage.c.model)
    .order_by(usage.c.day.desc(), usage.c.assistant_id, usage.c.model)
)


@dataclass(frozen=True)
class DayUsage:
    """What the runs of one assistant and model have cost on one day (UTC, as 2026-01-31)."""

    day: str
    assistant_id: str
    model: str
    runs: int
    prompt_tokens: int
    completion_tokens: int


def today() -> str:
    return datetime.fromtimestamp(now(), UTC).date().isoformat()


class Counted(Protocol):
    """What a run's usage is counted by."""

    @property
    def assistant_id(self) -> str: ...

    @property
    def model(self) -> str: ...

    @property
    def by_visitor(self) -> bool: ...


def add(connection: Connection, project: str, run: Counted, spent: Usage) -> None:
    """Count a run that has ended."""
    connection.execute(
        _ADD,
        {
            "project": project,
            "day": today(),
            "assistant_id": run.assistant_id,
            "model": run.model,
            "part": random.randrange(_PARTS) + (_PARTS if run.by_visitor else 0),
            "prompt": spent.prompt_tokens,
            "completion": spent.completion_tokens,
        },
    )


def tokens_of(connection: Connection, project: str, day: str, *, of_visitors: bool = False) -> int:
    """Return the tokens, of prompts and answers, that a project's runs have cost on a day.

    `of_visitors`: only those that browsers' sessions made.
    """
    statement = _SPENT_BY_VISITORS if of_visitors else _SPENT
    return int(connection.execute(statement, {"project": project, "day": day}).scalar_one())


def of_days(connection: Connection, project: str, first_day: str, last_day: str) -> list[DayUsage]:
    """Return what a project's runs have cost, the newest day first; both days included."""
    keys = {"project": project, "first_day": first_day, "last_day": last_day}
    # Sums are of PostgreSQL's `numeric` type there.
    return [
        DayUsage(row.day, row.assistant_id, row.model, *map(int, row[3:]))
        for row in connection.execute(_SUMS, keys)
    ]
