"""Fresh databases: a separate file, or a separate schema in PostgreSQL."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from app.db import halfvecs
from app.db.migrations.runner import upgrade
from tests.support.rows import connected
from tests.support.schemas import Schemas

POSTGRES_URL = os.environ.get("TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/test")


def postgresql_is_up() -> bool:
    try:
        psycopg.connect(POSTGRES_URL, connect_timeout=20).close()
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def empty_database(kind: str, folder: Path) -> Iterator[str]:
    """Yield the URL of a database without tables."""
    if kind == "sqlite":
        yield _file_in(folder)
    else:
        with _schemas.empty() as url:
            yield url


@contextmanager
def fresh_database(kind: str, folder: Path) -> Iterator[str]:
    """Yield the URL of a database with all tables and no rows: as a server's first start leaves it.

    Migrating takes most of the time of a start, so it is done once.
    """
    if kind == "sqlite":
        url = _file_in(folder)
        Path(url.removeprefix("sqlite:///")).write_bytes(_migrated_file())
        yield url
    else:
        with _schemas.ready() as url:
            yield url


def drop_schemas() -> None:
    """Drop the schemas that are kept for other tests."""
    _schemas.close()


def _file_in(folder: Path) -> str:
    return f"sqlite:///{(folder / 'test.db').as_posix()}"


@cache
def _migrated_file() -> bytes:
    with TemporaryDirectory() as folder:
        migrate(_file_in(Path(folder)))
        return (Path(folder) / "test.db").read_bytes()


def migrate(url: str) -> None:
    with connected(url) as connection:
        upgrade(connection)
        halfvecs.prepare(connection)


_schemas = Schemas(POSTGRES_URL, migrate)
