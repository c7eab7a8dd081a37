"""Inserts threads and assistants under the ids of another server."""

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from app.db import assistants, past_ids, threads
from app.db.rows import AssistantRow, ThreadRow
from app.domain.errors import not_found


class IdTaken(Exception):
    """An object has the id already; the transaction is lost."""


def adopt_thread(connection: Connection, thread: ThreadRow) -> None:
    """Raises `IdTaken`, and `NotFound` if a thread with its id was deleted."""
    try:
        threads.create(connection, thread)
    except IntegrityError as error:
        raise IdTaken from error
    _check_never_deleted(connection, "thread", thread.id)


def adopt_assistant(connection: Connection, assistant: AssistantRow) -> None:
    """Raises `IdTaken`, and `NotFound` if an assistant with its id was deleted."""
    try:
        assistants.create(connection, assistant)
    except IntegrityError as error:
        raise IdTaken from error
    _check_never_deleted(connection, "assistant", assistant.id)


def _check_never_deleted(connection: Connection, kind: str, object_id: str) -> None:
    """Raises `NotFound`, which undoes the insertion.

    Checked after the insertion: before it, another request could still adopt and delete the id.
    """
    if past_ids.is_past(connection, object_id):
        raise not_found(kind, object_id)
