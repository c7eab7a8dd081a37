"""`/health`: whether the service is alive. `/ready`: whether it should receive requests."""

from typing import Literal

from fastapi import Response

from app import __version__
from app.api.deps import ServicesDep
from app.api.routing import plain_router
from app.core.model import Api, Mode, Reach
from app.schemas.common import WireObject
from app.services.readiness import Up

# A plain router: these routes need no key and have no rate limit.
routes = plain_router("health")


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
    # The state of each upstream by its name; only if there are several.
    upstreams: dict[str, Reach] | None = None
    # The API of each upstream by its name, as far as it is known.
    apis: dict[str, Api] | None = None
    # "ok", or why it is off.
    code_interpreter: str


_NOT_READY = {
    "status": "not_ready",
    "database": "ok",
    "storage": "ok",
    "upstream": "unreachable",
    "code_interpreter": "ok",
}


@routes.get(
    "/health", responses={503: {"model": Health, "description": "The database does not answer."}}
)
async def health(services: ServicesDep, response: Response) -> Health:
    """Return whether the database answers, and the kind of model: demo, openai or custom."""
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
            "description": "A dependency does not answer, or the server is stopping.",
            "content": {"application/json": {"example": _NOT_READY}},
        }
    },
)
async def ready(services: ServicesDep, response: Response) -> Ready:
    """Return whether this server should receive requests: dependencies answer, no stop has begun.

    `upstream` is `refused` if the upstream refuses the key, and `not_found` if it has neither
    `/responses` nor `/chat/completions` at the configured address. If there are several upstreams,
    it is `ok` as soon as one of them is, and `upstreams` lists each by its name. `apis` names the
    API by which each is called. `code_interpreter` is `ok`, or says why it is off; the server is
    ready without it. Results are cached for five seconds.
    """
    found = await services.readiness.components()
    status: Literal["ready", "not_ready", "draining"] = "ready" if found.ready else "not_ready"
    # Read after the checks, since a shutdown may have begun during them.
    if services.readiness.draining:
        status = "draining"
    if status != "ready":
        response.status_code = 503
    return Ready(
        status=status,
        database=found.database,
        storage=found.storage,
        upstream=found.upstream,
        # Only names, which are not secret: this route needs no key.
        upstreams=dict(found.upstreams) if len(found.upstreams) > 1 else None,
        apis=dict(found.apis) or None,
        code_interpreter=services.readiness.code_interpreter,
    )
