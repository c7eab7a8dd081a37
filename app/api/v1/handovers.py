"""`/threads/{thread_id}/handover` and `/handovers`: a person answers in place of the assistant."""

from typing import Annotated

from fastapi import Query

from app.api.deps import CallerDep, PageDep, ServicesDep
from app.api.routing import router
from app.schemas.common import ListPage
from app.schemas.handovers import (
    Handover,
    HandoverReply,
    HandoverRequest,
    HandoverState,
    HandoverTake,
    ListedHandover,
    ThreadVisitor,
)
from app.schemas.messages import Message

routes = router("handovers")


@routes.get("/threads/{thread_id}/handover")
async def retrieve_handover(thread_id: str, services: ServicesDep, caller: CallerDep) -> Handover:
    """Return who answers in a thread, and the ID of its newest message. Cheap: made for polling."""
    return await services.handovers.retrieve(caller, thread_id)


@routes.post("/threads/{thread_id}/handover")
async def request_handover(
    thread_id: str, services: ServicesDep, caller: CallerDep, body: HandoverRequest | None = None
) -> Handover:
    """Ask for a person. Until one takes the thread, the assistant goes on answering."""
    return await services.handovers.request(caller, thread_id, body or HandoverRequest())


@routes.delete("/threads/{thread_id}/handover")
async def cancel_handover(thread_id: str, services: ServicesDep, caller: CallerDep) -> Handover:
    """Withdraw the request for a person."""
    return await services.handovers.cancel(caller, thread_id)


@routes.get("/threads/{thread_id}/visitor")
async def retrieve_thread_visitor(
    thread_id: str, services: ServicesDep, caller: CallerDep
) -> ThreadVisitor:
    """Return whose thread it is, if his site has signed that; otherwise 404."""
    return await services.handovers.visitor(caller, thread_id)


@routes.get("/visitors")
async def list_visitors(
    services: ServicesDep,
    caller: CallerDep,
    user: Annotated[
        str, Query(min_length=1, max_length=256, description="The `sub` of the site's tokens.")
    ],
) -> ListPage[ThreadVisitor]:
    """Find the visitor whom a site names so, whether he has threads or not: a list of one, or none.

    `DELETE /threads?user=` deletes him with his threads.
    """
    return await services.handovers.visitors_named(caller, user)


@routes.get("/handovers")
async def list_handovers(
    page: PageDep,
    services: ServicesDep,
    caller: CallerDep,
    state: Annotated[
        HandoverState | None, Query(description="Default: waiting and person.")
    ] = None,
) -> ListPage[ListedHandover]:
    """List the threads that wait for a person, or that one has taken, the newest request first."""
    return await services.handovers.list(caller, page, state)


@routes.post("/threads/{thread_id}/take")
async def take_thread(
    thread_id: str, body: HandoverTake, services: ServicesDep, caller: CallerDep
) -> Handover:
    """Answer in a thread as a person. The assistant stops, and is silent until `hand_back`."""
    return await services.handovers.take(caller, thread_id, body)


@routes.post("/threads/{thread_id}/reply")
async def reply_to_thread(
    thread_id: str, body: HandoverReply, services: ServicesDep, caller: CallerDep
) -> Message:
    """Add the message of the person who has taken the thread."""
    return await services.handovers.reply(caller, thread_id, body)


@routes.post("/threads/{thread_id}/hand_back")
async def hand_back_thread(thread_id: str, services: ServicesDep, caller: CallerDep) -> Handover:
    """Let the assistant answer again."""
    return await services.handovers.hand_back(caller, thread_id)
