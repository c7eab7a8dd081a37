"""What people say about answers."""

from app.db import feedback, messages, threads
from app.db.database import Connection, Database
from app.db.feedback_rows import FeedbackRow
from app.db.paging import Page
from app.domain.access import Caller
from app.domain.clock import now
from app.domain.errors import InvalidRequest
from app.schemas.common import ListPage
from app.schemas.feedback import Feedback, FeedbackUpdate
from app.wire import feedback_object


class FeedbackService:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def give(
        self, caller: Caller, thread_id: str, message_id: str, body: FeedbackUpdate
    ) -> Feedback:
        """Rate an answer of the caller's thread. Raises `NotFound` and `InvalidRequest`."""
        given = await self._database.transaction(_give, caller, thread_id, message_id, body)
        if given is None:
            return Feedback(
                id=message_id,
                created_at=None,
                thread_id=thread_id,
                rating=None,
                comment=None,
                by_visitor=False,
            )
        return feedback_object(given)

    async def list(self, caller: Caller, thread_id: str, page: Page) -> ListPage[Feedback]:
        data, has_more = await self._database.read(_list, caller, thread_id, page)
        return ListPage[Feedback].of([feedback_object(row) for row in data], has_more=has_more)


def _give(
    connection: Connection,
    caller: Caller,
    thread_id: str,
    message_id: str,
    body: FeedbackUpdate,
) -> FeedbackRow | None:
    # Locked, so that two ratings of one message take turns.
    threads.lock(connection, caller, thread_id)
    message = messages.retrieve(connection, thread_id, message_id)
    if message.role != "assistant":
        raise InvalidRequest(
            f"Only messages of the assistant can be rated, and '{message_id}' is the user's.",
            param="message_id",
            code="not_an_answer",
        )
    if body.rating is None:
        feedback.remove(connection, thread_id, message_id)
        return None
    given = FeedbackRow(
        id=message_id,
        thread_id=thread_id,
        created_at=now(),
        project=caller.project,
        session_id=caller.session,
        rating=body.rating,
        comment=body.comment or None,
    )
    feedback.keep(connection, given)
    return given


def _list(
    connection: Connection, caller: Caller, thread_id: str, page: Page
) -> tuple[list[FeedbackRow], bool]:
    threads.retrieve(connection, caller, thread_id)
    return feedback.list_page(connection, thread_id, page)
