"""The schema's history ends at the tables that the code knows, on both databases."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from app.db.database import Database
from app.db.migrations import runner
from app.db.tables import metadata
from tests.support.rows import connected, insert_run

# Made in each database's own SQL, in a form that SQLAlchemy does not know.
OWN_SQL = ("chunk_index", "message_index")


@pytest.fixture
def connection(empty_database_url):
    with connected(empty_database_url) as connection:
        yield connection


def is_ours(name: str | None, *_: object) -> bool:
    return not (name or "").startswith(OWN_SQL)


def names(connection) -> set[str]:
    return set(filter(is_ours, inspect(connection).get_table_names()))


def differences(connection) -> list:
    context = MigrationContext.configure(connection, opts={"include_name": is_ours})
    return compare_metadata(context, metadata)


def test_the_history_leads_to_the_tables(connection):
    assert names(connection) == set()
    runner.upgrade(connection)
    assert differences(connection) == []


def test_a_second_upgrade_changes_nothing(connection):
    runner.upgrade(connection)
    run = insert_run(connection, "completed")
    runner.upgrade(connection)
    assert names(connection) == {*metadata.tables, "alembic_version"}
    assert connection.execute(metadata.tables["runs"].select()).one().id == run.id


def test_files_are_named_after_their_revisions():
    """By its name a start knows the newest one, without loading Alembic."""
    scripts = ScriptDirectory(str(Path(runner.__file__).parent))
    assert scripts.get_current_head() == runner.newest_revision()
    for script in scripts.walk_revisions():
        assert Path(script.path).name.startswith(f"{script.revision}_")


def test_there_is_no_way_back():
    """Nobody could call one: an older version is started on a backup."""
    history = ScriptDirectory(str(Path(runner.__file__).parent)).walk_revisions()
    assert [script.revision for script in history if hasattr(script.module, "downgrade")] == []


def test_several_servers_may_start_at_once(empty_database_url):
    def start(_: int) -> None:
        database = Database(empty_database_url, pool_size=1)
        asyncio.run(database.start())
        database.close()

    with ThreadPoolExecutor(4) as executor:
        list(executor.map(start, range(4)))
    with connected(empty_database_url) as connection:
        assert names(connection) == {*metadata.tables, "alembic_version"}
