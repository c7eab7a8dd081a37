"""Migrates a database to the newest schema with Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

# An arbitrary number that no other program uses in the same database.
_ADVISORY_LOCK = 7_405_926


def upgrade(connection: Connection) -> None:
    """Apply the missing migrations inside the caller's transaction: all of them or none."""
    if connection.dialect.name == "postgresql":
        # Several servers may start at the same time; the others wait here, then have nothing to do.
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
