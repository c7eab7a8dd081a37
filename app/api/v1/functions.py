"""`/functions`."""

from app.api.deps import CallerDep, ServicesDep
from app.api.routing import router
from app.schemas.functions import FunctionList

routes = router("models")


@routes.get("/functions")
async def list_functions(services: ServicesDep, _caller: CallerDep) -> FunctionList:
    """List the functions that this server calls itself, as function tools need them."""
    return services.functions.list()
