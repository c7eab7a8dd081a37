"""Polls the runs that readers of this process wait for: once for all readers of a run."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from app.db import run_holders
from app.db.database import Database
from app.engine.hub import Hub
from app.engine.neighbours import Neighbours

logger = logging.getLogger(__name__)

# How often (in seconds) to read a run that other processes may change.
LOOK_EVERY = 0.25
# The same if notices of the other processes arrive: only one that got lost takes that long.
LOOK_IN_CASE = 1.0


class Poller:
    """Wakes the hub's waiters for a run when its row has changed or it has stored new events."""

    def __init__(self, database: Database, hub: Hub, neighbours: Neighbours) -> None:
        self._database = database
        self._hub = hub
        self._neighbours = neighbours
        self._waiting: Counter[str] = Counter()
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @contextmanager
    def watching(self, run_id: str) -> Iterator[None]:
        """Poll the run within this block, in which the caller waits for `Hub.watch`.

        The first read always wakes the waiters, so no earlier change is missed.
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
            if self._hub.find(run_id) is None:
                self._neighbours.say_reading(run_id)
            try:
                seen = await self._database.read(run_holders.progress, run_id)
            except Exception as error:  # noqa: BLE001 - the waiters read, and get the error, themselves
                logger.warning("run %s could not be read: %s", run_id, type(error).__name__)
                self._hub.wake(run_id)
            else:
                if first or seen != before:
                    self._hub.wake(run_id)
                first, before = False, seen
            await asyncio.sleep(LOOK_IN_CASE if self._neighbours.hears else LOOK_EVERY)
