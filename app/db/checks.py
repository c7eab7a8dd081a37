"""Checks a database without changing it: is it reachable, and does its schema fit?"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, inspect, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from app.db import migrations, tables
from app.db.access import valid_keys_by_project
from app.db.access_tables import access_keys
from app.db.assistants import models_in_use

_CONNECT_SECONDS = 5


class DatabaseFault(Exception):
    """The database can't be used; the message is the driver's, and contains no password."""


@dataclass(frozen=True)
class SchemaState:
    """The schema that was found: `revision` is None if no server has used the database yet.

    `known` is false if this version does not know the revision; `others` is true if there are
    tables that are not ours. `clock_ahead`: seconds that the database's clock is ahead of this one.
    """

    revision: str | None
    newest: str
    known: bool
    others: bool
    clock_ahead: float


def sqlite_file(url: str) -> Path | None:
    """Return the file of a SQLite database; None for other databases."""
    address = make_url(url)
    if address.get_backend_name() != "sqlite" or not address.database:
        return None
    return Path(address.database).absolute()


def look_at_schema(url: str) -> SchemaState:
    """Read the schema's state. A SQLite file must exist. Raises `DatabaseFault`."""
    with _opened(url) as connection:
        return _state(connection)


def assistant_models(url: str) -> list[str]:
    """Return the models of all assistants; none if there is no such table yet.

    A SQLite file must exist. Raises `DatabaseFault`.
    """
    with _opened(url) as connection:
        there = inspect(connection).has_table(tables.assistants.name)
        return models_in_use(connection) if there else []


def valid_keys(url: str) -> int:
    """Return how many keys were made while servers ran, without revoked ones.

    It is 0 if there is no such table yet. A SQLite file must exist. Raises `DatabaseFault`.
    """
    with _opened(url) as connection:
        there = inspect(connection).has_table(access_keys.name)
        return sum(valid_keys_by_project(connection).values()) if there else 0


@contextmanager
def _opened(url: str) -> Iterator[Connection]:
    """Connect to a database. Raises `DatabaseFault`, also for errors of the block."""
    engine: Engine | None = None
    try:
        engine = _engine(make_url(url))
        with engine.connect() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise fault_of(error) from error
    finally:
        if engine is not None:
            engine.dispose()


def fault_of(error: SQLAlchemyError) -> DatabaseFault:
    """Return the driver's own message: the rest of the error is SQL and a link."""
    reason = str(getattr(error, "orig", None) or error)
    return DatabaseFault(" ".join(reason.split()))


def postgresql_options(url: str | URL) -> dict[str, Any]:
    """Return options of `create_engine` for PostgreSQL, with a short connection timeout."""
    return {
        "url": make_url(url).set(drivername="postgresql+psycopg"),
        "poolclass": NullPool,
        "connect_args": {"connect_timeout": _CONNECT_SECONDS},
    }


def _state(connection: Connection) -> SchemaState:
    revision = MigrationContext.configure(connection).get_current_revision()
    scripts = ScriptDirectory(str(Path(migrations.__file__).parent))
    known = {script.revision for script in scripts.walk_revisions()}
    return SchemaState(
        revision=revision,
        newest=str(scripts.get_current_head()),
        known=revision is None or revision in known,
        others=revision is None and bool(inspect(connection).get_table_names()),
        clock_ahead=_clock_ahead(connection),
    )


def _clock_ahead(connection: Connection) -> float:
    if connection.dialect.name == "sqlite":
        return 0.0
    theirs = connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one()
    return float(theirs) - time.time()


def _engine(address: URL) -> Engine:
    if address.get_backend_name() == "sqlite":
        return create_engine(_read_only(Path(address.database or "")), poolclass=NullPool)
    return create_engine(**postgresql_options(address))


def _read_only(file: Path) -> URL:
    """Return a URL that opens a SQLite file read-only.

    Without a write-ahead log next to it, no process has it open. Then it is opened as immutable:
    otherwise SQLite would leave files next to it that belong to the user who runs the check.
    """
    log = file.with_name(f"{file.name}-wal")
    mode = "mode=ro" if log.exists() else "mode=ro&immutable=1"
    return make_url(f"sqlite:///{file.absolute().as_uri()}?{mode}&uri=true")
