"""Routes that check the caller before they read the body."""

import time

from fastapi import Request, Response

from app.api.attempts import Refusals
from app.api.guard import Guard
from app.api.json_body import Handler, JsonRequest, JsonRoute
from app.api.visitor_errors import error_for
from app.domain.access import Caller
from app.domain.errors import LimitReached, ThreadkeeperError, UnknownId

# The operations that answer an unknown assistant with `ADOPT_IDS`: those that need one.
_OF_ASSISTANTS = ("chat", "create_run", "create_thread_and_run")


class GuardedRoute(JsonRoute):
    """A route that only known callers reach; sets `request.state.caller`.

    The guard is called here and not as a FastAPI dependency, since those run after the body was
    read.
    """

    # Whether only the holder of `ADMIN_KEY` may call it.
    administrative = False

    def get_route_handler(self) -> Handler:
        handle, operation = super().get_route_handler(), self.name

        async def handle_guarded(request: Request) -> Response:
            state = request.state
            guard: Guard = request.app.state.services.guard
            state.arrived = time.monotonic()
            try:
                state.caller = await guard.admit(
                    request, operation, administrative=self.administrative
                )
            except LimitReached as error:
                _note(request, error)
                raise
            try:
                response = await handle(request)
            except ThreadkeeperError as error:
                _note(request, error)
                if (shown := error_for(state.caller, error)) is error:
                    raise
                raise shown from error
            if limits := rate_limit_headers(request):
                response.headers.update(limits)
            return response

        return handle_guarded

    async def respond(self, handle: Handler, request: JsonRequest) -> Response:
        """Return the response; if it fails because of an id to adopt, try again with it.

        Nothing has happened before such a failure: ids are looked up at the beginning of a call's
        transaction.
        """
        adopted: set[str] = set()
        while True:
            try:
                return await handle(request)
            except UnknownId as unknown:
                if unknown.kind in adopted or not self._names(request, unknown):
                    raise
                caller, services = request.state.caller, request.app.state.services
                if not await services.adoption.adopt(caller, unknown):
                    raise
                adopted.add(unknown.kind)

    def _names(self, request: JsonRequest, unknown: UnknownId) -> bool:
        """Return whether the call is about the id: not if it is only the start of a page."""
        if unknown.kind == "assistant":
            return self.name in _OF_ASSISTANTS
        in_path = request.path_params.get("thread_id")
        return unknown.kind == "thread" and (in_path is not None or self.name == "chat")


class AdminRoute(GuardedRoute):
    """A route that only the holder of `ADMIN_KEY` reaches."""

    administrative = True


def _note(request: Request, error: ThreadkeeperError) -> None:
    """Note that a request was refused, whose client may send it again."""
    caller: Caller | None = getattr(request.state, "caller", None)
    if request.method == "POST" and caller is not None:
        refusals: Refusals = request.app.state.refusals
        refusals.note(caller, error)


def rate_limit_headers(request: Request) -> dict[str, str]:
    """Return the caller's rate limit headers after this request; empty if nothing is counted."""
    headers: dict[str, str] = getattr(request.state, "rate_limit", {})
    return headers
