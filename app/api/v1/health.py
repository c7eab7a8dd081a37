"""`/health`: is the service alive, and who answers."""

from typing import Literal

from fastapi import APIRouter, Response

from app import __version__
from app.api.deps import ServicesDep
from app.core.model import Mode
from app.schemas.common import WireObject

routes = APIRouter(tags=["health"])


class Health(WireObject):
    status: Literal["ok", "unavailable"]
    version: str
    database: Literal["ok", "unavailable"]
    upstream: Mode


@routes.get("/health", responses={503: {"model": Health, "description": "No database."}})
async def health(services: ServicesDep, response: Response) -> Health:
    """Tell whether the database answers, and which model does: demo, openai or custom."""
    up = await services.database.is_up()
    if not up:
        response.status_code = 503
    return Health(
        status="ok" if up else "unavailable",
        version=__version__,
        database="ok" if up else "unavailable",
        upstream=services.model_mode,
    )
