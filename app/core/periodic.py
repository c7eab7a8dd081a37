"""Work that is repeated in the background for as long as the server runs."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

logger = logging.getLogger(__name__)


class Periodic:
    """Calls a function at intervals, one call at a time, until it is closed.

    A failed call is logged, and the next one tries again: usually the database was unreachable.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], Awaitable[object]],
        *,
        every: float,
        at_once: bool = True,
    ) -> None:
        """`every`: seconds from the end of one call to the next. `at_once`: start with a call."""
        self._name = name
        self._work = work
        self._every = every
        self._at_once = at_once
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        self._task = asyncio.create_task(self._repeat(), name=self._name)

    def wake(self) -> None:
        """Make the next call at once, or as soon as the current one has ended."""
        self._woken.set()

    async def close(self) -> None:
        """Cancel the current call, and wait until it has ended."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _repeat(self) -> None:
        if not self._at_once:
            await self._pause()
        while True:
            # Cleared before the call, so that a `wake` during it is not missed.
            self._woken.clear()
            try:
                await self._work()
            except Exception:
                logger.exception("background work failed: %s", self._name)
            await self._pause()

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._every):
                await self._woken.wait()
