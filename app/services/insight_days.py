"""Counts each day's runs once the day is over, in the background, so that reports are quick."""

import logging

from app.core.periodic import Periodic
from app.db import insight_days
from app.db.database import Database
from app.domain.clock import milliseconds

logger = logging.getLogger(__name__)

_EVERY = 3600.0


class InsightDays:
    """Several processes may do this at the same time. A report counts what is missing itself."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._counts = Periodic("counting of days", self.count, every=_EVERY)

    def open(self) -> None:
        self._counts.open()

    async def close(self) -> None:
        await self._counts.close()

    async def count(self) -> int:
        """Count every day that is over; return how many there were."""
        days = await self._database.read(insight_days.uncounted, milliseconds())
        for one in days:
            await self._database.long_transaction(insight_days.store, one)
        if days:
            logger.info("counted the runs of %d days", len(days))
        return len(days)
