"""Statements that list, search and delete many threads at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    cast,
    delete,
    exists,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.db import insight_days, past_ids
from app.db.message_index import threads_with
from app.db.paging import Page, read_page
from app.db.resource_uses import Taken, take_along
from app.db.rows import THREADS, ThreadRow
from app.db.tables import messages, threads
from app.db.visitor_tables import visitors
from app.domain.access import Caller

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
_HELD = select(threads.c.id).where(_among_keys).order_by(threads.c.sequence).with_for_update()
_REMOVE = delete(threads).where(_among_keys)


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


def list_page(
    connection: Connection, caller: Caller, page: Page, wanted: ThreadFilter
) -> tuple[list[ThreadInList], bool]:
    """Return the caller's threads, each with the beginning of its conversation.

    Raises `NotFound` for an unknown cursor.
    """
    scope: dict[str, Any] = {"project": caller.project}
    if caller.session is not None:
        scope["session_id"] = caller.session
    rows, has_more = read_page(
        connection, threads, "thread", page, where=conditions(connection, wanted), **scope
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


def remove(connection: Connection, keys: Sequence[str]) -> Taken:
    """Delete the threads, with their messages, runs and steps, and what only they used."""
    insight_days.forget(connection, keys)
    connection.execute(_REMOVE, {"keys": list(keys)})
    past_ids.note(connection, keys)
    return take_along(connection, keys)


def conditions(connection: Connection, wanted: ThreadFilter) -> list[ColumnElement[bool]]:
    """Return the conditions of the filter for rows of `threads`."""
    found = [_holds(connection, *pair) for pair in wanted.metadata]
    if wanted.user is not None:
        found.append(_of_user(wanted.user))
    if wanted.created_after is not None:
        found.append(threads.c.created_at > wanted.created_after)
    if wanted.created_before is not None:
        found.append(threads.c.created_at < wanted.created_before)
    if wanted.words is not None:
        found.append(threads_with(connection, wanted.words))
    if wanted.visitor_id is not None:
        found.append(threads.c.session_id == wanted.visitor_id)
    return found


def _of_user(subject: str) -> ColumnElement[bool]:
    return exists().where(
        visitors.c.session_id == threads.c.session_id,
        visitors.c.project == threads.c.project,
        visitors.c.subject == subject,
    )


def _holds(connection: Connection, key: str, value: str) -> ColumnElement[bool]:
    """Return the condition that a thread's metadata contains this pair."""
    if connection.dialect.name == "sqlite":
        # Not with a JSON path: a key may contain characters that a path can't.
        pairs = func.json_each(threads.c.metadata).table_valued("key", "value")
        return exists().select_from(pairs).where(pairs.c.key == key, pairs.c.value == value)
    return cast(threads.c.metadata, JSONB).contains({key: value})


def preview_of(content: Any, length: int = _PREVIEW_LENGTH) -> str | None:
    """Return the beginning of a message's text; None if it has no text."""
    texts = [part["text"]["value"] for part in content or () if part["type"] == "text"]
    return " ".join(" ".join(texts).split())[:length] or None
