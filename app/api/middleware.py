"""Wraps every request: its id, its log line, its headers, and errors that nothing else handled."""

import logging
import time
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.address import put_right
from app.api.errors import render
from app.api.packed import TOO_LARGE
from app.api.sse import send_what_is_left
from app.core.instrumentation import Instrumentation
from app.core.logging import in_request
from app.domain.errors import StartError
from app.domain.ids import new_request_id

logger = logging.getLogger("app.request")

# Characters of a path that are logged; the API's own paths are shorter.
_LONGEST_PATH = 300


class RequestContext:
    """The outermost layer, in pure ASGI. One layer does it all, since each one costs time."""

    def __init__(
        self,
        app: ASGIApp,
        routes: Iterable[BaseRoute],
        instruments: Instrumentation,
    ) -> None:
        """`routes` are all routes of `app`: requests are counted by their path templates."""
        self._app = app
        self._templates = _templates(routes)
        self._metrics = instruments.metrics.requests
        self._telemetry = instruments.telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(self._app, scope, receive, send)
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, request_id = time.perf_counter(), new_request_id()
        response = _Response(scope, receive, send, request_id, started)

        with in_request(request_id):
            self._telemetry.name_request(request_id)
            try:
                put_right(scope)
                await self._app(scope, receive, response.send)
                await send_what_is_left(scope, receive, response.send)
            except Exception:
                fields = {"method": scope["method"], "path": _shown(scope)}
                logger.exception("request failed", extra={"fields": fields})
                if not response.complete:
                    # The response has begun, so only cutting it off shows the client that it
                    # failed. Otherwise `_on_fault` has sent a complete error.
                    raise
            finally:
                seconds = time.perf_counter() - started
                route = self._templates.get(scope.get("endpoint"), _NO_ROUTE)
                self._metrics.answered(scope["method"], route, response.status, seconds)
                fields = {
                    "method": scope["method"],
                    "path": _shown(scope),
                    "status": response.status,
                    "duration_ms": round(seconds * 1000, 1),
                }
                logger.info("request", extra={"fields": fields})


class _Response:
    """One response while it is sent: adds headers to it, and remembers its status.

    An object and not a closure, which would refer to itself and live until garbage is collected.
    """

    __slots__ = (
        *("_receive", "_refused", "_request_id", "_scope", "_send", "_started"),
        *("complete", "status"),
    )

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, request_id: str, started: float
    ) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._request_id = request_id
        self._started = started
        self._refused = False
        self.complete = False
        self.status = 0

    async def send(self, message: Message) -> None:
        if self._refused:
            return
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            if self.status == 413 and headers["content-type"].startswith("text/plain"):
                # The framework's own answer to a body that says it is too large.
                await render(TOO_LARGE)(self._scope, self._receive, self.send)
                self._refused = True
                return
            headers.append("x-request-id", self._request_id)
            duration = f"{(time.perf_counter() - self._started) * 1000:.0f}"
            headers.append("openai-processing-ms", duration)
        await self._send(message)
        self.complete = message["type"] == "http.response.body" and not message.get("more_body")


async def _lifespan(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Start and stop the application. A `StartError` is reported without a traceback."""
    failure: Message | None = None

    async def send_but_failures(message: Message) -> None:
        nonlocal failure
        if message["type"] == "lifespan.startup.failed":
            failure = message
        else:
            await send(message)

    try:
        await app(scope, receive, send_but_failures)
    except StartError as error:
        await send({"type": "lifespan.startup.failed", "message": str(error)})
    except BaseException:
        if failure is not None:
            await send(failure)
        raise


# The template that counts requests without a route: their paths would be unbounded.
_NO_ROUTE = "none"


def _templates(routes: Iterable[BaseRoute]) -> Mapping[Any, str]:
    """Return the routes' full path templates by endpoint; a mounted application counts as one."""
    templates: dict[Any, str] = {}
    for route in routes:
        called = getattr(route, "endpoint", None) or getattr(route, "app", None)
        path = getattr(route, "path", None)
        if called is not None and path is not None:
            templates.setdefault(called, path)
    return templates


def _shown(scope: Scope) -> str:
    """Return the path, shortened for the log: a client may send 64 KB of it repeatedly."""
    path: str = scope["path"]
    return path if len(path) <= _LONGEST_PATH else f"{path[:_LONGEST_PATH]}…"
