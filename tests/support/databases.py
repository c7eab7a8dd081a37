"""Fresh databases: a separate file, or a separate schema in PostgreSQL."""

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import event

from app.db.migrations.runner import upgrade
from tests.support.rows import connected

POSTGRES_URL = os.environ.get("TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/test")


def postgresql_is_up() -> bool:
    try:
        psycopg.connect(POSTGRES_URL, connect_timeout=20).close()
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def fresh_database(kind: str, folder: Path) -> Iterator[str]:
    """Yield the URL of an empty database; a PostgreSQL schema is dropped at the end."""
    if kind == "sqlite":
        yield f"sqlite:///{(folder / 'test.db').as_posix()}"
        return
    schema = f"tk_test_{secrets.token_hex(8)}"
    _run(f"CREATE SCHEMA {schema}")
    try:
        joint = "&" if "?" in POSTGRES_URL else "?"
        # No test simulates a power cut of PostgreSQL, so commits need not wait for the disk.
        fast = "-csynchronous_commit%3Doff"
        yield f"{POSTGRES_URL}{joint}options=-csearch_path%3D{schema}%20{fast}"
    finally:
        _run(f"DROP SCHEMA {schema} CASCADE")


# The statements that created the tables of the first database of each kind.
_statements: dict[str, list[str]] = {}


def make_tables(kind: str, url: str) -> None:
    """Create the newest schema in an empty database.

    The first database of a kind is migrated as servers do it. Later ones run the same statements
    at once, which takes a fraction of the time.
    """
    if kind not in _statements:
        _statements[kind] = _migrate(url)
    elif kind == "sqlite":
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database:
            database.executescript(";\n".join(["BEGIN", *_statements[kind], "COMMIT"]))
    else:
        with psycopg.connect(url) as connection:
            connection.execute(";\n".join(_statements[kind]).encode())


def _migrate(url: str) -> list[str]:
    done: list[str] = []
    with connected(url) as connection:

        @event.listens_for(connection, "before_cursor_execute")
        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if not statement.startswith(("SELECT", "PRAGMA")):
                done.append(statement)

        upgrade(connection)
    return done


def _run(statement: str) -> None:
    with psycopg.connect(POSTGRES_URL, autocommit=True) as connection:
        connection.execute(statement)
