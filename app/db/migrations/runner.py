"""Brings a database to the newest schema with Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

# Any number that no other program in the same database takes for its own.
_ADVISORY_LOCK = 7_405_926


def upgrade(connection: Connection) -> None:
    """Apply what is missing, inside the caller's transaction: all of it or nothing."""
    if connection.dialect.name == "postgresql":
        # Several servers may start at once; the others wait here and then find nothing to do.
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
