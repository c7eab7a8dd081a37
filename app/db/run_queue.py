"""The number of waiting runs: for monitoring, not for the server itself."""

import logging
import math

from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from app.db.database import Database
from app.db.tables import ACTIVE, runs, status_in
from app.domain.errors import DatabaseAway

logger = logging.getLogger(__name__)

# Beyond this, the exact number does not matter.
COUNTED = 10_000

# Contains the literal condition of the partial index of active runs, so that the index is used.
_QUEUED = (
    select(runs.c.id)
    .where(text(ACTIVE), text(status_in("queued")))
    .limit(COUNTED)
    .subquery("queued")
)
_COUNT = select(func.count()).select_from(_QUEUED)


def count(connection: Connection) -> int:
    """Return the number of queued runs of all processes, at most `COUNTED`."""
    return connection.execute(_COUNT).scalar_one()


async def count_if_up(database: Database) -> float:
    """Return the same, or NaN if the database does not answer."""
    try:
        return await database.read(count)
    except (SQLAlchemyError, DatabaseAway) as error:
        logger.warning("queued runs can't be counted: %s", type(error).__name__)
        return math.nan
