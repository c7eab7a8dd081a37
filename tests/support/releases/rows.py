"""The rows of a database, as lines of JSON and back: the same lines for every kind of database."""

import base64
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import (
    Connection,
    LargeBinary,
    MetaData,
    Table,
    func,
    insert,
    select,
    text,
)

from app.db.knowledge_tables import Tokens
from app.db.migrations import runner
from app.db.tables import metadata
from tests.support.releases.folder import Release


def revision_of(connection: Connection) -> str:
    """Return the migration revision that a database is at."""
    revision = MigrationContext.configure(connection).get_current_revision()
    assert revision is not None
    return revision


def save_rows(connection: Connection, release: Release) -> None:
    """Write every row of every table that has some, in the order of their keys."""
    for table in metadata.sorted_tables:
        found = connection.execute(select(table).order_by(*table.primary_key)).mappings().all()
        if found:
            release.write_rows(table.name, [_line(dict(row)) for row in found])


def load_rows(connection: Connection, release: Release) -> None:
    """Migrate an empty database to the release's revision, and insert its rows.

    The tables are looked up in the database: those that the code knows may be newer by now.
    """
    _migrate(connection, release.about.revision)
    then = MetaData()
    then.reflect(connection, only=_is_plain)
    assert release.tables <= set(then.tables)
    # Known by no database: one keeps them as words of a text, another as a `tsvector`.
    then.tables["chunks"].c.tokens.type = Tokens()
    for table in then.sorted_tables:
        if table.name in release.tables:
            for row in release.rows(table.name):
                connection.execute(insert(table), _values(table, row))
            _count_on(connection, table)


def _is_plain(name: str, _: MetaData) -> bool:
    # The tables of SQLite's full-text indexes fill themselves.
    return not name.startswith(("chunk_index", "message_index"))


def _migrate(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(runner.__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _line(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: base64.b64encode(value).decode() if isinstance(value, bytes) else value
        for name, value in row.items()
    }


def _values(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _value(table.c[name].type, value)
        for name, value in row.items()
        # Left out, it is NULL; given for a JSON column it would be JSON's `null`.
        if value is not None
    }


def _value(kind: Any, value: Any) -> Any:
    return base64.b64decode(value) if isinstance(kind, LargeBinary) else value


def _count_on(connection: Connection, table: Table) -> None:
    """Let PostgreSQL number the next rows behind those that brought their numbers along."""
    if connection.dialect.name != "postgresql" or "sequence" not in table.c:
        return
    newest = connection.execute(select(func.max(table.c.sequence))).scalar_one()
    counter = text("SELECT setval(pg_get_serial_sequence(:name, 'sequence'), :newest)")
    connection.execute(counter, {"name": table.name, "newest": newest})
