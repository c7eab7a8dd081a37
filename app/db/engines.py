"""SQLAlchemy's engines for both databases, and errors that don't quote what users wrote."""

import json
import math
import sqlite3
from pathlib import Path
from typing import Any

import psycopg
from pydantic_core import from_json
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.exc import StatementError
from sqlalchemy.pool import NullPool

# Made once: `json.dumps` with options makes an encoder for every value.
_to_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


# Seconds to open a connection.
_CONNECT_SECONDS = 5
# A peer that does not answer probes, or acknowledge what was sent, is gone after ten seconds or so.
_ALIVE = {
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
        # The driver must not begin transactions by itself; `begin` says how they begin.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout = 10000")
        cursor.execute("PRAGMA journal_mode = WAL")
        # FULL: a commit that a client heard of survives a power cut, not only a crash.
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def postgresql_engine(address: URL, isolation_level: Any, *, timeout: float) -> Engine:
    """`timeout`: seconds that a statement, or a transaction in which nothing happens, may take."""
    milliseconds = round(timeout * 1000)
    # Added to the options that the address may have: the last of them count.
    given = address.query.get("options", "")
    limits = "".join(
        f" -c {name}={milliseconds}"
        for name in ("statement_timeout", "idle_in_transaction_session_timeout")
    )
    options = {**_ALIVE, "connect_timeout": max(2, math.ceil(min(timeout, _CONNECT_SECONDS)))}
    return _engine(
        address.set(drivername="postgresql+psycopg").update_query_dict(
            {"options": f"{given}{limits}"}
        ),
        isolation_level=isolation_level,
        # Each thread holds the connection that it has opened.
        poolclass=NullPool,
        connect_args=options,
    )


def _engine(address: URL, **options: Any) -> Engine:
    engine = create_engine(
        address,
        json_serializer=_to_json,
        json_deserializer=from_json,
        # Parameters hold what users wrote, and errors are logged.
        hide_parameters=True,
        **options,
    )
    event.listen(engine, "handle_error", _without_values)
    return engine


def _without_values(context: ExceptionContext) -> None:
    """Take the values that a database's own message quotes out of the error, in place."""
    original, told = context.original_exception, context.sqlalchemy_exception
    if isinstance(original, psycopg.Error) and original.sqlstate:
        message = _postgresql_message(original)
    elif isinstance(original, sqlite3.OperationalError):
        # Of all its messages only those of SQL and FTS5 quote what was asked for.
        message = _unquoted(str(original))
    else:
        return
    original.args = (message,)
    if isinstance(told, StatementError):
        told.args = (f"({type(original).__module__}.{type(original).__name__}) {message}",)


def _postgresql_message(error: psycopg.Error) -> str:
    """Return what is wrong and where. Details, hints and contexts quote whole rows."""
    about = error.diag
    names = {
        "table": about.table_name,
        "column": about.column_name,
        "constraint": about.constraint_name,
    }
    where = "".join(f", {kind} {name}" for kind, name in names.items() if name)
    return f"{_unquoted(about.message_primary or '')} [SQLSTATE {error.sqlstate}{where}]"


def _unquoted(message: str) -> str:
    """Return the beginning of a message, up to where it may quote a value."""
    first = min((place for mark in "\"':" if (place := message.find(mark)) >= 0), default=None)
    return message[:first].rstrip()
