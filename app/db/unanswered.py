"""Statements that find the questions which found no passage, or whose answer got a thumb down."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, select
from sqlalchemy.sql.elements import ColumnElement

from app.db.feedback_tables import feedback
from app.db.insight_days import DAY_MS, Period
from app.db.tables import messages, runs, threads
from app.db.thread_lists import preview_of

# In characters.
_QUESTION_LENGTH = 500
_NO_LIMIT = 2**63 - 1

_asked = messages.alias("asked")
_answer = messages.alias("answer")
_answers_begin = func.coalesce(
    select(func.min(_answer.c.sequence))
    .where(_answer.c.run_id == runs.c.id)
    .correlate(runs)
    .scalar_subquery(),
    _NO_LIMIT,
)


def _question_before(thread_id: Any, place: Any, *of: Any) -> ColumnElement[Any]:
    return (
        select(_asked.c.content)
        .where(
            _asked.c.thread_id == thread_id,
            _asked.c.role == "user",
            _asked.c.sequence < place,
        )
        .order_by(_asked.c.sequence.desc())
        .limit(1)
        .correlate(*of)
        .scalar_subquery()
    )


_FOUND_NOTHING = (
    select(
        runs.c.id.label("run_id"),
        runs.c.thread_id,
        runs.c.assistant_id,
        runs.c.created_at,
        _question_before(runs.c.thread_id, _answers_begin, runs).label("content"),
    )
    .join(threads, threads.c.id == runs.c.thread_id)
    .where(
        threads.c.project == bindparam("project"),
        ~threads.c.trial,
        runs.c.project == bindparam("project"),
        runs.c.ended_ms >= bindparam("first"),
        runs.c.ended_ms < bindparam("end"),
        runs.c.found_nothing,
    )
    .order_by(runs.c.ended_ms.desc())
    .limit(bindparam("count"))
)
_RATED_DOWN = (
    select(
        messages.c.run_id,
        messages.c.thread_id,
        messages.c.assistant_id,
        messages.c.created_at,
        feedback.c.comment,
        _question_before(messages.c.thread_id, messages.c.sequence, messages).label("content"),
    )
    .join(messages, messages.c.id == feedback.c.id)
    .join(threads, threads.c.id == messages.c.thread_id)
    .where(
        threads.c.project == bindparam("project"),
        feedback.c.project == bindparam("project"),
        feedback.c.created_at >= bindparam("first_second"),
        feedback.c.created_at < bindparam("end_second"),
        feedback.c.rating == "down",
    )
    .order_by(feedback.c.created_at.desc())
    .limit(bindparam("count"))
)


@dataclass
class Unanswered:
    """A question of up to 500 characters, and what was the matter with its answer."""

    run_id: str | None
    thread_id: str
    assistant_id: str
    asked_at: int
    question: str
    found_nothing: bool = False
    rated_down: bool = False
    comment: str | None = None


def find(connection: Connection, period: Period, limit: int) -> tuple[list[Unanswered], bool]:
    """Return the newest questions of each kind, up to `limit`, and whether those are all."""
    keys: dict[str, Any] = {
        "project": period.project,
        "first": period.first_day * DAY_MS,
        "end": (period.last_day + 1) * DAY_MS,
        "count": limit + 1,
    }
    keys |= {"first_second": keys["first"] // 1000, "end_second": keys["end"] // 1000}
    nothing, down = _FOUND_NOTHING, _RATED_DOWN
    if period.assistant_id is not None:
        nothing = nothing.where(runs.c.assistant_id == period.assistant_id)
        down = down.where(and_(messages.c.assistant_id == period.assistant_id))
    unsuccessful = connection.execute(nothing, keys).all()
    rated = connection.execute(down, keys).all()
    found: dict[str, Unanswered] = {}
    for run in unsuccessful[:limit]:
        found[run.run_id] = _unanswered(run, found_nothing=True)
    for number, answer in enumerate(rated[:limit]):
        # Imported messages may have no run.
        one = found.setdefault(answer.run_id or f"*{number}", _unanswered(answer))
        one.rated_down, one.comment = True, answer.comment
    newest_first = sorted(found.values(), key=lambda one: one.asked_at, reverse=True)
    asked = [one for one in newest_first if one.question]
    return asked, max(len(unsuccessful), len(rated)) <= limit


def _unanswered(row: Any, *, found_nothing: bool = False) -> Unanswered:
    return Unanswered(
        run_id=row.run_id,
        thread_id=row.thread_id,
        assistant_id=row.assistant_id or "",
        asked_at=row.created_at,
        question=preview_of(row.content, _QUESTION_LENGTH) or "",
        found_nothing=found_nothing,
    )
