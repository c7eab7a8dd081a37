"""`/threads/{thread_id}/feedback`, and the feedback on one message."""

from app.api.deps import CallerDep, PageDep, ServicesDep
from app.api.routing import router
from app.schemas.common import ListPage
from app.schemas.feedback import Feedback, FeedbackUpdate

routes = router("feedback")


@routes.post("/threads/{thread_id}/messages/{message_id}/feedback")
async def give_feedback(
    thread_id: str,
    message_id: str,
    body: FeedbackUpdate,
    services: ServicesDep,
    caller: CallerDep,
) -> Feedback:
    """Rate an answer, up or down, with a comment; null removes the rating.

    A visitor's session may rate the answers in its own threads.
    """
    return await services.feedback.give(caller, thread_id, message_id, body)


@routes.get("/threads/{thread_id}/feedback")
async def list_feedback(
    thread_id: str, page: PageDep, services: ServicesDep, caller: CallerDep
) -> ListPage[Feedback]:
    """List the ratings of a thread's answers, newest first. Their ids are the messages'."""
    return await services.feedback.list(caller, thread_id, page)
