"""Lets pages of other origins read answers: those of `CORS_ORIGINS`, and those added since."""

from collections.abc import Callable, Collection

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send


class CrossOrigin(CORSMiddleware):
    """Starlette's middleware for origins that may be added while it is in use."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        origins: Collection[str],
        added: Callable[[], Collection[str]],
        exposed: Collection[str],
    ) -> None:
        """`added` returns further origins; pages may read the response headers `exposed`."""
        super().__init__(
            app,
            allow_origins=origins,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=exposed,
        )
        self._added = added

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Without origins, as if this middleware were not there.
        if scope["type"] == "http" and (self.allow_origins or self._added()):
            await super().__call__(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def is_allowed_origin(self, origin: str) -> bool:
        return super().is_allowed_origin(origin) or origin in self._added()
