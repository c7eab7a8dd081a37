"""Statements about messages."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, or_, select, update

from app.db import summaries
from app.db.paging import Page, read_page
from app.db.prepared import Prepared
from app.db.resource_uses import files_of, note_thread
from app.db.rows import MESSAGES, MessageRow
from app.db.summary_tables import summaries as summary_table
from app.db.tables import messages
from app.domain.errors import not_found
from app.schemas.messages import Said

_key = messages.c.id == bindparam("key")
_in_thread = messages.c.thread_id == bindparam("thread_id")
_newest_first = messages.c.sequence.desc()
# Columns that never change while a run writes a message, or that only the client changes.
_FIXED = (
    *("id", "thread_id", "created_at", "assistant_id", "run_id", "role"),
    *("attachments", "metadata", "imported", "attempt"),
)
_BATCH = 100
_NO_LIMIT = 2**63 - 1

_BY_ID = select(messages).where(_key, _in_thread)
_ANYWHERE = select(messages).where(_key)
_UPDATE = Prepared(update(messages).where(_key))
_DELETE = delete(messages).where(_key, _in_thread).returning(messages.c.sequence)
_OPEN = (
    select(messages)
    .where(messages.c.run_id == bindparam("run_id"), messages.c.status == "in_progress")
    .order_by(messages.c.sequence)
)
_HISTORY = (
    select(
        messages.c.sequence,
        messages.c.role,
        messages.c.content,
        messages.c.run_id,
    )
    .where(
        _in_thread,
        messages.c.status != "in_progress",
        or_(messages.c.run_id.is_(None), messages.c.run_id != bindparam("run_id")),
        messages.c.sequence <= bindparam("newest"),
    )
    .order_by(_newest_first)
    .limit(bindparam("count"))
)
_NEWEST = select(messages.c.sequence).where(_in_thread).order_by(_newest_first).limit(1)
_NEWEST_TIME = Prepared(
    select(messages.c.created_at).where(_in_thread).order_by(_newest_first).limit(1)
)
_QUESTION = select(messages.c.id).where(_in_thread, messages.c.role == "user").limit(1)
_before = messages.c.sequence < bindparam("before_sequence")
_HISTORY_PAGE = Prepared(_HISTORY)
_OLDER_HISTORY = Prepared(_HISTORY.where(_before))
# Not a newer summary than what the run may read.
_through = func.coalesce(
    select(summary_table.c.through)
    .where(
        summary_table.c.thread_id == bindparam("thread_id"),
        summary_table.c.through < bindparam("newest"),
    )
    .scalar_subquery(),
    0,
)
# In the same statement as the messages, so that a thread without a summary costs no query more.
_newer = _HISTORY.add_columns(_through.label("through")).where(messages.c.sequence > _through)
_SINCE_SUMMARY = Prepared(_newer)
_OLDER_SINCE_SUMMARY = Prepared(_newer.where(_before))
_OLDEST_FIRST = (
    select(messages.c.sequence, messages.c.role, messages.c.content, messages.c.run_id)
    .where(
        _in_thread,
        messages.c.sequence > bindparam("after"),
        messages.c.sequence < bindparam("before"),
        # A message that is still written, and what follows it, is not final.
        messages.c.sequence
        < func.coalesce(
            select(func.min(messages.c.sequence))
            .where(_in_thread, messages.c.status == "in_progress")
            .scalar_subquery(),
            _NO_LIMIT,
        ),
    )
    .order_by(messages.c.sequence)
    .limit(bindparam("count"))
)
_LAST_OF_RUN = (
    select(messages)
    .where(messages.c.run_id == bindparam("run_id"))
    .order_by(_newest_first)
    .limit(1)
)


class SinceSummary(NamedTuple):
    """A thread's messages, newest first, without those that a summary covers.

    `through` is the sequence of the newest message that it covers; 0: there is no summary.
    """

    newest_first: Iterator[Said]
    through: int


def create(connection: Connection, *new: MessageRow) -> None:
    """Insert the messages, in their order."""
    MESSAGES.insert(connection, *new)
    for message in new:
        _note_files(connection, message)


def save(connection: Connection, message: MessageRow) -> None:
    """Save the columns that may change while a run writes a message."""
    values = MESSAGES.values(message, without=_FIXED)
    _UPDATE.write(connection, {**values, "key": message.id})
    _note_files(connection, message)


def retrieve(connection: Connection, thread_id: str, message_id: str) -> MessageRow:
    """Raises `NotFound`."""
    row = connection.execute(_BY_ID, {"key": message_id, "thread_id": thread_id}).first()
    if row is None:
        raise not_found("message", message_id)
    return MESSAGES.read(row)


def find(connection: Connection, message_id: str) -> MessageRow | None:
    return MESSAGES.read_first(connection.execute(_ANYWHERE, {"key": message_id}).first())


def modify(
    connection: Connection, thread_id: str, message_id: str, values: dict[str, Any]
) -> MessageRow:
    """Write `values` (columns by name) and return the message. Raises `NotFound`."""
    message = retrieve(connection, thread_id, message_id)
    if values:
        _UPDATE.write(connection, {**MESSAGES.encoded(values), "key": message_id})
    return replace(message, **values)


def remove(connection: Connection, thread_id: str, message_id: str) -> None:
    """Delete the message, and the thread's summary if it covers it. Raises `NotFound`."""
    keys = {"key": message_id, "thread_id": thread_id}
    sequence = connection.execute(_DELETE, keys).scalar()
    if sequence is None:
        raise not_found("message", message_id)
    summaries.discard(connection, thread_id, sequence)


def list_page(
    connection: Connection, thread_id: str, page: Page, run_id: str | None
) -> tuple[list[MessageRow], bool]:
    only = {"run_id": run_id} if run_id else None
    rows, has_more = read_page(
        connection, messages, "message", page, only=only, thread_id=thread_id
    )
    return MESSAGES.read_all(rows), has_more


def newest_first(
    connection: Connection,
    thread_id: str,
    *,
    not_of_run: str,
    newest: int | None = None,
    at_once: int | None = None,
) -> Iterator[Said]:
    """Yield a thread's finished messages, newest first, reading `at_once` at a time.

    Messages of the run `not_of_run` are omitted: its rounds are replayed from its items.
    Messages with a sequence above `newest` are omitted too.
    """
    count = min(at_once or _BATCH, _BATCH)
    values = _history_values(thread_id, not_of_run, newest, count)
    rows = _HISTORY_PAGE.all(connection, values)
    return _said(connection, _OLDER_HISTORY, rows, values)


def since_summary(
    connection: Connection, thread_id: str, *, not_of_run: str, newest: int | None = None
) -> SinceSummary:
    """Do the same for the messages after those that the thread's summary covers."""
    values = _history_values(thread_id, not_of_run, newest, _BATCH)
    rows = _SINCE_SUMMARY.all(connection, values)
    through = rows[0][-1] if rows else 0
    return SinceSummary(_said(connection, _OLDER_SINCE_SUMMARY, rows, values), through)


def oldest_first(
    connection: Connection, thread_id: str, *, after: int, before: int
) -> Iterator[Said]:
    """Yield a thread's finished messages between two sequences, both exclusive, oldest first."""
    values = {"thread_id": thread_id, "after": after, "before": before, "count": _BATCH}
    while rows := connection.execute(_OLDEST_FIRST, values).all():
        yield from (Said(row.role, row.content, row.run_id, row.sequence) for row in rows)
        values["after"] = rows[-1].sequence


def _history_values(
    thread_id: str, not_of_run: str, newest: int | None, count: int
) -> dict[str, Any]:
    return {
        "thread_id": thread_id,
        "run_id": not_of_run,
        "newest": _NO_LIMIT if newest is None else newest,
        "count": count,
    }


def _said(
    connection: Connection,
    older: Prepared,
    rows: Sequence[tuple[Any, ...]],
    values: dict[str, Any],
) -> Iterator[Said]:
    """Yield the messages in `rows`, and those that `older` finds before them."""
    while True:
        for sequence, role, content, run_id, *_ in rows:
            yield Said(role, content, run_id, sequence)
        if len(rows) < values["count"]:
            return
        rows = older.all(connection, {**values, "before_sequence": rows[-1][0]})


def newest_sequence(connection: Connection, thread_id: str) -> int:
    """Return the sequence of the thread's newest message, 0 if it has none."""
    return connection.execute(_NEWEST, {"thread_id": thread_id}).scalar() or 0


def has_question(connection: Connection, thread_id: str) -> bool:
    """Return whether the thread has a user's message."""
    return connection.execute(_QUESTION, {"thread_id": thread_id}).first() is not None


def newest_time(connection: Connection, thread_id: str) -> int:
    """Return the `created_at` of the thread's newest message, 0 if it has none.

    A newer message must not have an earlier time: a clock may have been set back.
    """
    return _NEWEST_TIME.scalar(connection, {"thread_id": thread_id}) or 0


def open_of_run(connection: Connection, run_id: str) -> list[MessageRow]:
    """Return the messages that a run has begun and not finished."""
    return MESSAGES.read_all(connection.execute(_OPEN, {"run_id": run_id}))


def last_of_run(connection: Connection, run_id: str) -> MessageRow | None:
    return MESSAGES.read_first(connection.execute(_LAST_OF_RUN, {"run_id": run_id}).first())


def _note_files(connection: Connection, message: MessageRow) -> None:
    found = files_of(message.attachments, message.content)
    note_thread(connection, message.thread_id, found)
