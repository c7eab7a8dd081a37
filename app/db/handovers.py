"""Statements about who answers in a thread: the bot or a person.

The state changes only here, by statements that name the states from which it may change.
"""

from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, text, update

from app.db.handover_rows import HANDOVERS, HandoverRow
from app.db.handover_tables import handovers
from app.db.paging import Page, read_page
from app.db.prepared import Prepared
from app.db.tables import messages, status_in

_key = handovers.c.id == bindparam("key")
_FIND = select(handovers).where(_key)
_PERSON = Prepared(select(handovers.c.person).where(_key, handovers.c.state == "person"))
_NEWEST = (
    select(messages.c.id)
    .where(messages.c.thread_id == bindparam("key"))
    .order_by(messages.c.sequence.desc())
    .limit(1)
)


def _from(*states: str) -> Any:
    return text(status_in(*states).replace("status", "state", 1))


_MOVE = {
    "waiting": update(handovers).where(_key, _from("bot", "waiting")).values(state="waiting"),
    "cancelled": update(handovers).where(_key, _from("waiting")).values(state="bot"),
    "person": update(handovers).where(_key, _from("bot", "waiting")).values(state="person"),
    "bot": update(handovers).where(_key, _from("person")).values(state="bot"),
}
# What nobody waits for any more.
_END = delete(handovers).where(_key, _from("bot"))


def find(connection: Connection, thread_id: str) -> HandoverRow | None:
    return HANDOVERS.read_first(connection.execute(_FIND, {"key": thread_id}).first())


def person_in(connection: Connection, thread_id: str) -> str | None:
    """Return who answers in the thread in place of the bot; None: the bot does."""
    found: str | None = _PERSON.scalar(connection, {"key": thread_id})
    return found


def ensure(connection: Connection, thread_id: str, project: str) -> HandoverRow:
    """Return the thread's row, a new one of state `bot` if it has none. The thread is locked.

    One of state `bot` becomes the newest: lists have the order in which persons were asked for.
    """
    found = find(connection, thread_id)
    if found is not None and connection.execute(_END, {"key": thread_id}).rowcount == 0:
        return found
    found = found or HandoverRow(id=thread_id, project=project)
    HANDOVERS.insert(connection, found)
    return found


def move(connection: Connection, thread_id: str, to: str, **values: Any) -> bool:
    """Change the state; return False if the thread is not in a state from which it may change.

    `to`: `waiting`, `cancelled`, `person` or `bot`.
    """
    return connection.execute(_MOVE[to], {**values, "key": thread_id}).rowcount == 1


def newest_message(connection: Connection, thread_id: str) -> str | None:
    """Return the id of the thread's newest message."""
    found: str | None = connection.execute(_NEWEST, {"key": thread_id}).scalar()
    return found


def list_page(
    connection: Connection, project: str, page: Page, states: tuple[str, ...]
) -> tuple[list[HandoverRow], bool]:
    rows, has_more = read_page(
        connection, handovers, "thread", page, only={"state": states}, project=project
    )
    return HANDOVERS.read_all(rows), has_more
