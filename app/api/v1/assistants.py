"""`/assistants`."""

from fastapi import Response

from app.api.deps import CallerDep, CreatorDep, PageDep, Services, ServicesDep
from app.api.retiring import retirement_headers
from app.api.routing import router
from app.domain.access import Caller
from app.schemas.assistants import Assistant, AssistantCreate, AssistantDeleted, AssistantUpdate
from app.schemas.common import ListPage

routes = router("assistants")


@routes.post("/assistants")
async def create_assistant(
    body: AssistantCreate, services: ServicesDep, caller: CreatorDep, response: Response
) -> Assistant:
    """Create an assistant: a model with instructions and tools."""
    assistant = await services.assistants.create(caller, body)
    return _announced(services, caller, response, assistant)


@routes.get("/assistants")
async def list_assistants(
    page: PageDep, services: ServicesDep, caller: CallerDep
) -> ListPage[Assistant]:
    """List the assistants, newest first."""
    return await services.assistants.list(caller.project, page)


@routes.get("/assistants/{assistant_id}")
async def retrieve_assistant(
    assistant_id: str, services: ServicesDep, caller: CallerDep, response: Response
) -> Assistant:
    """Retrieve an assistant."""
    assistant = await services.assistants.retrieve(caller.project, assistant_id)
    return _announced(services, caller, response, assistant)


@routes.post("/assistants/{assistant_id}")
async def update_assistant(
    assistant_id: str,
    services: ServicesDep,
    caller: CallerDep,
    response: Response,
    body: AssistantUpdate | None = None,
) -> Assistant:
    """Change an assistant: omitted fields stay unchanged, null resets a field."""
    changes = body or AssistantUpdate()
    assistant = await services.assistants.update(caller.project, assistant_id, changes)
    return _announced(services, caller, response, assistant)


@routes.delete("/assistants/{assistant_id}")
async def delete_assistant(
    assistant_id: str, services: ServicesDep, caller: CallerDep
) -> AssistantDeleted:
    """Delete an assistant. Threads and runs that used it stay."""
    return await services.assistants.delete(caller.project, assistant_id)


def _announced(
    services: Services, caller: Caller, response: Response, assistant: Assistant
) -> Assistant:
    """Add the headers about the shutdown of the assistant's model."""
    response.headers.update(retirement_headers(services, caller, assistant.model))
    return assistant
