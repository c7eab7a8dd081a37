"""`/threads/{thread_id}/messages`."""

from typing import Annotated

from fastapi import Query

from app.api.deps import PageDep, ServicesDep
from app.api.routing import router
from app.schemas.common import ListPage, MetadataUpdate
from app.schemas.messages import Message, MessageCreate, MessageDeleted

routes = router("messages")


@routes.post("/threads/{thread_id}/messages")
async def create_message(thread_id: str, body: MessageCreate, services: ServicesDep) -> Message:
    """Add a message to a thread on which no run is active."""
    return await services.messages.create(thread_id, body)


@routes.get("/threads/{thread_id}/messages")
async def list_messages(
    thread_id: str,
    page: PageDep,
    services: ServicesDep,
    run_id: Annotated[str | None, Query(description="Only those that this run made.")] = None,
) -> ListPage[Message]:
    """List a thread's messages, the newest first."""
    return await services.messages.list(thread_id, page, run_id)


@routes.get("/threads/{thread_id}/messages/{message_id}")
async def retrieve_message(thread_id: str, message_id: str, services: ServicesDep) -> Message:
    """Retrieve a message."""
    return await services.messages.retrieve(thread_id, message_id)


@routes.post("/threads/{thread_id}/messages/{message_id}")
async def update_message(
    thread_id: str, message_id: str, services: ServicesDep, body: MetadataUpdate | None = None
) -> Message:
    """Change a message's metadata."""
    return await services.messages.update(thread_id, message_id, body or MetadataUpdate())


@routes.delete("/threads/{thread_id}/messages/{message_id}")
async def delete_message(thread_id: str, message_id: str, services: ServicesDep) -> MessageDeleted:
    """Delete a message."""
    return await services.messages.delete(thread_id, message_id)
