"""Looks at the runs that readers of this process wait for: one look for all who wait for a run."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from app.db import run_holders
from app.db.database import Database
from app.engine.hub import Hub

logger = logging.getLogger(__name__)

# How often (in seconds) to look at a run that others may move: another process can't wake us.
LOOK_EVERY = 0.25


class Poller:
    """Wakes the hub's waiters of a run when its row, or what it has told, has changed."""

    def __init__(self, database: Database, hub: Hub) -> None:
        self._database = database
        self._hub = hub
        self._waiting: Counter[str] = Counter()
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @contextmanager
    def watching(self, run_id: str) -> Iterator[None]:
        """Look at the run within this block, in which the caller waits for `Hub.watch`.

        The first look always wakes: nothing that changed before it is missed.
        """
        self._waiting[run_id] += 1
        if run_id not in self._tasks:
            self._tasks[run_id] = asyncio.create_task(self._poll(run_id), name=f"poll {run_id}")
        try:
            yield
        finally:
            self._waiting[run_id] -= 1
            if not self._waiting[run_id]:
                del self._waiting[run_id]
                self._tasks.pop(run_id).cancel()

    async def _poll(self, run_id: str) -> None:
        first, before = True, None
        while True:
            try:
                seen = await self._database.read(run_holders.progress, run_id)
            except Exception as error:  # noqa: BLE001 - who waits looks for itself, and is told why
                logger.warning("run %s could not be looked at: %s", run_id, type(error).__name__)
                self._hub.changed(run_id)
            else:
                if first or seen != before:
                    self._hub.changed(run_id)
                first, before = False, seen
            await asyncio.sleep(LOOK_EVERY)
