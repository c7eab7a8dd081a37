"""Tests use PostgreSQL's schemas one after the other, and notice nothing of each other."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select, text

from app.db import threads
from app.db.tables import threads as table
from tests.support.databases import POSTGRES_URL, migrate, postgresql_is_up
from tests.support.rows import connected, thread_row
from tests.support.schemas import Schemas


@pytest.fixture
def schemas() -> Iterator[Schemas]:
    if not postgresql_is_up():
        pytest.skip("PostgreSQL can't be reached: set TEST_POSTGRES_URL to test with it")
    schemas = Schemas(POSTGRES_URL, migrate)
    yield schemas
    schemas.close()


def test_the_next_test_finds_no_rows_and_counts_from_one(schemas):
    with schemas.ready() as first, connected(first) as connection:
        threads.create(connection, thread_row())
        threads.create(connection, thread_row())
    with schemas.ready() as second:
        assert second == first
        with connected(second) as connection:
            assert connection.execute(select(table.c.sequence)).all() == []
            threads.create(connection, thread_row())
            assert connection.scalar(select(table.c.sequence)) == 1


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE threads RENAME TO conversations",
        "ALTER TABLE threads ADD COLUMN more text",
        "ALTER TABLE threads ALTER COLUMN project DROP NOT NULL",
        "CREATE INDEX threads_by_project ON threads (project)",
        "DROP TRIGGER thread_pairs_removed ON threads",
        "UPDATE alembic_version SET version_num = '0001'",
    ],
)
def test_a_changed_schema_is_used_by_one_test(schemas, change):
    with schemas.ready() as first, connected(first) as connection:
        connection.execute(text(change))
    with schemas.ready() as second:
        assert second != first


def test_two_at_once_are_apart(schemas):
    with schemas.ready() as one, schemas.ready() as other:
        assert one != other
