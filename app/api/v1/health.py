"""`/health`: is the service alive, and who answers. `/ready`: should it be given work."""

from typing import Literal

from fastapi import APIRouter, Response

from app import __version__
from app.api.deps import ServicesDep
from app.core.model import Mode, Reach
from app.schemas.common import WireObject
from app.services.readiness import Up

# Of another make than the other routers: who asks these needs no key, and is never limited.
routes = APIRouter(tags=["health"])


class Health(WireObject):
    status: Literal["ok", "unavailable"]
    version: str
    database: Up
    upstream: Mode


class Ready(WireObject):
    status: Literal["ready", "not_ready", "draining"]
    database: Up
    storage: Up
    upstream: Reach
    # Only if there are several: what each is found to be, by its name.
    upstreams: dict[str, Reach] | None = None


_NOT_READY = {
    "status": "not_ready",
    "database": "ok",
    "storage": "ok",
    "upstream": "unreachable",
}


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


@routes.get(
    "/ready",
    response_model_exclude_none=True,
    responses={
        503: {
            "model": Ready,
            "description": "Something it needs is missing, or it is stopping.",
            "content": {"application/json": {"example": _NOT_READY}},
        }
    },
)
async def ready(services: ServicesDep, response: Response) -> Ready:
    """Tell whether this server should be sent requests: what it needs is there, and it stays.

    `upstream` is `refused` if the upstream does not take the key, and `not_found` if it has no
    `/responses` at the configured address. If there are several, it is `ok` as soon as one of
    them can be asked, and `upstreams` has each by its name. A result is repeated for five seconds.
    """
    found = await services.readiness.components()
    status: Literal["ready", "not_ready", "draining"] = "ready" if found.ready else "not_ready"
    # Asked after the checks, during which a stop may have begun.
    if services.readiness.draining:
        status = "draining"
    if status != "ready":
        response.status_code = 503
    return Ready(
        status=status,
        database=found.database,
        storage=found.storage,
        upstream=found.upstream,
        # Names, which are no secret, and no addresses: no key is asked for here.
        upstreams=dict(found.upstreams) if len(found.upstreams) > 1 else None,
    )
