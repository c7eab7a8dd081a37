"""`/assistants`."""

from app.api.deps import CallerDep, PageDep, ServicesDep
from app.api.routing import router
from app.schemas.assistants import Assistant, AssistantCreate, AssistantDeleted, AssistantUpdate
from app.schemas.common import ListPage

routes = router("assistants")


@routes.post("/assistants")
async def create_assistant(
    body: AssistantCreate, services: ServicesDep, caller: CallerDep
) -> Assistant:
    """Create an assistant: a model with instructions and tools."""
    return await services.assistants.create(caller.project, body)


@routes.get("/assistants")
async def list_assistants(
    page: PageDep, services: ServicesDep, caller: CallerDep
) -> ListPage[Assistant]:
    """List the assistants, newest first."""
    return await services.assistants.list(caller.project, page)


@routes.get("/assistants/{assistant_id}")
async def retrieve_assistant(
    assistant_id: str, services: ServicesDep, caller: CallerDep
) -> Assistant:
    """Retrieve an assistant."""
    return await services.assistants.retrieve(caller.project, assistant_id)


@routes.post("/assistants/{assistant_id}")
async def update_assistant(
    assistant_id: str, services: ServicesDep, caller: CallerDep, body: AssistantUpdate | None = None
) -> Assistant:
    """Change an assistant: omitted fields stay unchanged, null resets a field."""
    return await services.assistants.update(caller.project, assistant_id, body or AssistantUpdate())


@routes.delete("/assistants/{assistant_id}")
async def delete_assistant(
    assistant_id: str, services: ServicesDep, caller: CallerDep
) -> AssistantDeleted:
    """Delete an assistant. Threads and runs that used it stay."""
    return await services.assistants.delete(caller.project, assistant_id)
