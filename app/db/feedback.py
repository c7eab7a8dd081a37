"""Statements about what people say about answers."""

from sqlalchemy import Connection, bindparam, delete, update

from app.db.feedback_rows import FEEDBACK, FeedbackRow
from app.db.feedback_tables import feedback
from app.db.paging import Page, read_page

_of_message = (
    feedback.c.id == bindparam("key"),
    feedback.c.thread_id == bindparam("of_thread"),
)
_UPDATE = update(feedback).where(*_of_message)
_DELETE = delete(feedback).where(*_of_message)
_KEYS = ("id", "thread_id", "project")


def keep(connection: Connection, given: FeedbackRow) -> None:
    """Insert the message's feedback, or replace it. The thread must be locked."""
    values = FEEDBACK.values(given, without=_KEYS)
    keys = {"key": given.id, "of_thread": given.thread_id}
    if connection.execute(_UPDATE, {**values, **keys}).rowcount == 0:
        FEEDBACK.insert(connection, given)


def remove(connection: Connection, thread_id: str, message_id: str) -> None:
    connection.execute(_DELETE, {"key": message_id, "of_thread": thread_id})


def list_page(connection: Connection, thread_id: str, page: Page) -> tuple[list[FeedbackRow], bool]:
    """Return a page of what was said about a thread's messages. Raises `NotFound`."""
    rows, has_more = read_page(connection, feedback, "message", page, thread_id=thread_id)
    return FEEDBACK.read_all(rows), has_more
