"""Statements about the usage of ended runs."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from sqlalchemy import Connection, bindparam, func, select, text

from app.db import key_usage
from app.db.prepared import Prepared
from app.db.rows import Answered
from app.db.usage_tables import usage
from app.domain.clock import now
from app.schemas.runs import Usage

# How many rows the usage of a day, assistant and model is split into; visitors' runs have as many
# again.
_PARTS = 8

# Plain SQL: SQLAlchemy has a different upsert for each database.
_ADD = Prepared(
    text(
        "INSERT INTO usage "
        "(project, day, assistant_id, model, answered_by, answered_model, currency, part, "
        "runs, prompt_tokens, completion_tokens, cost) "
        "VALUES (:project, :day, :assistant_id, :model, :answered_by, :answered_model, :currency, "
        ":part, :runs, :prompt, :completion, :cost) "
        "ON CONFLICT "
        "(project, day, assistant_id, model, answered_by, answered_model, currency, part) "
        "DO UPDATE SET "
        "runs = usage.runs + excluded.runs, "
        "prompt_tokens = usage.prompt_tokens + excluded.prompt_tokens, "
        "completion_tokens = usage.completion_tokens + excluded.completion_tokens, "
        "cost = usage.cost + excluded.cost"
    )
)
_TOKENS = select(
    func.coalesce(func.sum(usage.c.prompt_tokens + usage.c.completion_tokens), 0)
).where(usage.c.project == bindparam("project"), usage.c.day == bindparam("day"))
_TOKENS_OF_VISITORS = _TOKENS.where(usage.c.part >= _PARTS)
_KEYS = (
    *(usage.c.day, usage.c.assistant_id, usage.c.model),
    *(usage.c.answered_by, usage.c.answered_model, usage.c.currency),
)
_SUMS = (
    select(
        *_KEYS,
        func.sum(usage.c.runs).label("runs"),
        func.sum(usage.c.prompt_tokens).label("prompt_tokens"),
        func.sum(usage.c.completion_tokens).label("completion_tokens"),
        func.sum(usage.c.cost).label("cost"),
    )
    .where(
        usage.c.project == bindparam("project"),
        usage.c.day.between(bindparam("first_day"), bindparam("last_day")),
    )
    .group_by(*_KEYS)
    .order_by(usage.c.day.desc(), *_KEYS[1:])
)


class Share(NamedTuple):
    """The part of a run's usage that one upstream and model had."""

    answered: Answered
    usage: Usage


@dataclass(frozen=True)
class DayUsage:
    """The usage of one assistant and model on one day (UTC, as 2026-01-31), by who answered.

    `cost` is in billionths of `currency`. Texts are empty if they are not known.
    """

    day: str
    assistant_id: str
    model: str
    answered_by: str
    answered_model: str
    currency: str
    runs: int
    prompt_tokens: int
    completion_tokens: int
    cost: int


def today() -> str:
    return datetime.fromtimestamp(now(), UTC).date().isoformat()


class Counted(Protocol):
    """The fields of a run by which its usage is counted."""

    @property
    def assistant_id(self) -> str: ...

    @property
    def model(self) -> str: ...

    @property
    def by_visitor(self) -> bool: ...

    @property
    def key_id(self) -> str | None: ...


def add(
    connection: Connection,
    project: str,
    run: Counted,
    spent: Usage,
    shares: Sequence[Share] = (),
    *,
    runs: int = 1,
) -> None:
    """Count a run that has ended; `runs` is 0 for tokens that were used beside it.

    `shares`: its usage by who answered; the run itself is counted with the last of them.
    """
    key = {
        "project": project,
        "day": today(),
        "assistant_id": run.assistant_id,
        "model": run.model,
        "part": random.randrange(_PARTS) + (_PARTS if run.by_visitor else 0),
    }
    counted = shares or [Share(Answered("", ""), spent)]
    rows = [
        {
            **key,
            "answered_by": answered.upstream,
            "answered_model": answered.model,
            "currency": answered.currency,
            "runs": runs if number == len(counted) else 0,
            "prompt": used.prompt_tokens,
            "completion": used.completion_tokens,
            "cost": answered.cost,
        }
        for number, (answered, used) in enumerate(counted, 1)
    ]
    for row in rows:
        _ADD.run(connection, row)
    if run.key_id is not None:
        key_usage.add(connection, run.key_id, today(), spent.total_tokens)


def tokens_of(connection: Connection, project: str, day: str, *, of_visitors: bool = False) -> int:
    """Return how many tokens, of prompts and answers, a project's runs have used on a day.

    `of_visitors`: only runs that browser sessions created.
    """
    statement = _TOKENS_OF_VISITORS if of_visitors else _TOKENS
    return int(connection.execute(statement, {"project": project, "day": day}).scalar_one())


def of_days(connection: Connection, project: str, first_day: str, last_day: str) -> list[DayUsage]:
    """Return a project's usage, newest day first; both days are included."""
    keys = {"project": project, "first_day": first_day, "last_day": last_day}
    # PostgreSQL returns sums as `numeric`.
    return [
        DayUsage(*row[: len(_KEYS)], *map(int, row[len(_KEYS) :]))
        for row in connection.execute(_SUMS, keys)
    ]
