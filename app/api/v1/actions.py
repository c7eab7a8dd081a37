"""`/actions`."""

from app.api.deps import CallerDep, PageDep, ServicesDep
from app.api.routing import router
from app.schemas.actions import (
    Action,
    ActionCall,
    ActionCreate,
    ActionDeleted,
    ActionOperations,
    ActionResult,
    ActionUpdate,
)
from app.schemas.common import ListPage

routes = router("actions")


@routes.post("/actions")
async def create_action(body: ActionCreate, services: ServicesDep, caller: CallerDep) -> Action:
    """Create an action: functions that this server calls, from an OpenAPI document."""
    return await services.actions.create(caller.project, body)


@routes.get("/actions")
async def list_actions(page: PageDep, services: ServicesDep, caller: CallerDep) -> ListPage[Action]:
    """List the actions, newest first."""
    return await services.actions.list(caller.project, page)


@routes.get("/actions/{action_id}")
async def retrieve_action(action_id: str, services: ServicesDep, caller: CallerDep) -> Action:
    """Retrieve an action. Its secret is never sent."""
    return await services.actions.retrieve(caller.project, action_id)


@routes.post("/actions/{action_id}")
async def update_action(
    action_id: str, services: ServicesDep, caller: CallerDep, body: ActionUpdate | None = None
) -> Action:
    """Change an action: omitted fields stay unchanged, null resets a field."""
    return await services.actions.update(caller.project, action_id, body or ActionUpdate())


@routes.delete("/actions/{action_id}")
async def delete_action(action_id: str, services: ServicesDep, caller: CallerDep) -> ActionDeleted:
    """Delete an action that no assistant and no draft lists any more; otherwise it's a 400."""
    return await services.actions.delete(caller.project, action_id)


@routes.get("/actions/{action_id}/operations")
async def list_action_operations(
    action_id: str, services: ServicesDep, caller: CallerDep
) -> ActionOperations:
    """List all operations of an action's document, with the functions made of them."""
    return await services.actions.operations(caller.project, action_id)


@routes.post("/actions/{action_id}/call")
async def call_action(
    action_id: str, body: ActionCall, services: ServicesDep, caller: CallerDep
) -> ActionResult:
    """Call an operation once, to try it. The answer is what the model would read."""
    return await services.actions.call(caller.project, action_id, body)
