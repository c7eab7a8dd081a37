"""Threads that nobody has spoken on for long: they go, in the background."""

import logging
from collections.abc import Callable

from app.core.periodic import Periodic
from app.db import retention
from app.db.database import Database
from app.domain.clock import now

logger = logging.getLogger(__name__)

_DAY = 86_400
# How often (in seconds) to look, and how many threads one transaction deletes: others write too.
_SWEEP_EVERY = 600.0
_AT_ONCE = 100


class Retention:
    """Several processes may sweep side by side."""

    def __init__(self, database: Database, sweep: Callable[[], None], *, days: int) -> None:
        """`days` without a message are what a thread may be kept for; 0: for ever.

        `sweep` is called when there are files and vector stores to be removed.
        """
        self._database = database
        self._remove_files = sweep
        self._seconds = days * _DAY
        self._sweeps = Periodic("deletion of old threads", self._sweep, every=_SWEEP_EVERY)

    def open(self) -> None:
        if self._seconds:
            self._sweeps.open()

    async def close(self) -> None:
        await self._sweeps.close()

    async def sweep(self) -> int:
        """Delete every thread that is due; return how many there were."""
        removed, before = 0, now() - self._seconds
        while keys := await self._database.read(retention.stale_threads, before, _AT_ONCE):
            some = await self._database.long_transaction(retention.remove_stale, keys, before)
            if not some:
                break  # others have been quicker, or they are spoken on again
            removed += some
            self._remove_files()
        return removed

    async def _sweep(self) -> None:
        if removed := await self.sweep():
            logger.info("threads deleted for their age: %d", removed)
