"""How many runs wait: for those who watch the server, not for the server."""

import logging
import math

from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from app.db.database import Database
from app.db.tables import ACTIVE, runs, status_in
from app.domain.errors import DatabaseAway

logger = logging.getLogger(__name__)

# Beyond it, how many more there are tells nobody anything.
COUNTED = 10_000

# The condition of the index of active runs is said as it is there: only these are looked at.
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
    """Return the same, NaN where the database does not answer."""
    try:
        return await database.read(count)
    except (SQLAlchemyError, DatabaseAway) as error:
        logger.warning("queued runs can't be counted: %s", type(error).__name__)
        return math.nan
