"""`/threads/{thread_id}/messages`."""

from typing import Annotated

from fastapi import Query, Response

from app.api.deps import CallerDep, CreatorDep, PageDep, ServicesDep
from app.api.long_pages import LONG, in_pieces
from app.api.routing import router
from app.schemas.common import ListPage, MetadataUpdate
from app.schemas.messages import Message, MessageCreate, MessageDeleted

routes = router("messages")


@routes.post("/threads/{thread_id}/messages")
async def create_message(
    thread_id: str, body: MessageCreate, services: ServicesDep, caller: CreatorDep
) -> Message:
    """Add a message to a thread that has no active run."""
    return await services.messages.create(caller, thread_id, body)


@routes.get("/threads/{thread_id}/messages", response_model=ListPage[Message])
async def list_messages(
    thread_id: str,
    page: PageDep,
    services: ServicesDep,
    caller: CallerDep,
    run_id: Annotated[str | None, Query(description="Only messages that this run created.")] = None,
) -> ListPage[Message] | Response:
    """List a thread's messages, newest first."""
    found = await services.messages.list(caller, thread_id, page, run_id)
    is_long = sum(message.characters for message in found.data) > LONG
    return await in_pieces(found) if is_long else found


@routes.get("/threads/{thread_id}/messages/{message_id}")
async def retrieve_message(
    thread_id: str, message_id: str, services: ServicesDep, caller: CallerDep
) -> Message:
    """Retrieve a message."""
    return await services.messages.retrieve(caller, thread_id, message_id)


@routes.post("/threads/{thread_id}/messages/{message_id}")
async def update_message(
    thread_id: str,
    message_id: str,
    services: ServicesDep,
    caller: CallerDep,
    body: MetadataUpdate | None = None,
) -> Message:
    """Change a message's metadata."""
    return await services.messages.update(caller, thread_id, message_id, body or MetadataUpdate())


@routes.delete("/threads/{thread_id}/messages/{message_id}")
async def delete_message(
    thread_id: str, message_id: str, services: ServicesDep, caller: CallerDep
) -> MessageDeleted:
    """Delete a message."""
    return await services.messages.delete(caller, thread_id, message_id)
