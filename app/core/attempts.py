"""Retries of failed upstream calls, for every kind of client."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

from app.core.model import AttemptFailed
from app.core.refusals import Refusals
from app.core.upstream import Upstream
from app.core.upstream_errors import UpstreamErrors

T = TypeVar("T")

_log = logging.getLogger(__name__)

# The longest pause before a retry, in seconds. The SDK uses the same.
_LONGEST_PAUSE = 8.0


class Call(Protocol):
    """The call that the attempts belong to. It counts the retries."""

    def retried(self) -> None: ...


class Persistence:
    """How calls to one upstream are retried. It remembers what the upstream's models refuse."""

    def __init__(self, upstream: Upstream, refusals: Refusals, *, pause: float) -> None:
        """`pause`: seconds before the first retry, doubled each time."""
        self.upstream = upstream
        self.refusals = refusals
        self.errors = UpstreamErrors(upstream)
        self.pause = pause

    def begin(self, request: dict[str, Any], call: Call) -> "Attempts":
        return Attempts(self, self.refusals.without_known(request), call)


class Attempts:
    """The attempts of one call. `request` is what the next one sends."""

    def __init__(self, persistence: Persistence, request: dict[str, Any], call: Call) -> None:
        self.request = request
        self._how = persistence
        self._call = call
        self._retries = 0

    async def until_answered(self, ask: Callable[[dict[str, Any]], Awaitable[T]]) -> T:
        """Call `ask` until it does not raise `AttemptFailed`, and return its result.

        Raises `ModelError` if another attempt would be pointless.
        """
        while True:
            try:
                return await ask(self.request)
            except AttemptFailed as failed:
                await self.prepare_next(failed)

    async def prepare_next(self, failed: AttemptFailed) -> None:
        """Wait, or remove what was refused from `request`. Raises `ModelError` as above."""
        advice = failed.advice
        if advice.refusal is not None:
            smaller = self._how.refusals.adapt(self.request, advice.refusal)
            if smaller is not None:
                self.request = smaller
                return
        fields = {"upstream": self._how.upstream.place, **failed.seen}
        if not advice.again or self._retries >= self._how.upstream.max_retries:
            _log.warning("The upstream failed", extra={"fields": fields})
            raise self._how.errors.of(failed.error) from None
        self._retries += 1
        self._call.retried()
        _log.warning(
            "The upstream did not answer well: retry %d", self._retries, extra={"fields": fields}
        )
        await asyncio.sleep(self._next_pause() if advice.pause is None else advice.pause)

    def _next_pause(self) -> float:
        pause: float = min(self._how.pause * 2 ** (self._retries - 1), _LONGEST_PAUSE)
        # Jitter: other calls are waiting for the same server.
        return pause * random.uniform(0.75, 1)
