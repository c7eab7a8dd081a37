"""Statements that count what a project's runs did, and how long they took.

They read ended runs in the index `runs_ended`, which has all columns they need. A day is one of
UTC, given by its number since 1970.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, case, distinct, func, select, true

from app.db.feedback_tables import feedback
from app.db.tables import messages, runs, threads

DAY_MS = 86_400_000

_FAILED = ("failed", "expired", "incomplete")
# Those that have an answer of which a reader could say how long it took.
_TIMED = ("completed", "incomplete")
_day = runs.c.ended_ms // DAY_MS
_rated_on = feedback.c.created_at // (DAY_MS // 1000)


@dataclass(frozen=True)
class Period:
    """Whole days, both included, of one assistant or of all."""

    project: str
    first_day: int
    last_day: int
    assistant_id: str | None = None


class Key(NamedTuple):
    """A day and an assistant; both None: the whole period."""

    day: int | None
    assistant_id: str | None


class Counts(NamedTuple):
    conversations: int
    answers: int
    failures: int
    nothing_found: int


class Times(NamedTuple):
    """Milliseconds, as the median and the 95th percentile of what was measured."""

    median: int | None
    p95: int | None


def counts(connection: Connection, period: Period, *, by_day: bool) -> dict[Key, Counts]:
    found = select(
        *_keys(by_day),
        func.count(distinct(runs.c.thread_id)),
        _sum(runs.c.status == "completed"),
        _sum(runs.c.status.in_(_FAILED)),
        _sum(runs.c.found_nothing),
    ).where(*_in(period))
    return {
        Key(day, assistant): Counts(*map(int, row))
        for day, assistant, *row in connection.execute(_grouped(found, by_day))
    }


def visitors(connection: Connection, period: Period, *, by_day: bool) -> dict[Key, int]:
    """Count different sessions."""
    keys = _keys(by_day)
    # Each thread once, before its row is read.
    seen = select(*keys, runs.c.thread_id).where(*_in(period)).distinct().subquery()
    found = (
        select(seen.c.day, seen.c.assistant, func.count(distinct(threads.c.session_id)))
        .join(threads, threads.c.id == seen.c.thread_id)
        .where(threads.c.session_id.is_not(None))
        .group_by(seen.c.day, seen.c.assistant)
    )
    return {Key(day, name): int(count) for day, name, count in connection.execute(found)}


def first_texts(connection: Connection, period: Period, *, by_day: bool) -> dict[Key, Times]:
    """Return how long the first text of answers took."""
    return _times(connection, period, runs.c.first_text_ms - runs.c.began_ms, by_day=by_day)


def responses(connection: Connection, period: Period, *, by_day: bool) -> dict[Key, Times]:
    """Return how long whole answers took."""
    return _times(connection, period, runs.c.ended_ms - runs.c.began_ms, by_day=by_day)


def ratings(connection: Connection, period: Period, *, by_day: bool) -> dict[Key, tuple[int, int]]:
    """Count thumbs up and down, on the day that they were given."""
    day, assistant = (_rated_on, messages.c.assistant_id) if by_day else _NO_KEYS
    conditions = [
        feedback.c.project == period.project,
        feedback.c.created_at >= period.first_day * (DAY_MS // 1000),
        feedback.c.created_at < (period.last_day + 1) * (DAY_MS // 1000),
    ]
    if period.assistant_id is not None:
        conditions.append(messages.c.assistant_id == period.assistant_id)
    found = (
        select(
            day.label("day"),
            assistant.label("assistant"),
            _sum(feedback.c.rating == "up"),
            _sum(feedback.c.rating == "down"),
        )
        .join(messages, messages.c.id == feedback.c.id)
        .where(*conditions)
    )
    return {
        # Imported messages may have no assistant.
        Key(row[0], (row[1] or "") if by_day else None): (int(row[2]), int(row[3]))
        for row in connection.execute(_grouped(found, by_day))
    }


def _times(
    connection: Connection, period: Period, took: ColumnElement[int], *, by_day: bool
) -> dict[Key, Times]:
    """Return percentiles as PostgreSQL's `percentile_disc` defines them, on both databases."""
    keys = _keys(by_day)
    # A clock may have been set back meanwhile.
    took = case((took < 0, 0), else_=took)
    measured = select(*keys, took.label("took")).where(*_in(period), took.is_not(None))
    some = measured.where(runs.c.status.in_(_TIMED)).subquery()
    part: Sequence[Any] = (some.c.day, some.c.assistant) if by_day else ()
    place = func.cume_dist().over(partition_by=part or None, order_by=some.c.took).label("place")
    ranked = select(some.c.day, some.c.assistant, some.c.took, place).subquery()
    found = select(
        ranked.c.day,
        ranked.c.assistant,
        func.min(case((ranked.c.place >= 0.5, ranked.c.took))),
        func.min(case((ranked.c.place >= 0.95, ranked.c.took))),
    ).group_by(ranked.c.day, ranked.c.assistant)
    return {Key(row[0], row[1]): Times(row[2], row[3]) for row in connection.execute(found)}


_NO_KEYS: tuple[Any, Any] = (case((true(), None)), case((true(), None)))


def _keys(by_day: bool) -> tuple[Any, Any]:
    day, assistant = (_day, runs.c.assistant_id) if by_day else _NO_KEYS
    return day.label("day"), assistant.label("assistant")


def _grouped(found: Select[Any], by_day: bool) -> Select[Any]:
    return found.group_by("day", "assistant") if by_day else found


def _in(period: Period) -> list[ColumnElement[bool]]:
    conditions = [
        runs.c.project == period.project,
        runs.c.ended_ms >= period.first_day * DAY_MS,
        runs.c.ended_ms < (period.last_day + 1) * DAY_MS,
    ]
    if period.assistant_id is not None:
        conditions.append(runs.c.assistant_id == period.assistant_id)
    return conditions


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
