"""Statements about who answers in a thread: the bot or a person.

The state changes only here, by statements that name the states from which it may change.
"""

from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, select, text, update

from app.db.handover_rows import HANDOVERS, HandoverRow
from app.db.handover_tables import handovers
from app.db.paging import Page, read_page
from app.db.prepared import Prepared
from app.db.tables import assistants, messages, runs, status_in
from app.schemas.handovers import HandoverState

_key = handovers.c.id == bindparam("key")
_FIND = select(handovers).where(_key)
_STATE = Prepared(select(handovers.c.state, handovers.c.person).where(_key))
_ASSISTANT = (
    select(assistants.c.id, assistants.c.name)
    .join(runs, runs.c.assistant_id == assistants.c.id)
    .where(runs.c.thread_id == bindparam("key"))
    .order_by(runs.c.sequence.desc())
    .limit(1)
)
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


class Answerer(NamedTuple):
    """Who answers in a thread; `person` is None unless the state is `person`."""

    state: HandoverState
    person: str | None


class Named(NamedTuple):
    """An assistant's id and name."""

    id: str
    name: str | None


def find(connection: Connection, thread_id: str) -> HandoverRow | None:
    return HANDOVERS.read_first(connection.execute(_FIND, {"key": thread_id}).first())


def answerer(connection: Connection, thread_id: str) -> Answerer:
    found = _STATE.first(connection, {"key": thread_id})
    return Answerer("bot", None) if found is None else Answerer(*found)


def assistant_of(connection: Connection, thread_id: str) -> Named | None:
    """Return the assistant of the thread's newest run."""
    found = connection.execute(_ASSISTANT, {"key": thread_id}).first()
    return None if found is None else Named(found.id, found.name)


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
