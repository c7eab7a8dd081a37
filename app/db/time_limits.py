"""Time limits for searches: the database stops each statement when the deadline has passed."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError

from app.domain.deadline import Deadline
from app.domain.errors import SearchTimeout

# How many SQLite instructions run between two checks of the clock: about a millisecond of simple
# ones. Each check needs Python's global lock, which the event loop also needs.
_INSTRUCTIONS = 10_000
_KEY = "deadline"
_QUERY_CANCELLED = "57014"
# Set for the transaction only, so that a pooler that shares connections does not share the limit.
_LIMIT = "SELECT set_config('statement_timeout', %s, true)"


def limit_statements(engine: Engine) -> None:
    """Make PostgreSQL cancel each statement that runs beyond the deadline of `limited`."""

    @event.listens_for(engine, "before_cursor_execute")
    def _limit(connection: Connection, cursor: Any, *_: Any) -> None:
        deadline = connection.info.get(_KEY)
        if deadline is not None:
            check(deadline)
            # Rounded up, because 0 means no limit.
            cursor.execute(_LIMIT, (str(math.ceil(deadline.remaining * 1000) or 1),))


@contextmanager
def limited(connection: Connection, deadline: Deadline) -> Iterator[None]:
    """Stop statements in the block when the deadline passes. Raises `SearchTimeout`."""
    check(deadline)
    driver: Any = connection.connection.driver_connection
    # Kept, since a connection that breaks in between has none any more.
    info = connection.info
    is_sqlite = connection.dialect.name == "sqlite"
    if is_sqlite:
        driver.set_progress_handler(lambda: deadline.passed, _INSTRUCTIONS)
    else:
        info[_KEY] = deadline
    try:
        yield
    except OperationalError as error:
        if _was_stopped(error):
            raise SearchTimeout(deadline.seconds) from None
        raise
    finally:
        if is_sqlite:
            driver.set_progress_handler(None, 0)
        else:
            info.pop(_KEY, None)


def check(deadline: Deadline) -> None:
    """Raise `SearchTimeout` if the deadline has passed: for our own loops between statements."""
    if deadline.passed:
        raise SearchTimeout(deadline.seconds)


def _was_stopped(error: OperationalError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    return state == _QUERY_CANCELLED or (state is None and str(error.orig) == "interrupted")
