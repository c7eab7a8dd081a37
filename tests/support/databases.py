"""Fresh databases: a file of its own, or a schema of its own in PostgreSQL."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

POSTGRES_URL = os.environ.get("TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/test")


def postgresql_is_up() -> bool:
    try:
        psycopg.connect(POSTGRES_URL, connect_timeout=3).close()
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def fresh_database(kind: str, folder: Path) -> Iterator[str]:
    """Give the URL of an empty database; what `postgresql` keeps is dropped at the end."""
    if kind == "sqlite":
        yield f"sqlite:///{(folder / 'test.db').as_posix()}"
        return
    schema = f"tk_test_{secrets.token_hex(8)}"
    _run(f"CREATE SCHEMA {schema}")
    try:
        joint = "&" if "?" in POSTGRES_URL else "?"
        # No test pulls PostgreSQL's own plug: its disk need not be waited for.
        fast = "-csynchronous_commit%3Doff"
        yield f"{POSTGRES_URL}{joint}options=-csearch_path%3D{schema}%20{fast}"
    finally:
        _run(f"DROP SCHEMA {schema} CASCADE")


def _run(statement: str) -> None:
    with psycopg.connect(POSTGRES_URL, autocommit=True) as connection:
        connection.execute(statement)
