"""The APIs of an upstream, and which of them is called."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

import openai

from app.core.attempts import Attempts, Call, Persistence
from app.core.chat_completions.api import ChatCompletionsApi
from app.core.model import Api, AttemptFailed
from app.core.reachability import lacks_path
from app.core.responses_api import ResponsesApi
from app.core.upstream import APIS, Upstream
from app.core.upstream_http import UpstreamHttp
from app.core.wire_api import WireApi

_log = logging.getLogger(__name__)

# After how many seconds an upstream that lacked the first API is asked by it again: its operator
# may have updated it.
_ASK_AGAIN_SECONDS = 3600.0

_CREATE: dict[Api, Callable[[], WireApi]] = {
    "responses": ResponsesApi,
    "chat_completions": ChatCompletionsApi,
}


class Route:
    """One API of an upstream, and how it is called and retried."""

    def __init__(self, wire: WireApi, http: UpstreamHttp, persistence: Persistence) -> None:
        self.wire = wire
        self.http = http
        self._persistence = persistence

    def begin(self, request: dict[str, Any], call: Call, *, stream: bool) -> Attempts:
        return self._persistence.begin(self.wire.body(request, stream=stream), call)


def routes_of(
    upstream: Upstream, connect: Callable[[str], UpstreamHttp], pause: float
) -> list[Route]:
    """Return the APIs that may be called, the preferred one first.

    `connect(path)` posts to a path of the upstream; `pause` as in `Persistence`.
    """
    wires = [_CREATE[name]() for name in APIS[upstream.kind]]
    return [
        Route(wire, connect(wire.path), Persistence(upstream, wire.refusals, pause=pause))
        for wire in wires
    ]


class RouteChoice:
    """Remembers which API an upstream offers, for as long as the process runs."""

    def __init__(
        self,
        upstream: Upstream,
        routes: Sequence[Route],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._upstream = upstream
        self._routes = routes
        self._clock = clock
        self._known = routes[0] if len(routes) == 1 else None
        self._asked_first_at = clock()

    @property
    def api(self) -> Api | None:
        return self._known.wire.name if self._known else None

    def first(self) -> Route:
        """Return what is called first."""
        first = self._routes[0]
        if self._known is None or self._known is first:
            return first
        if self._clock() - self._asked_first_at < _ASK_AGAIN_SECONDS:
            return self._known
        self._asked_first_at = self._clock()
        return first

    def after(self, tried: Sequence[Route], failed: AttemptFailed) -> Route | None:
        """Return what is called instead, if the upstream lacks the path of the last one tried."""
        error = failed.error
        if not isinstance(error, openai.APIStatusError):
            return None
        if not lacks_path(error.status_code, error.body):
            return None
        return next((route for route in self._routes if route not in tried), None)

    def answered(self, route: Route) -> None:
        """Remember that the upstream offers this API."""
        if self._known is route:
            return
        self._known = route
        self._asked_first_at = self._clock()
        if len(self._routes) > 1:
            _log.info("The upstream %s is called by /%s", self._upstream.place, route.wire.path)

    def found(self, api: Api | None) -> None:
        """Take over what a check has found, unless a call has found it already."""
        if self._known is None:
            for route in self._routes:
                if route.wire.name == api:
                    self.answered(route)
