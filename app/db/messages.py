"""Statements about messages."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, bindparam, delete, or_, select, update

from app.db.paging import Page, read_page
from app.db.resource_uses import files_of, note_thread
from app.db.rows import MESSAGES, MessageRow
from app.db.tables import messages
from app.domain.errors import not_found
from app.schemas.messages import Said

_key = messages.c.id == bindparam("key")
_in_thread = messages.c.thread_id == bindparam("thread_id")
_newest_first = messages.c.sequence.desc()
# Columns that never change while a run writes a message, or that only the client changes.
_FIXED = (
    *("id", "thread_id", "created_at", "assistant_id", "run_id", "role"),
    *("attachments", "metadata"),
)
_BATCH = 100
_NO_LIMIT = 2**63 - 1

_BY_ID = select(messages).where(_key, _in_thread)
_ANYWHERE = select(messages).where(_key)
_UPDATE = update(messages).where(_key)
_DELETE = delete(messages).where(_key, _in_thread)
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
_NEWEST_TIME = select(messages.c.created_at).where(_in_thread).order_by(_newest_first).limit(1)
_QUESTION = select(messages.c.id).where(_in_thread, messages.c.role == "user").limit(1)
_OLDER_HISTORY = _HISTORY.where(messages.c.sequence < bindparam("before_sequence"))
_LAST_OF_RUN = (
    select(messages)
    .where(messages.c.run_id == bindparam("run_id"))
    .order_by(_newest_first)
    .limit(1)
)


def create(connection: Connection, *new: MessageRow) -> None:
    """Insert the messages, in their order."""
    MESSAGES.insert(connection, *new)
    for message in new:
        _note_files(connection, message)


def save(connection: Connection, message: MessageRow) -> None:
    """Save the columns that may change while a run writes a message."""
    values = MESSAGES.values(message, without=_FIXED)
    connection.execute(_UPDATE, {**values, "key": message.id})
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
        connection.execute(_UPDATE, {**MESSAGES.encoded(values), "key": message_id})
    return replace(message, **values)


def remove(connection: Connection, thread_id: str, message_id: str) -> None:
    """Raises `NotFound`."""
    keys = {"key": message_id, "thread_id": thread_id}
    if connection.execute(_DELETE, keys).rowcount == 0:
        raise not_found("message", message_id)


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
    values: dict[str, Any] = {
        "thread_id": thread_id,
        "run_id": not_of_run,
        "newest": _NO_LIMIT if newest is None else newest,
        "count": count,
    }
    statement = _HISTORY
    while True:
        rows = connection.execute(statement, values).all()
        yield from (Said(row.role, row.content, row.run_id) for row in rows)
        if len(rows) < count:
            return
        statement = _OLDER_HISTORY
        values["before_sequence"] = rows[-1].sequence


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
    return connection.execute(_NEWEST_TIME, {"thread_id": thread_id}).scalar() or 0


def open_of_run(connection: Connection, run_id: str) -> list[MessageRow]:
    """Return the messages that a run has begun and not finished."""
    return MESSAGES.read_all(connection.execute(_OPEN, {"run_id": run_id}))


def last_of_run(connection: Connection, run_id: str) -> MessageRow | None:
    return MESSAGES.read_first(connection.execute(_LAST_OF_RUN, {"run_id": run_id}).first())


def _note_files(connection: Connection, message: MessageRow) -> None:
    found = files_of(message.attachments, message.content)
    note_thread(connection, message.thread_id, found)
