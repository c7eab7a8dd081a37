"""Statements that count ratings, on the day that they were given. A day is one of UTC."""

from sqlalchemy import ColumnElement, Connection, case, func, select

from app.db.feedback_tables import feedback
from app.db.insight_days import DAY_MS, Key, Period
from app.db.tables import messages, threads

_day = (feedback.c.created_at // (DAY_MS // 1000)).label("day")
_assistant = messages.c.assistant_id.label("assistant")


def ratings(connection: Connection, period: Period) -> dict[Key, tuple[int, int]]:
    """Count thumbs up and down."""
    conditions = [
        feedback.c.project == period.project,
        feedback.c.created_at >= period.first_day * (DAY_MS // 1000),
        feedback.c.created_at < (period.last_day + 1) * (DAY_MS // 1000),
    ]
    if period.assistant_id is not None:
        conditions.append(messages.c.assistant_id == period.assistant_id)
    found = (
        select(_day, _assistant, _sum(feedback.c.rating == "up"), _sum(feedback.c.rating == "down"))
        .join(messages, messages.c.id == feedback.c.id)
        .join(threads, threads.c.id == messages.c.thread_id)
        .where(threads.c.project == period.project, *conditions)
        .group_by("day", "assistant")
    )
    return {
        # Imported messages may have no assistant.
        Key(day, assistant or ""): (int(up), int(down))
        for day, assistant, up, down in connection.execute(found)
    }


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
