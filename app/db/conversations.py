"""Statements that list threads as an owner sees them: with counts, ratings and what went wrong."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    and_,
    bindparam,
    exists,
    func,
    select,
)

from app.db.feedback_tables import feedback
from app.db.handover_tables import handovers
from app.db.paging import Page, read_page
from app.db.rows import THREADS, ThreadRow
from app.db.tables import messages, runs, threads
from app.db.thread_lists import ThreadFilter, first_questions, preview_of, selection
from app.domain.access import Caller
from app.schemas.conversations import Flag
from app.schemas.feedback import Rating

_FAILED = ("failed", "expired", "incomplete")
_of_threads: BindParameter[list[str]] = bindparam("keys", expanding=True)

# What each flag means for a thread. The index `runs_of_conversation` has the columns of `runs`.
_FLAGGED: Mapping[Flag, ColumnElement[bool]] = {
    "nothing_found": exists().where(runs.c.thread_id == threads.c.id, runs.c.found_nothing),
    "failed": exists().where(runs.c.thread_id == threads.c.id, runs.c.status.in_(_FAILED)),
    "needs_person": exists().where(handovers.c.id == threads.c.id, handovers.c.state == "waiting"),
}
_newest = (
    select(func.max(messages.c.sequence))
    .where(messages.c.thread_id == threads.c.id)
    .correlate(threads)
    .scalar_subquery()
)
_LAST = (
    select(messages.c.thread_id, messages.c.role, messages.c.content, messages.c.created_at)
    .select_from(threads)
    .join(messages, messages.c.sequence == _newest)
    .where(threads.c.id.in_(_of_threads))
)
_COUNTS = (
    select(messages.c.thread_id, func.count())
    .where(messages.c.thread_id.in_(_of_threads))
    .group_by(messages.c.thread_id)
)
_RUNS = (
    select(
        runs.c.thread_id,
        runs.c.assistant_id,
        runs.c.status,
        runs.c.found_nothing,
        func.count().label("count"),
    )
    .where(runs.c.thread_id.in_(_of_threads))
    .group_by(runs.c.thread_id, runs.c.assistant_id, runs.c.status, runs.c.found_nothing)
    .order_by(runs.c.thread_id, runs.c.assistant_id)
)
_RATINGS = (
    select(feedback.c.thread_id, feedback.c.rating, func.count().label("count"))
    .where(feedback.c.thread_id.in_(_of_threads))
    .group_by(feedback.c.thread_id, feedback.c.rating)
)
_WAITING = select(handovers.c.id).where(
    handovers.c.id.in_(_of_threads), handovers.c.state == "waiting"
)


@dataclass(frozen=True)
class ConversationFilter:
    """Selects threads; all conditions must be met. `visitors`: only those of browsers' sessions."""

    threads: ThreadFilter = field(default_factory=ThreadFilter)
    assistant_id: str | None = None
    rating: Rating | None = None
    flag: Flag | None = None
    visitors: bool = False


@dataclass
class Facts:
    """What is known about a thread beside its row. Previews have up to 120 characters."""

    preview: str | None = None
    last_role: Any = None
    last_preview: str | None = None
    last_at: int | None = None
    messages: int = 0
    answers: int = 0
    assistant_ids: list[str] = field(default_factory=list)
    flags: set[Flag] = field(default_factory=set)
    ratings: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Conversation:
    thread: ThreadRow
    facts: Facts


def list_page(
    connection: Connection, project: str, page: Page, wanted: ConversationFilter
) -> tuple[list[Conversation], bool]:
    """Return the project's threads. Raises `NotFound` for an unknown cursor."""
    selected = selection(connection, Caller(project), wanted.threads)
    where = [*selected.where, *_conditions(wanted)]
    rows, has_more = read_page(
        connection, threads, "thread", page, where=where, by=selected.by, project=project
    )
    return with_facts(connection, THREADS.read_all(rows)), has_more


def with_facts(connection: Connection, some: Sequence[ThreadRow]) -> list[Conversation]:
    facts: defaultdict[str, Facts] = defaultdict(Facts)
    keys = {"keys": [thread.id for thread in some]}
    for thread_id, preview in first_questions(connection, keys["keys"]).items():
        facts[thread_id].preview = preview
    for row in connection.execute(_LAST, keys):
        one = facts[row.thread_id]
        one.last_role, one.last_at = row.role, row.created_at
        one.last_preview = preview_of(row.content)
    for thread_id, count in connection.execute(_COUNTS, keys):
        facts[thread_id].messages = count
    for row in connection.execute(_RUNS, keys):
        _add_runs(facts[row.thread_id], row)
    for thread_id, rating, count in connection.execute(_RATINGS, keys):
        facts[thread_id].ratings[rating] = count
    for thread_id in connection.execute(_WAITING, keys).scalars():
        facts[thread_id].flags.add("needs_person")
    return [Conversation(thread, facts[thread.id]) for thread in some]


def _add_runs(facts: Facts, row: Any) -> None:
    if row.assistant_id not in facts.assistant_ids:
        facts.assistant_ids.append(row.assistant_id)
    if row.status == "completed":
        facts.answers += row.count
    if row.status in _FAILED:
        facts.flags.add("failed")
    if row.found_nothing:
        facts.flags.add("nothing_found")


def _conditions(wanted: ConversationFilter) -> list[ColumnElement[bool]]:
    found = [~threads.c.trial]
    if wanted.visitors:
        found.append(threads.c.session_id.is_not(None))
    if wanted.assistant_id is not None:
        of_assistant = runs.c.assistant_id == wanted.assistant_id
        found.append(exists().where(runs.c.thread_id == threads.c.id, of_assistant))
    if wanted.rating is not None:
        rated = and_(feedback.c.thread_id == threads.c.id, feedback.c.rating == wanted.rating)
        found.append(exists().where(rated))
    if wanted.flag is not None:
        found.append(_FLAGGED[wanted.flag])
    return found
