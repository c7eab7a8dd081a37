"""Deletes threads without recent messages, and visitors who own nothing, in the background."""

import logging
from collections.abc import Callable

from app.core.periodic import Periodic
from app.db import retention, visitors
from app.db.database import Database
from app.domain.clock import now

logger = logging.getLogger(__name__)

_DAY = 86_400
# How often (in seconds) to look, and how many threads one transaction deletes, so that other
# writers need not wait long.
_SWEEP_EVERY = 600.0
_AT_ONCE = 100


class Retention:
    """Deletes old threads. Several processes may do so at the same time."""

    def __init__(self, database: Database, sweep: Callable[[], None], *, days: int) -> None:
        """`days`: a thread is deleted after so many days without a message; 0: never.

        `sweep` is called when there are files and vector stores to remove.
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
        return await delete_stale(self._database, now() - self._seconds, self._remove_files)

    async def forget_visitors(self) -> int:
        """Delete who the visitors are that own nothing and have not been seen for as long."""
        before = now() - self._seconds
        return await self._database.long_transaction(visitors.forget_idle, before)

    async def _sweep(self) -> None:
        if removed := await self.sweep():
            logger.info("deleted %d old threads", removed)
        if forgotten := await self.forget_visitors():
            logger.info("deleted %d visitors who own nothing", forgotten)


async def delete_stale(
    database: Database, before: int, on_removed: Callable[[], None], *, trials_only: bool = False
) -> int:
    """Delete every thread without a message since `before` (Unix time); return how many.

    `on_removed` is called after each transaction: there may be files and vector stores to remove.
    `trials_only`: only those in which an assistant was tried.
    """
    removed = 0
    while keys := await database.read(
        retention.stale_threads, before, _AT_ONCE, trials_only=trials_only
    ):
        some = await database.long_transaction(retention.remove_stale, keys, before)
        if not some:
            break  # other processes were faster, or the threads have new messages
        removed += some
        on_removed()
    return removed
