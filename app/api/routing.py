"""Creates the API's routers, with the error responses that their routes share."""

import warnings
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from pydantic.warnings import UnsupportedFieldAttributeWarning

from app.api.guarded import AdminRoute, GuardedRoute
from app.api.json_body import JsonRoute
from app.api.later_route import LaterRoute

# The framework silences it while it builds validators; those of deferred models are built later.
warnings.filterwarnings("ignore", category=UnsupportedFieldAttributeWarning)
PREFIX = "/api/v1"

Responses = dict[int | str, dict[str, Any]]


def failure(description: str) -> dict[str, Any]:
    """Return the description of an error's response, whose schema `openapi.py` adds.

    As a `model`, the framework would make a validator of it, for each status of each route.
    """
    schema = {"$ref": "#/components/schemas/ErrorEnvelope"}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


_INVALID: Responses = {400: failure("The request is invalid.")}
_LIMITED: Responses = {
    403: failure("This caller may not do this."),
    429: failure("Too many requests, runs or tokens."),
}
GUARDED: Responses = {
    401: failure("The key is missing or unknown."),
    404: failure("No such object."),
}


def router(
    tag: str, route_class: type[LaterRoute] = GuardedRoute, *, prefix: str = PREFIX
) -> APIRouter:
    """Return a router for routes that check the caller; see `GuardedRoute`."""
    return _router(tag, route_class, _INVALID | _LIMITED | GUARDED, prefix)


def admin_router(tag: str) -> APIRouter:
    """Return a router for routes that only the holder of `ADMIN_KEY` may call."""
    return _router(tag, AdminRoute, _INVALID | _LIMITED | GUARDED, PREFIX)


def public_router(tag: str) -> APIRouter:
    """Return a router for routes that anybody may call."""
    return _router(tag, JsonRoute, _INVALID | _LIMITED, PREFIX)


def plain_router(tag: str, *, prefix: str = PREFIX) -> APIRouter:
    """Return a router for routes that take no body, and need no key."""
    return _router(tag, LaterRoute, {}, prefix)


def _router(
    tag: str, route_class: type[LaterRoute], responses: Responses, prefix: str
) -> APIRouter:
    return APIRouter(
        prefix=prefix,
        tags=[tag],
        route_class=route_class,
        responses=responses,
        generate_unique_id_function=_operation_id,
    )


def _operation_id(route: APIRoute) -> str:
    return route.name


# Additional responses of a chat: the model's failures.
MODEL_FAILURES: Responses = {
    502: failure("The model failed; the message is kept."),
    503: failure("The model is busy; the message is kept."),
}

CONFLICT: Responses = {409: failure("Somebody else changed it first.")}

# For routes that answer with JSON, or with events if the body has `"stream": true`.
EVENT_STREAM: Responses = {200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}}
