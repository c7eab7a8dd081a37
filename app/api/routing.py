"""Creates the API's routers, with the error responses that their routes share."""

from typing import Any

from fastapi import APIRouter

from app.api.guarded import AdminRoute, GuardedRoute
from app.api.json_body import JsonRoute
from app.schemas.common import ErrorEnvelope

_INVALID: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorEnvelope, "description": "The request is invalid."},
}
_LIMITED: dict[int | str, dict[str, Any]] = {
    403: {"model": ErrorEnvelope, "description": "This caller may not do this."},
    429: {"model": ErrorEnvelope, "description": "Too many requests, runs or tokens."},
}
GUARDED: dict[int | str, dict[str, Any]] = {
    401: {"model": ErrorEnvelope, "description": "The key is missing or unknown."},
    404: {"model": ErrorEnvelope, "description": "No such object."},
}


def router(tag: str, route_class: type[GuardedRoute] = GuardedRoute) -> APIRouter:
    """Return a router for routes that check the caller; see `GuardedRoute`."""
    return APIRouter(tags=[tag], route_class=route_class, responses=_INVALID | _LIMITED | GUARDED)


def admin_router(tag: str) -> APIRouter:
    """Return a router for routes that only the holder of `ADMIN_KEY` may call."""
    return APIRouter(tags=[tag], route_class=AdminRoute, responses=_INVALID | _LIMITED | GUARDED)


def public_router(tag: str) -> APIRouter:
    """Return a router for routes that anybody may call."""
    return APIRouter(tags=[tag], route_class=JsonRoute, responses=_INVALID | _LIMITED)


# Additional responses of a chat: the model's failures.
MODEL_FAILURES: dict[int | str, dict[str, Any]] = {
    502: {"model": ErrorEnvelope, "description": "The model failed; the message is kept."},
    503: {"model": ErrorEnvelope, "description": "The model is busy; the message is kept."},
}


CONFLICT: dict[int | str, dict[str, Any]] = {
    409: {"model": ErrorEnvelope, "description": "Somebody else changed it first."},
}

# For routes that answer with JSON, or with events if the body has `"stream": true`.
EVENT_STREAM: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}
}
