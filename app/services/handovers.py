"""Hands a conversation over to a person, and back to the bot."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.db import handovers, messages, runs, thread_lists, threads, visitors
from app.db.database import Connection, Database
from app.db.handover_rows import HandoverRow
from app.db.paging import Page
from app.db.rows import MessageRow, RunRow
from app.db.visitor_rows import VisitorRow
from app.domain.access import Caller
from app.domain.clock import now
from app.domain.errors import Forbidden, InvalidRequest, NotFound
from app.domain.ids import new_id
from app.engine.tasks import RunTasks
from app.schemas.common import ListPage
from app.schemas.handovers import (
    Handover,
    HandoverReply,
    HandoverRequest,
    HandoverState,
    HandoverTake,
    ListedHandover,
    ThreadVisitor,
    Visitor,
)
from app.schemas.messages import Message, MessageRole, text_part
from app.services.notifying import announce
from app.wire import message_object

# The pair in a message's metadata that says which person wrote it.
PERSON = "person"
_OPEN: tuple[HandoverState, ...] = ("waiting", "person")


@dataclass(frozen=True)
class Standing:
    """A thread's row, and its newest message's id."""

    row: HandoverRow
    newest: str | None


class HandoverService:
    def __init__(self, database: Database, tasks: RunTasks, wake: Callable[[], None]) -> None:
        """`wake` is called when a notification was written."""
        self._database = database
        self._tasks = tasks
        self._wake = wake

    async def retrieve(self, caller: Caller, thread_id: str) -> Handover:
        return _shown(await self._database.read(self._standing, caller, thread_id))

    async def visitor(self, caller: Caller, thread_id: str) -> ThreadVisitor:
        """Raises `NotFound` for the thread, and if no site says whose it is."""
        row = await self._database.read(self._visitor, caller, thread_id)
        if row is None:
            raise NotFound(f"No site says who the visitor of the thread '{thread_id}' is.")
        return _thread_visitor(row)

    async def visitors_named(self, caller: Caller, subject: str) -> ListPage[ThreadVisitor]:
        """List the visitor whose tokens have this `sub`, if there is one."""
        row = await self._database.read(visitors.find, caller.project, subject)
        found = [] if row is None else [_thread_visitor(row)]
        return ListPage[ThreadVisitor].of(found, has_more=False)

    async def request(self, caller: Caller, thread_id: str, body: HandoverRequest) -> Handover:
        """Ask for a person; asking again changes contact and note.

        Raises `NotFound`, and `InvalidRequest` if a person answers already.
        """
        standing = await self._database.transaction(self._request, caller, thread_id, body)
        self._wake()
        return _shown(standing)

    async def cancel(self, caller: Caller, thread_id: str) -> Handover:
        """Raises `NotFound`, and `InvalidRequest` unless the thread waits for a person."""
        return _shown(await self._database.transaction(self._cancel, caller, thread_id))

    async def take(self, caller: Caller, thread_id: str, body: HandoverTake) -> Handover:
        """Let a person answer in place of the bot. The runs in progress are cancelled.

        Raises `NotFound`, and `InvalidRequest` if another person has taken the thread.
        """
        standing, cancelled = await self._database.transaction(
            self._take, caller, thread_id, body.name
        )
        for run in cancelled:
            self._tasks.cancel(run)
        return _shown(standing)

    async def reply(self, caller: Caller, thread_id: str, body: HandoverReply) -> Message:
        """Add the person's message.

        Raises `NotFound`, and `InvalidRequest` if the bot or another person answers.
        """
        message = await self._database.transaction(self._reply, caller, thread_id, body)
        return message_object(message)

    async def hand_back(self, caller: Caller, thread_id: str) -> Handover:
        """Raises `NotFound`, and `InvalidRequest` if no person has taken the thread."""
        return _shown(await self._database.transaction(self._hand_back, caller, thread_id))

    # Transactions

    @staticmethod
    def _standing(connection: Connection, caller: Caller, thread_id: str) -> Standing:
        threads.retrieve(connection, caller, thread_id)
        return _standing(connection, caller, thread_id)

    @staticmethod
    def _visitor(connection: Connection, caller: Caller, thread_id: str) -> VisitorRow | None:
        threads.retrieve(connection, caller, thread_id)
        return visitors.of_thread(connection, thread_id)

    @staticmethod
    def _request(
        connection: Connection, caller: Caller, thread_id: str, body: HandoverRequest
    ) -> Standing:
        threads.lock(connection, caller, thread_id)
        before = handovers.ensure(connection, thread_id, caller.project)
        asked = before.requested_at if before.state == "waiting" else now()
        values = {"contact": body.contact or None, "note": body.note, "requested_at": asked}
        if not handovers.move(connection, thread_id, "waiting", **values, person=None):
            raise _taken(before)
        if before.state == "bot":
            # After a person was here, a new request is news, however soon it comes.
            after = before.taken_at or 0
            announce(connection, caller.project, "handover.requested", thread_id, after=after)
        return _standing(connection, caller, thread_id)

    @staticmethod
    def _cancel(connection: Connection, caller: Caller, thread_id: str) -> Standing:
        threads.lock(connection, caller, thread_id)
        if not handovers.move(connection, thread_id, "cancelled", requested_at=None):
            raise InvalidRequest(
                f"The thread '{thread_id}' does not wait for a person.", code="handover_not_waiting"
            )
        return _standing(connection, caller, thread_id)

    @staticmethod
    def _take(
        connection: Connection, caller: Caller, thread_id: str, name: str
    ) -> tuple[Standing, list[RunRow]]:
        threads.lock(connection, caller, thread_id)
        before = handovers.ensure(connection, thread_id, caller.project)
        if not handovers.move(connection, thread_id, "person", person=name, taken_at=now()):
            if before.person != name:
                raise _taken(before)
            return _standing(connection, caller, thread_id), []
        cancelled = _silence(connection, thread_id)
        return _standing(connection, caller, thread_id), cancelled

    @staticmethod
    def _reply(
        connection: Connection, caller: Caller, thread_id: str, body: HandoverReply
    ) -> MessageRow:
        threads.lock(connection, caller, thread_id)
        handover = handovers.find(connection, thread_id)
        if handover is None or handover.state != "person" or handover.person is None:
            raise _not_taken(thread_id)
        if body.name is not None and body.name != handover.person:
            raise _taken(handover)
        message = message_by_hand(
            connection, thread_id, "assistant", body.content, {PERSON: handover.person}
        )
        messages.create(connection, message)
        return message

    @staticmethod
    def _hand_back(connection: Connection, caller: Caller, thread_id: str) -> Standing:
        threads.lock(connection, caller, thread_id)
        if not handovers.move(connection, thread_id, "bot", person=None):
            raise _not_taken(thread_id)
        return _standing(connection, caller, thread_id)

    @staticmethod
    def _list(
        connection: Connection, caller: Caller, page: Page, states: tuple[HandoverState, ...]
    ) -> tuple[list[ListedHandover], bool]:
        rows, has_more = handovers.list_page(connection, caller.project, page, states)
        ids = [row.id for row in rows]
        previews = thread_lists.first_questions(connection, ids)
        known = visitors.of_threads(connection, ids)
        return [_listed(row, known.get(row.id), previews.get(row.id)) for row in rows], has_more

    async def list(
        self, caller: Caller, page: Page, state: HandoverState | None
    ) -> ListPage[ListedHandover]:
        """List the project's threads that wait for a person or that one has taken."""
        states = _OPEN if state is None else (state,)
        found, has_more = await self._database.read(self._list, caller, page, states)
        return ListPage[ListedHandover].of(found, has_more=has_more)


def check_writer(message: MessageRow, metadata: Mapping[str, str]) -> None:
    """Raise `Forbidden` if a visitor's metadata change who wrote the message."""
    if metadata.get(PERSON) != message.metadata.get(PERSON):
        raise Forbidden(
            f"The metadata's '{PERSON}' says which person wrote the message. A chat session can't "
            "change it.",
            code="session_not_allowed",
        )


def message_by_hand(
    connection: Connection,
    thread_id: str,
    role: MessageRole,
    content: str,
    metadata: dict[str, str],
) -> MessageRow:
    """Return a new message that no run writes, of the role `user` or `assistant`."""
    moment = max(now(), messages.newest_time(connection, thread_id))
    return MessageRow(
        id=new_id("message"),
        created_at=moment,
        thread_id=thread_id,
        role=role,
        content=[text_part(content)],
        metadata=metadata,
        completed_at=moment,
    )


def _silence(connection: Connection, thread_id: str) -> list[RunRow]:
    """Cancel the thread's runs. Each one's question becomes a message when it ends."""
    cancelled = []
    for run in runs.hold_active_on(connection, thread_id):
        if run.status != "cancelling":
            cancelled.append(runs.move(connection, run, "cancelling"))
    return cancelled


def _standing(connection: Connection, caller: Caller, thread_id: str) -> Standing:
    row = handovers.find(connection, thread_id)
    newest = handovers.newest_message(connection, thread_id)
    return Standing(row or HandoverRow(id=thread_id, project=caller.project), newest)


def _shown(standing: Standing) -> Handover:
    row = standing.row
    return Handover(
        thread_id=row.id,
        state=row.state,
        person=row.person,
        contact=row.contact,
        note=row.note,
        requested_at=row.requested_at,
        taken_at=row.taken_at,
        last_message_id=standing.newest,
    )


def _listed(row: HandoverRow, visitor: VisitorRow | None, preview: str | None) -> ListedHandover:
    return ListedHandover(
        id=row.id,
        state=row.state,
        person=row.person,
        contact=row.contact,
        note=row.note,
        requested_at=row.requested_at,
        taken_at=row.taken_at,
        visitor=_visitor(visitor) if visitor is not None else None,
        preview=preview,
    )


def _thread_visitor(row: VisitorRow) -> ThreadVisitor:
    return ThreadVisitor(id=row.subject, name=row.name, email=row.email, seen_at=row.seen_at)


def _visitor(row: VisitorRow) -> Visitor:
    return Visitor(id=row.subject, name=row.name, email=row.email)


def _taken(row: HandoverRow) -> InvalidRequest:
    return InvalidRequest(
        f"{row.person} already answers in the thread '{row.id}'.", code="handover_taken"
    )


def _not_taken(thread_id: str) -> InvalidRequest:
    return InvalidRequest(
        f"No person has taken the thread '{thread_id}'. Take it first.", code="handover_not_taken"
    )
