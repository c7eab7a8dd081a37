"""Which upstreams have just failed, so that others are asked for a while."""

import time
from collections.abc import Callable

# How long (in seconds) an upstream that failed is passed over.
_SECONDS = 30.0
# Clients choose the names of models; the oldest failures are forgotten first.
_REMEMBERED = 1024


class Circuit:
    """Remembers the failures of this process's calls, by key: an upstream, or one of its models."""

    def __init__(
        self, seconds: float = _SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._clock = clock
        # Until when each key is passed over.
        self._until: dict[str, float] = {}

    def failed(self, key: str) -> None:
        self._until.pop(key, None)
        self._until[key] = self._clock() + self._seconds
        if len(self._until) > _REMEMBERED:
            del self._until[next(iter(self._until))]

    def worked(self, *keys: str) -> None:
        for key in keys:
            self._until.pop(key, None)

    def passes(self, *keys: str) -> bool:
        """Return whether a call may be tried.

        Once the time is over, one call is let through, and the others wait for its outcome.
        """
        now = self._clock()
        waiting = [key for key in keys if key in self._until]
        if any(self._until[key] > now for key in waiting):
            return False
        for key in waiting:
            self._until[key] = now + self._seconds
        return True
