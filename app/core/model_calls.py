"""How many calls to models a process makes at once."""

import asyncio

from app.core.instrumentation import Instrumentation
from app.domain.errors import ServerFull

# How soon a client that was refused should try again, in seconds.
_AGAIN_SECONDS = 2


class ModelCalls:
    """Makes calls wait for their turn beyond a limit; meanwhile, new runs are refused.

    Only calls of runs that were accepted wait, so a run's expiry bounds how long.
    """

    def __init__(self, most: int, instruments: Instrumentation | None = None) -> None:
        self.most = most
        self._active = 0
        self._waiting = 0
        self._turns = asyncio.Semaphore(most)
        self._metrics = instruments.metrics.model_calls if instruments else None
        if self._metrics is not None:
            self._metrics.most.set(most)

    def admit(self) -> None:
        """Raises `ServerFull` if a new call would have to wait. May be called on any thread."""
        if self._active + self._waiting >= self.most:
            if self._metrics is not None:
                self._metrics.refused.inc()
            raise ServerFull(self.most, _AGAIN_SECONDS)

    async def begin(self) -> None:
        """Wait for a call's turn. Every one that began must `end`."""
        if self._turns.locked():
            self._count_waiting(1)
            try:
                await self._turns.acquire()
            finally:
                self._count_waiting(-1)
        else:
            await self._turns.acquire()
        self._count_active(1)

    def end(self) -> None:
        self._count_active(-1)
        self._turns.release()

    def _count_active(self, change: int) -> None:
        self._active += change
        if self._metrics is not None:
            self._metrics.active.set(self._active)

    def _count_waiting(self, change: int) -> None:
        self._waiting += change
        if self._metrics is not None:
            self._metrics.waiting.set(self._waiting)
