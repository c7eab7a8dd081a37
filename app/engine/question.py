"""A chat's question: it is stored with its run and becomes a message when the run starts.

Not earlier: otherwise it would come before the answer to the previous question in the thread.
"""

from app.db import messages
from app.db.database import Connection
from app.db.rows import MessageRow, RunRow
from app.domain.clock import now
from app.domain.ids import new_id


def ask_question(connection: Connection, run: RunRow, not_before: int) -> None:
    """Add the question of a run that starts to its thread, if the run has one.

    `not_before`: when the thread's newest message was created (Unix time).
    """
    if run.question is None:
        return
    moment = max(now(), not_before)
    message = MessageRow(
        id=new_id("message"),
        created_at=moment,
        thread_id=run.thread_id,
        role="user",
        content=run.question.content,
        metadata=run.question.metadata,
        completed_at=moment,
    )
    messages.create(connection, message)


def ask_late(connection: Connection, run: RunRow) -> None:
    """Do the same for a run that waited in line."""
    if run.question is not None:
        ask_question(connection, run, messages.newest_time(connection, run.thread_id))
