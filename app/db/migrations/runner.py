"""Migrates a database to the newest schema with Alembic."""

from pathlib import Path

from sqlalchemy import Connection, column, inspect, select, table, text

# An arbitrary number that no other program uses in the same database.
_ADVISORY_LOCK = 7_405_926
# Alembic's own table.
_VERSION = table("alembic_version", column("version_num"))


def upgrade(connection: Connection) -> None:
    """Apply the missing migrations inside the caller's transaction: all of them or none."""
    if _revisions(connection) != [newest_revision()]:
        _migrate(connection)


def newest_revision() -> str:
    """Return the revision of the newest migration, by which its file's name begins."""
    versions = Path(__file__).parent / "versions"
    return max(file.name.partition("_")[0] for file in versions.glob("[0-9]*.py"))


def _revisions(connection: Connection) -> list[str]:
    if not inspect(connection).has_table(_VERSION.name):
        return []
    return [*connection.execute(select(_VERSION.c.version_num)).scalars()]


def _migrate(connection: Connection) -> None:
    # Here, because most starts find the newest schema and need not load it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    if connection.dialect.name == "postgresql":
        # Several servers may start at the same time; the others wait here, then have nothing to do.
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
