"""SQL that the driver executes itself, and errors that don't quote what users wrote."""

import sqlite3
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, StatementError

if TYPE_CHECKING:
    import psycopg


def execute(connection: Connection, sql: str, parameters: Any = ()) -> Any:
    """Execute the driver's own SQL and return its cursor. Raises SQLAlchemy's errors."""
    driver = connection.connection
    try:
        cursor = driver.cursor()
        cursor.execute(sql, parameters)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _wrapped(connection, sql, error) from error
    return cursor


def _wrapped(connection: Connection, sql: str, error: Any) -> BaseException:
    """Return the error as SQLAlchemy raises it, without the values of the statement."""
    dialect = connection.dialect
    lost = dialect.is_disconnect(error, connection.connection.dbapi_connection, None)
    wrapped: BaseException = DBAPIError.instance(
        sql,
        None,
        error,
        dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=lost,
        dialect=dialect,
    )
    hide_values(error, wrapped)
    if lost:
        connection.invalidate(error)
    return wrapped


def hide_values(original: BaseException, wrapper: BaseException | None) -> None:
    """Remove the values that the database's own message quotes from the error, in place.

    `wrapper` is SQLAlchemy's error for it.
    """
    # Only errors of psycopg have it. A server with SQLite does not load psycopg.
    if getattr(original, "sqlstate", None):
        message = _postgresql_message(cast("psycopg.Error", original))
    elif isinstance(original, sqlite3.OperationalError):
        # Only its messages about SQL and FTS5 quote the query.
        message = _unquoted(str(original))
    else:
        return
    original.args = (message,)
    if isinstance(wrapper, StatementError):
        wrapper.args = (f"({type(original).__module__}.{type(original).__name__}) {message}",)


def _postgresql_message(error: "psycopg.Error") -> str:
    """Return what is wrong and where. Details, hints and contexts would quote whole rows."""
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
