"""The FastAPI application: serves what `app/assembly.py` builds over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app import __version__
from app.api import metrics as metrics_api
from app.api import root
from app.api.address import enter, put_under
from app.api.attempts import Refusals
from app.api.cross_origin import CrossOrigin
from app.api.deps import Services
from app.api.errors import register_error_handlers
from app.api.middleware import RequestContext
from app.api.openapi import complete_openapi
from app.api.pages import add_pages
from app.api.tracing import native_telemetry
from app.api.v1 import ROUTERS
from app.assembly import configured_assistants, running
from app.core.config import Settings
from app.core.instrumentation import Instrumentation
from app.core.lifetimes import Lifetimes
from app.core.membership import Membership
from app.core.signals import on_reload_signal, on_stop_signal
from app.engine.tools.functions.registry import FunctionRegistry, load_functions
from app.providers import configured_upstreams
from app.reloading import Reloader
from app.tools import TOOLS, MakeTool

_DESCRIPTION = """
A self-hosted server for programs written for OpenAI's Assistants API: point `base_url` at
`/api/v1`. A web page only needs one call, `POST /api/v1/chat`.
"""


# The response headers that pages of other origins may read.
_EXPOSED_HEADERS = [
    *("x-request-id", "x-thread-id", "x-run-id", "openai-poll-after-ms", "retry-after"),
    *("x-ratelimit-limit-requests", "x-ratelimit-remaining-requests"),
    *("x-ratelimit-reset-requests", "deprecation", "sunset", "link"),
]


def create_app(
    settings: Settings,
    *,
    tools: Sequence[MakeTool] = TOOLS,
    group: Membership | None = None,
) -> FastAPI:
    """Return the application. It opens and contacts nothing before its startup.

    `tools` are the protocol's tools that it runs, in addition to functions. `group`: if several
    processes serve it; it is made before they are forked.

    Raises `FunctionsError` if a functions file is invalid, and `StartError` if the assistants file
    or the providers file is.
    """
    loaded = load_functions(settings.functions_dir)
    functions = FunctionRegistry(loaded, timeout=settings.function_timeout)
    wanted = configured_assistants(settings, loaded)
    providers = configured_upstreams(settings)
    group = group or Membership()
    instruments = Instrumentation(__version__, group.metrics_folder)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        assert isinstance(app, _Application)
        parts_of = running(settings, functions, wanted, providers, instruments, tools, group)
        async with parts_of as parts:
            app.state.services = parts.services
            app.state.first_process = parts.first_process
            loop = asyncio.get_running_loop()
            drain = parts.supervisor.drain
            # At shutdown uvicorn waits for open streams, which wait for their runs, so the stop
            # signal must reach the runs first.
            reloader = Reloader(settings, parts, app.reconfigure)
            async with Lifetimes() as lifetimes:
                lifetimes.closes("reloader", reloader.close)
                with (
                    on_stop_signal(lambda: loop.call_soon_threadsafe(drain)),
                    on_reload_signal(lambda: loop.call_soon_threadsafe(reloader.begin)),
                ):
                    yield

    app = _Application(
        title="Threadkeeper",
        version=__version__,
        description=_DESCRIPTION,
        lifespan=lifespan,
        max_body_size=settings.max_body_bytes,
        telemetry=native_telemetry(instruments.telemetry),
        # The framework's own pages load their scripts from a CDN.
        docs_url=None,
        redoc_url=None,
    )
    # Set here, since FastAPI deprecates the constructor's argument.
    app.root_path = settings.root_path
    app.state.instruments = instruments
    app.state.refusals = Refusals()
    register_error_handlers(app)
    # Routers are searched in order, so the busiest come first.
    for router in (*ROUTERS, root.routes, metrics_api.routes):
        # Not included: that would build each route, and a second one from it.
        app.router.routes.extend(router.routes)
    add_pages(app)
    complete_openapi(app)
    app.user_middleware = _middleware(settings, app.added_origins)
    return app


class _Application(FastAPI):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        put_under(self.root_path, scope)
        enter(scope)
        await super().__call__(scope, receive, send)

    def build_middleware_stack(self) -> ASGIApp:
        # As an ordinary middleware it would be inside the framework's own, and miss its responses.
        inner = super().build_middleware_stack()
        return RequestContext(inner, self.routes, self.state.instruments)

    def added_origins(self) -> Collection[str]:
        """Return the origins that were added while the server runs; none before it has started."""
        services: Services | None = getattr(self.state, "services", None)
        return () if services is None else services.access.cors_origins

    def reconfigure(self, settings: Settings, services: Services) -> None:
        """Serve new requests with other settings; requests in progress keep the old ones."""
        self.user_middleware = _middleware(settings, self.added_origins)
        self.middleware_stack = self.build_middleware_stack()
        self.state.services = services


def _middleware(settings: Settings, added: Callable[[], Collection[str]]) -> list[Middleware]:
    """Return the middleware around the routes, outermost first.

    `added` returns the origins that were added to those of the settings.
    """
    found: list[Middleware] = []
    if settings.trusted_proxies:
        found.append(Middleware(ProxyHeadersMiddleware, trusted_hosts=settings.trusted_proxies))
    found.append(
        Middleware(
            CrossOrigin,
            origins=settings.cors_origins,
            added=added,
            exposed=_EXPOSED_HEADERS,
        )
    )
    return found
