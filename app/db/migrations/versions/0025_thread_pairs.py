"""An index over the metadata of threads.

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

# Triggers write the pairs: whatever writes a thread, its pairs are written with it. A trigger costs
# nothing as long as a thread has no metadata.
_SQLITE_PAIRS = (
    "SELECT {row}.project, substr(pair.key, 1, 200), substr(pair.value, 1, 200), {row}.sequence"
    " FROM {tables}json_each({row}.metadata) AS pair WHERE pair.type = 'text'"
)
_SQLITE_ADD = "INSERT OR IGNORE INTO thread_pairs "
_SQLITE_ADD_NEW = _SQLITE_ADD + _SQLITE_PAIRS.format(row="new", tables="")
# With one row value for all four columns, SQLite would not look for the last one in the index.
_SQLITE_DROP = (
    "DELETE FROM thread_pairs WHERE project = old.project AND thread = old.sequence"
    " AND (key, value) IN (SELECT substr(pair.key, 1, 200), substr(pair.value, 1, 200)"
    " FROM json_each(old.metadata) AS pair)"
)
SQLITE = (
    _SQLITE_ADD + _SQLITE_PAIRS.format(row="threads", tables="threads, "),
    "CREATE TRIGGER thread_pairs_added AFTER INSERT ON threads"
    f" WHEN new.metadata <> '{{}}' BEGIN {_SQLITE_ADD_NEW}; END",
    "CREATE TRIGGER thread_pairs_changed AFTER UPDATE OF metadata, project ON threads"
    f" BEGIN {_SQLITE_DROP}; {_SQLITE_ADD_NEW}; END",
    "CREATE TRIGGER thread_pairs_removed AFTER DELETE ON threads"
    f" WHEN old.metadata <> '{{}}' BEGIN {_SQLITE_DROP}; END",
)
_POSTGRESQL_PAIRS = (
    "SELECT {row}.project, left(pair.key, 200), left(pair.value, 200), {row}.sequence"
    " FROM {tables}json_each_text({row}.metadata) AS pair WHERE pair.value IS NOT NULL"
)
_POSTGRESQL_ADD = "INSERT INTO thread_pairs {} ON CONFLICT DO NOTHING"
POSTGRESQL = (
    "CREATE FUNCTION thread_pairs_keep() RETURNS trigger LANGUAGE plpgsql AS $$"
    " DECLARE gone record; BEGIN"
    " IF TG_OP <> 'INSERT' THEN"
    # One by one: joined, they would be looked for by the project alone.
    " FOR gone IN SELECT key, value FROM json_each_text(OLD.metadata) LOOP"
    " DELETE FROM thread_pairs WHERE project = OLD.project AND key = left(gone.key, 200)"
    " AND value = left(gone.value, 200) AND thread = OLD.sequence; END LOOP; END IF;"
    " IF TG_OP <> 'DELETE' THEN "
    f"{_POSTGRESQL_ADD.format(_POSTGRESQL_PAIRS.format(row='NEW', tables=''))}; END IF;"
    " RETURN NULL; END $$",
    "CREATE TRIGGER thread_pairs_added AFTER INSERT ON threads FOR EACH ROW"
    " WHEN (NEW.metadata::text <> '{}') EXECUTE FUNCTION thread_pairs_keep()",
    "CREATE TRIGGER thread_pairs_changed AFTER UPDATE OF metadata, project ON threads FOR EACH ROW"
    " EXECUTE FUNCTION thread_pairs_keep()",
    "CREATE TRIGGER thread_pairs_removed AFTER DELETE ON threads FOR EACH ROW"
    " WHEN (OLD.metadata::text <> '{}') EXECUTE FUNCTION thread_pairs_keep()",
    # After the triggers, which wait until nobody is writing threads.
    _POSTGRESQL_ADD.format(_POSTGRESQL_PAIRS.format(row="threads", tables="threads, ")),
)


def upgrade() -> None:
    op.create_table(
        "thread_pairs",
        sa.Column("project", sa.String(), primary_key=True),
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("value", sa.String(), primary_key=True),
        sa.Column("thread", sa.BigInteger(), primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in SQLITE if is_sqlite else POSTGRESQL:
        # Not `text`, which would take `:` for parameters.
        op.get_bind().exec_driver_sql(statement)
