"""Prepared statements do what SQLAlchemy's own execution does, on both databases."""

from dataclasses import replace

import pytest
from sqlalchemy import bindparam, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.db.prepared import Prepared
from app.db.rows import THREADS
from app.db.tables import runs, threads
from tests.support.rows import connected
from tests.support.sample_rows import sample_row

SECRET = "what a user wrote"


@pytest.fixture
def connection(database_url):
    with connected(database_url) as found:
        yield found


def test_a_row_is_read_as_it_was_written(connection):
    thread = sample_row(THREADS)
    THREADS.insert(connection, thread)
    found = Prepared(select(threads).where(threads.c.id == bindparam("key")))
    row = found.first(connection, {"key": thread.id})
    assert row is not None and THREADS.read(row) == thread
    assert row == tuple(connection.execute(select(threads)).one())
    assert found.all(connection, {"key": "thread_absent"}) == []


def test_an_update_writes_the_given_columns_and_returns_its_rows(connection):
    thread = sample_row(THREADS)
    THREADS.insert(connection, thread)
    key = threads.c.id == bindparam("key")
    changed = Prepared(
        update(threads).where(key).values(project="other").returning(threads.c.metadata)
    )
    assert changed.write(connection, {"key": thread.id, "metadata": {"a": "b"}}) == [({"a": "b"},)]
    assert changed.write(connection, {"key": thread.id, "created_at": 5}) == [({"a": "b"},)]
    row = connection.execute(select(threads)).one()
    assert (row.created_at, row.project) == (5, "other")


def test_a_refused_statement_does_not_quote_its_values(connection):
    thread = replace(sample_row(THREADS), project=SECRET)
    THREADS.insert(connection, thread)
    with pytest.raises(IntegrityError) as refused, connection.begin_nested():
        THREADS.insert(connection, thread)
    assert SECRET not in str(refused.value)
    with pytest.raises(DBAPIError) as wrong, connection.begin_nested():
        Prepared(text("SELECT no_such_column, :given")).first(connection, {"given": SECRET})
    assert SECRET not in str(wrong.value)


def test_lists_of_values_are_refused(connection):
    several = select(runs.c.id).where(runs.c.id.in_(bindparam("keys", expanding=True)))
    with pytest.raises(TypeError):
        Prepared(several).all(connection, {"keys": ["run_1"]})
