"""Statements about visitors whom their site vouches for, and what they did before it did."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, delete, exists, select, update

from app.db import insight_days
from app.db.file_tables import files
from app.db.tables import threads
from app.db.visitor_rows import VISITORS, VisitorRow
from app.db.visitor_tables import visitors
from app.domain.clock import now
from app.domain.ids import new_session_id

_of_subject = (
    visitors.c.project == bindparam("of_project"),
    visitors.c.subject == bindparam("of_subject"),
)
_BY_SUBJECT = select(visitors).where(*_of_subject)
_LOCKED = _BY_SUBJECT.with_for_update()
_BY_THREAD = select(visitors).where(
    visitors.c.session_id == threads.c.session_id, threads.c.id == bindparam("key")
)
_BY_THREADS = select(threads.c.id.label("thread"), visitors).where(
    visitors.c.session_id == threads.c.session_id,
    threads.c.id.in_(bindparam("keys", expanding=True)),
)
_SEEN = update(visitors).where(visitors.c.session_id == bindparam("key"))
# A session that belongs to a visitor with a name is never handed to another one.
_unnamed = ~exists().where(visitors.c.session_id == bindparam("earlier"))
_ADOPT = [
    update(table)
    .where(
        table.c.session_id == bindparam("earlier"),
        table.c.project == bindparam("of_project"),
        _unnamed,
    )
    .values(session_id=bindparam("key"))
    for table in (threads, files)
]
_EARLIER_THREADS = select(threads.c.id).where(
    threads.c.session_id == bindparam("earlier"), threads.c.project == bindparam("of_project")
)
_FORGET = delete(visitors).where(
    *_of_subject, ~exists().where(threads.c.session_id == visitors.c.session_id)
)


_FORGET_IDLE = delete(visitors).where(
    visitors.c.seen_at < bindparam("before"),
    *(~exists().where(table.c.session_id == visitors.c.session_id) for table in (threads, files)),
)


def find(connection: Connection, project: str, subject: str) -> VisitorRow | None:
    row = connection.execute(_BY_SUBJECT, {"of_project": project, "of_subject": subject}).first()
    return VISITORS.read_first(row)


def known(
    connection: Connection, project: str, subject: str, name: str | None, email: str | None
) -> VisitorRow:
    """Return the visitor with this subject, a new one if there is none, as he is called today."""
    found = find(connection, project, subject)
    if found is None:
        visitor = VisitorRow(
            session_id=new_session_id(),
            project=project,
            subject=subject,
            name=name,
            email=email,
            seen_at=now(),
        )
        # A transaction that loses the race to insert him is run again, and finds the other's row.
        VISITORS.insert(connection, visitor)
        return visitor
    values = {"name": name, "email": email, "seen_at": now()}
    connection.execute(_SEEN, {**values, "key": found.session_id})
    return VisitorRow(
        session_id=found.session_id,
        project=project,
        subject=subject,
        **values,  # type: ignore[arg-type]
    )


def adopt(connection: Connection, visitor: VisitorRow, session: str) -> None:
    """Make what an unnamed session created the visitor's."""
    keys = {"earlier": session, "of_project": visitor.project, "key": visitor.session_id}
    earlier = connection.execute(
        _EARLIER_THREADS, {"earlier": session, "of_project": visitor.project}
    )
    insight_days.forget(connection, earlier.scalars().all())
    for statement in _ADOPT:
        connection.execute(statement, keys)


def of_thread(connection: Connection, thread_id: str) -> VisitorRow | None:
    """Return whose thread it is; None if no site vouches for its visitor."""
    return VISITORS.read_first(connection.execute(_BY_THREAD, {"key": thread_id}).first())


def of_threads(connection: Connection, thread_ids: Sequence[str]) -> dict[str, VisitorRow]:
    """Return whose threads these are, by the thread's id; those that no site vouches for lack."""
    found = connection.execute(_BY_THREADS, {"keys": thread_ids})
    return {thread_id: VISITORS.read(row) for thread_id, *row in found}


def is_known(connection: Connection, session_id: str) -> bool:
    """Note that a user's session is in use; return whether it is still known whose it is.

    Until the transaction ends, he is not forgotten.
    """
    values = {"key": session_id, "seen_at": now()}
    return connection.execute(_SEEN, values).rowcount == 1


def forget(connection: Connection, project: str, subject: str) -> None:
    """Delete who the visitor is, if he has no threads left."""
    keys = {"of_project": project, "of_subject": subject}
    # First wait for those who create a thread for him: the second statement then sees it.
    connection.execute(_LOCKED, keys)
    connection.execute(_FORGET, keys)


def forget_idle(connection: Connection, before: int) -> int:
    """Delete who the visitors are that own nothing and were last seen before a Unix time.

    Return how many there were.
    """
    return connection.execute(_FORGET_IDLE, {"before": before}).rowcount
