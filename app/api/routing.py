"""How every router of the API is made."""

from typing import Any

from fastapi import APIRouter

from app.api.guarded import GuardedRoute
from app.api.json_body import JsonRoute
from app.schemas.common import ErrorEnvelope

_INVALID: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorEnvelope, "description": "The request can't be carried out as it stands."},
}
_LIMITED: dict[int | str, dict[str, Any]] = {
    403: {"model": ErrorEnvelope, "description": "Not for this caller."},
    429: {"model": ErrorEnvelope, "description": "Too many requests, or runs, or tokens."},
}
_GUARDED: dict[int | str, dict[str, Any]] = {
    401: {"model": ErrorEnvelope, "description": "No key, or none that is known."},
    404: {"model": ErrorEnvelope, "description": "No such object."},
}


def router(tag: str) -> APIRouter:
    """Return a router for those who may call; see `GuardedRoute`."""
    return APIRouter(tags=[tag], route_class=GuardedRoute, responses=_INVALID | _LIMITED | _GUARDED)


def public_router(tag: str) -> APIRouter:
    """Return a router that anybody may call."""
    return APIRouter(tags=[tag], route_class=JsonRoute, responses=_INVALID | _LIMITED)


# What a chat may answer besides: its model's failures.
MODEL_FAILURES: dict[int | str, dict[str, Any]] = {
    502: {"model": ErrorEnvelope, "description": "The model failed; the message is kept."},
    503: {"model": ErrorEnvelope, "description": "The model is busy; the message is kept."},
}


# Besides its JSON, a route that can stream answers events where the body says `stream`.
EVENT_STREAM: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}
}
