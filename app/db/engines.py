"""SQLAlchemy engines for both databases, with errors that don't quote what users wrote."""

import math
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.pool import NullPool

from app.db.driver import execute, hide_values
from app.db.large_values import from_json, to_json

# Timeout for opening a connection, in seconds.
_CONNECT_SECONDS = 5
# A peer that does not answer probes or acknowledge data is considered lost after about ten seconds.
PEER_OPTIONS = {
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


def sqlite_engine(address: URL, *, begin: str) -> Engine:
    """`begin`: the statement that begins a transaction."""
    if address.database:
        Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    engine = _engine(address)

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        # The driver must not begin transactions by itself; `_begin` does.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout = 10000")
        cursor.execute("PRAGMA journal_mode = WAL")
        # FULL: a commit that was reported to a client survives a power cut, not only a crash.
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        execute(connection, begin)

    return engine


def postgresql_engine(
    address: URL, isolation_level: Any, *, timeout: float, plans_anew: bool = False
) -> Engine:
    """`timeout`: seconds that a statement may take, or that a transaction may be idle.

    `plans_anew`: each execution is planned for its values, such as the words of a search.
    """
    milliseconds = round(timeout * 1000)
    # Appended to the URL's own options: the last ones count.
    given = address.query.get("options", "")
    limits = "".join(
        f" -c {name}={milliseconds}"
        for name in ("statement_timeout", "idle_in_transaction_session_timeout")
    )
    if plans_anew:
        limits += " -c plan_cache_mode=force_custom_plan"
    options = {**PEER_OPTIONS, "connect_timeout": max(2, math.ceil(min(timeout, _CONNECT_SECONDS)))}
    return _engine(
        address.set(drivername="postgresql+psycopg").update_query_dict(
            {"options": f"{given}{limits}"}
        ),
        isolation_level=isolation_level,
        # Each thread keeps the connection that it has opened.
        poolclass=NullPool,
        connect_args=options,
    )


def _engine(address: URL, **options: Any) -> Engine:
    engine = create_engine(
        address,
        json_serializer=to_json,
        json_deserializer=from_json,
        # Parameters contain what users wrote, and errors are logged.
        hide_parameters=True,
        **options,
    )
    event.listen(engine, "handle_error", _without_values)
    return engine


def _without_values(context: ExceptionContext) -> None:
    hide_values(context.original_exception, context.sqlalchemy_exception)
