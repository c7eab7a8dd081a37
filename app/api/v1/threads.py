"""`/threads`."""

from app.api.deps import ServicesDep
from app.api.routing import router
from app.schemas.threads import Thread, ThreadCreate, ThreadDeleted, ThreadUpdate

routes = router("threads")


@routes.post("/threads")
async def create_thread(services: ServicesDep, body: ThreadCreate | None = None) -> Thread:
    """Create a thread, empty or with its first messages."""
    return await services.threads.create(body or ThreadCreate())


@routes.get("/threads/{thread_id}")
async def retrieve_thread(thread_id: str, services: ServicesDep) -> Thread:
    """Retrieve a thread."""
    return await services.threads.retrieve(thread_id)


@routes.post("/threads/{thread_id}")
async def update_thread(
    thread_id: str, services: ServicesDep, body: ThreadUpdate | None = None
) -> Thread:
    """Change a thread's metadata or tool resources."""
    return await services.threads.update(thread_id, body or ThreadUpdate())


@routes.delete("/threads/{thread_id}")
async def delete_thread(thread_id: str, services: ServicesDep) -> ThreadDeleted:
    """Delete a thread with its messages, runs and steps."""
    return await services.threads.delete(thread_id)
