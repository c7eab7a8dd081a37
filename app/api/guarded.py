"""Routes that check the caller before they read the body."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response

from app.api.json_body import JsonRoute
from app.api.visitor_errors import error_for
from app.domain.errors import ThreadkeeperError


class GuardedRoute(JsonRoute):
    """A route that only known callers reach; sets `request.state.caller`.

    The guard is called here and not as a FastAPI dependency, since those run after the body was
    read.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle, operation = super().get_route_handler(), self.name

        async def handle_guarded(request: Request) -> Response:
            request.state.caller = await request.app.state.services.guard.admit(request, operation)
            try:
                response = await handle(request)
            except ThreadkeeperError as error:
                raise error_for(request.state.caller, error) from error
            response.headers.update(rate_limit_headers(request))
            return response

        return handle_guarded


def rate_limit_headers(request: Request) -> dict[str, str]:
    """Return the caller's rate limit headers after this request; empty if nothing is counted."""
    headers: dict[str, str] = getattr(request.state, "rate_limit", {})
    return headers
