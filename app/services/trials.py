"""Threads in which the console tries an assistant: it deletes them, unless its tab was closed."""

import logging
from collections.abc import Callable, Mapping

from app.core.periodic import Periodic
from app.db.database import Database
from app.domain.clock import now
from app.services.retention import delete_stale

logger = logging.getLogger(__name__)

# The pair of metadata that marks such a thread.
_MARK, _MARKED = "threadkeeper_trial", "true"

# How old they become, and how often to look, in seconds.
_KEPT = 86_400
_SWEEP_EVERY = 3600.0


def is_trial(metadata: Mapping[str, str] | None, session_id: str | None) -> bool:
    """Return whether a new thread is a trial; a visitor's never is."""
    return session_id is None and (metadata or {}).get(_MARK) == _MARKED


class Trials:
    """Deletes trials that were left behind. Several processes may do so at the same time."""

    def __init__(self, database: Database, sweep: Callable[[], None]) -> None:
        """`sweep` is called when there are files and vector stores to remove."""
        self._database = database
        self._remove_files = sweep
        self._sweeps = Periodic("deletion of trials", self.sweep, every=_SWEEP_EVERY)

    def open(self) -> None:
        self._sweeps.open()

    async def close(self) -> None:
        await self._sweeps.close()

    async def sweep(self) -> int:
        """Delete every trial without a message for a day; return how many there were."""
        before = now() - _KEPT
        removed = await delete_stale(self._database, before, self._remove_files, trials_only=True)
        if removed:
            logger.info("deleted %d trials of assistants", removed)
        return removed
