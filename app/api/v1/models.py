"""`/models`."""

from app.api.deps import CallerDep, ServicesDep
from app.api.routing import router
from app.schemas.models import Model, ModelList

routes = router("models")


@routes.get("/models")
async def list_models(services: ServicesDep, _caller: CallerDep) -> ModelList:
    """List the models named in the server's settings and its assistants file."""
    return services.models.list()


# A name may contain slashes: `meta-llama/Llama-3.1-8B`.
@routes.get("/models/{model:path}")
async def retrieve_model(model: str, services: ServicesDep, _caller: CallerDep) -> Model:
    """Retrieve a model by its name."""
    return services.models.retrieve(model)
