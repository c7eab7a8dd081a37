"""Statements that list, search and delete many threads at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    bindparam,
    select,
)

from app.db import thread_pairs
from app.db.message_index import threads_with
from app.db.paging import Page, read_page
from app.db.rows import THREADS, ThreadRow
from app.db.tables import messages, threads
from app.db.visitor_tables import visitors
from app.domain.access import REMOVED, Caller

# In characters.
_PREVIEW_LENGTH = 120

_among_keys = threads.c.id.in_(bindparam("keys", expanding=True))

_first_asked = (
    select(messages.c.content)
    .where(messages.c.thread_id == threads.c.id, messages.c.role == "user")
    .order_by(messages.c.sequence)
    .limit(1)
    .scalar_subquery()
)
_FIRST_ASKED = select(threads.c.id, _first_asked.label("content")).where(_among_keys)
# In a fixed order, so that two transactions that delete the same threads don't deadlock.
_HELD = (
    select(threads.c.id)
    .where(_among_keys, threads.c.project != REMOVED)
    .order_by(threads.c.sequence)
    .with_for_update()
)


@dataclass(frozen=True)
class ThreadInList:
    """A thread, and the beginning of its first question, up to 120 characters."""

    thread: ThreadRow
    preview: str | None


@dataclass(frozen=True)
class ThreadFilter:
    """Selects threads; all conditions must be met. Times are Unix times, both exclusive."""

    metadata: Sequence[tuple[str, str]] = ()
    created_after: int | None = None
    created_before: int | None = None
    words: str | None = None
    # The `sub` of a visitor whom his site vouches for.
    user: str | None = None
    # A browser's session.
    visitor_id: str | None = None

    @property
    def is_empty(self) -> bool:
        return self == ThreadFilter()


@dataclass(frozen=True)
class Selection:
    """Conditions for rows of `threads`, and the column that the list is ordered by."""

    where: list[ColumnElement[bool]]
    by: Column[int]


def list_page(
    connection: Connection, caller: Caller, page: Page, wanted: ThreadFilter
) -> tuple[list[ThreadInList], bool]:
    """Return the caller's threads, each with the beginning of its conversation.

    Raises `NotFound` for an unknown cursor.
    """
    scope: dict[str, Any] = {"project": caller.project}
    if caller.session is not None:
        scope["session_id"] = caller.session
    selected = selection(connection, caller, wanted)
    rows, has_more = read_page(
        connection, threads, "thread", page, where=selected.where, by=selected.by, **scope
    )
    previews = first_questions(connection, [row.id for row in rows])
    return [ThreadInList(THREADS.read(row), previews.get(row.id)) for row in rows], has_more


def first_questions(connection: Connection, keys: Sequence[str]) -> dict[str, str | None]:
    """Return the beginning of each thread's first question, by the thread's id."""
    began = connection.execute(_FIRST_ASKED, {"keys": [*keys]})
    return {row.id: preview_of(row.content) for row in began}


def hold(connection: Connection, keys: Sequence[str]) -> list[str]:
    """Lock the threads until the transaction ends; return those that still exist."""
    return list(connection.execute(_HELD, {"keys": list(keys)}).scalars())


def selection(connection: Connection, caller: Caller, wanted: ThreadFilter) -> Selection:
    """Return what selects the caller's threads that the filter wants."""
    found: list[ColumnElement[bool]] = []
    by: Column[int] = threads.c.sequence
    # What a session or a visitor has is found by that, and is little.
    if caller.session is None and wanted.user is None and wanted.visitor_id is None:
        if wanted.metadata:
            found += thread_pairs.in_order(connection, caller.project, wanted.metadata)
            by = thread_pairs.ORDER
    else:
        found += [thread_pairs.holds(connection, *pair) for pair in wanted.metadata]
    if wanted.user is not None:
        found.append(_of_user(caller.project, wanted.user))
    if wanted.created_after is not None:
        found.append(threads.c.created_at > wanted.created_after)
    if wanted.created_before is not None:
        found.append(threads.c.created_at < wanted.created_before)
    if wanted.words is not None:
        found.append(threads_with(connection, wanted.words))
    if wanted.visitor_id is not None:
        found.append(threads.c.session_id == wanted.visitor_id)
    return Selection(found, by)


def _of_user(project: str, subject: str) -> ColumnElement[bool]:
    # The visitor is found first: he has one session, by which his threads are indexed.
    his = select(visitors.c.session_id).where(
        visitors.c.project == project, visitors.c.subject == subject
    )
    return threads.c.session_id == his.scalar_subquery()


def preview_of(content: Any, length: int = _PREVIEW_LENGTH) -> str | None:
    """Return the beginning of a message's text; None if it has no text."""
    texts = [part["text"]["value"] for part in content or () if part["type"] == "text"]
    return " ".join(" ".join(texts).split())[:length] or None
