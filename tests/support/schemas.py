"""Schemas of PostgreSQL with all tables, which are emptied after a test and used by the next.

PostgreSQL takes a third of a second to make the tables and drop them, a hundredth to empty them.
"""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from app.db.migrations.runner import newest_revision
from app.db.tables import metadata
from tests.support.waiting import wait_until

# The tables' ids by their names, and the ids of what counts their rows.
_TABLES = (
    "SELECT relname, oid FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind = 'r'"
)
_COUNTERS = "SELECT oid FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind = 'S'"
# Any CREATE, ALTER or DROP changes one of these numbers or names: each row of the catalog has the
# number of the transaction that wrote it.
_CATALOG = "SELECT " + ", ".join(
    f"(SELECT (count(*), max(xmin::text::bigint))::text FROM {part})"
    for part in (
        "pg_attribute WHERE attrelid = ANY(%(tables)s)",
        "pg_index WHERE indrelid = ANY(%(tables)s)",
        "pg_trigger WHERE tgrelid = ANY(%(tables)s)",
        "pg_constraint WHERE conrelid = ANY(%(tables)s)",
        "pg_proc WHERE pronamespace = %(name)s::regnamespace",
    )
)
_CATALOG += (
    ", (SELECT array_agg(relname ORDER BY oid) FROM pg_class"
    " WHERE relnamespace = %(name)s::regnamespace)"
)
_USERS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"
# In bytes. A deleted row still takes up space.
_WRITTEN = "SELECT t, pg_relation_size(t) FROM unnest(%s::oid[]) AS t WHERE pg_relation_size(t) > 0"
_LARGEST = 1_000_000
# CASE, so that the function isn't called for another process's counter, which may just be dropped.
_RESTART = (
    "SELECT setval(seqrelid, seqstart, false) FROM pg_sequence WHERE"
    " CASE WHEN seqrelid = ANY(%s) THEN pg_sequence_last_value(seqrelid) END IS NOT NULL"
)
# How many seconds the connections of an ended server may take to close.
_CLOSING_SECONDS = 5


@dataclass(frozen=True)
class _Schema:
    name: str
    tables: dict[str, int]
    counters: list[int]
    catalog: tuple[Any, ...]


class Schemas:
    def __init__(self, url: str, migrate: Callable[[str], None]) -> None:
        """`url`: the database's. `migrate` makes all tables in the empty schema of a URL."""
        self._url = url
        self._migrate = migrate
        self._free: list[_Schema] = []

    @contextmanager
    def empty(self) -> Iterator[str]:
        """Yield the URL of a schema without tables; it is dropped at the end."""
        name = self._create()
        try:
            yield self._url_of(name)
        finally:
            self._drop(name)

    @contextmanager
    def ready(self) -> Iterator[str]:
        """Yield the URL of a schema with all tables and no rows."""
        schema = self._free.pop() if self._free else self._made()
        try:
            yield self._url_of(schema.name)
        finally:
            self._give_back(schema)

    def close(self) -> None:
        while self._free:
            self._drop(self._free.pop().name)

    def _url_of(self, name: str) -> str:
        joint = "&" if "?" in self._url else "?"
        # No test simulates a power cut of PostgreSQL, so commits need not wait for the disk.
        options = f"-csearch_path={name} -capplication_name={name} -csynchronous_commit=off"
        return f"{self._url}{joint}options={options.replace('=', '%3D').replace(' ', '%20')}"

    def _create(self) -> str:
        name = f"tk_test_{secrets.token_hex(8)}"
        with self._connected() as connection:
            _execute(connection, f"CREATE SCHEMA {name}")
        return name

    def _drop(self, name: str) -> None:
        with self._connected() as connection:
            _execute(connection, f"DROP SCHEMA {name} CASCADE")

    def _made(self) -> _Schema:
        name = self._create()
        self._migrate(self._url_of(name))
        with self._connected() as connection:
            tables = dict(connection.execute(_TABLES, [name]).fetchall())
            counters = [oid for (oid,) in connection.execute(_COUNTERS, [name])]
            return _Schema(name, tables, counters, _catalog(connection, name, tables))

    def _give_back(self, schema: _Schema) -> None:
        emptied = False
        try:
            emptied = self._emptied(schema)
        finally:
            if emptied:
                self._free.append(schema)
            else:
                self._drop(schema.name)

    def _emptied(self, schema: _Schema) -> bool:
        """Delete all rows; return False if a test has left something else in the schema."""
        with self._connected() as connection:
            if not _is_unused(connection, schema) or _is_changed(connection, schema):
                return False
            tables = [*schema.tables.values()]
            written = dict(connection.execute(_WRITTEN, [tables]).fetchall())
            if any(size > _LARGEST for size in written.values()):
                return False
            with connection.transaction():
                # Triggers name no schema.
                _execute(connection, f"SET LOCAL search_path = {schema.name}")
                # Those that refer to others come first.
                for table in reversed(metadata.sorted_tables):
                    if schema.tables[table.name] in written:
                        _execute(connection, f"DELETE FROM {table.name}")
                connection.execute(_RESTART, [schema.counters])
        return True

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection]:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute("SET synchronous_commit = off")
            yield connection


def _is_unused(connection: psycopg.Connection, schema: _Schema) -> bool:
    """Wait for the connections of ended servers; return whether all are closed."""

    def none_is_open() -> bool:
        return connection.execute(_USERS, [schema.name]).fetchone() == (0,)

    try:
        return wait_until(none_is_open, _CLOSING_SECONDS)
    except AssertionError:
        return False


def _is_changed(connection: psycopg.Connection, schema: _Schema) -> bool:
    if _catalog(connection, schema.name, schema.tables) != schema.catalog:
        return True
    revision = f"SELECT version_num FROM {schema.name}.alembic_version"
    return _execute(connection, revision).fetchall() != [(newest_revision(),)]


def _catalog(connection: psycopg.Connection, name: str, tables: dict[str, int]) -> tuple[Any, ...]:
    values = {"name": name, "tables": [*tables.values()]}
    row = connection.execute(_CATALOG, values).fetchone()
    assert row is not None
    return row


def _execute(connection: psycopg.Connection, statement: str) -> psycopg.Cursor:
    return connection.execute(statement.encode())
