"""Searches that end in time: each statement is stopped by the database once its deadline passed."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError

from app.domain.deadline import Deadline
from app.domain.errors import SearchTimeout

# How many of SQLite's instructions run between two looks at the clock: about a millisecond of
# simple ones. Each look needs Python's lock, which the event loop wants too.
_INSTRUCTIONS = 10_000
_KEY = "deadline"
_QUERY_CANCELLED = "57014"
# A transaction's own setting: a pooler that shares connections shares no limit.
_LIMIT = "SELECT set_config('statement_timeout', %s, true)"


def limit_statements(engine: Engine) -> None:
    """Let PostgreSQL give up each statement that runs beyond the deadline of `limited`."""

    @event.listens_for(engine, "before_cursor_execute")
    def _limit(connection: Connection, cursor: Any, *_: Any) -> None:
        deadline = connection.info.get(_KEY)
        if deadline is not None:
            check(deadline)
            # Rounded up, since 0 would be no limit at all.
            cursor.execute(_LIMIT, (str(math.ceil(deadline.remaining * 1000) or 1),))


@contextmanager
def limited(connection: Connection, deadline: Deadline) -> Iterator[None]:
    """Stop what runs inside when the deadline passes. Raises `SearchTimeout`."""
    check(deadline)
    driver: Any = connection.connection.driver_connection
    is_sqlite = connection.dialect.name == "sqlite"
    if is_sqlite:
        driver.set_progress_handler(lambda: deadline.passed, _INSTRUCTIONS)
    else:
        connection.info[_KEY] = deadline
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
            connection.info.pop(_KEY, None)


def check(deadline: Deadline) -> None:
    """Raise `SearchTimeout` once the deadline has passed: for loops of ours between statements."""
    if deadline.passed:
        raise SearchTimeout(deadline.seconds)


def _was_stopped(error: OperationalError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    return state == _QUERY_CANCELLED or (state is None and str(error.orig) == "interrupted")
