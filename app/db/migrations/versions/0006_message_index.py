"""The full-text index over messages.

Revision ID: 0006
Revises: 0005
"""

import string

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

PUNCTUATION = string.punctuation.replace("'", "''")
# A commit that changes FTS5 costs as much as the rest of a turn, so messages are first put into a
# queue, and indexed many at a time.
SQLITE = (
    "CREATE VIRTUAL TABLE message_index USING fts5(text, tokenize = 'unicode61')",
    "CREATE TABLE message_index_queue (sequence INTEGER PRIMARY KEY)",
    "INSERT INTO message_index_queue SELECT sequence FROM messages WHERE status <> 'in_progress'",
    "CREATE TRIGGER message_index_added AFTER INSERT ON messages"
    " WHEN new.status <> 'in_progress' BEGIN"
    " INSERT OR IGNORE INTO message_index_queue VALUES (new.sequence); END",
    "CREATE TRIGGER message_index_changed AFTER UPDATE OF status ON messages"
    " WHEN new.status <> 'in_progress' BEGIN"
    " INSERT OR IGNORE INTO message_index_queue VALUES (new.sequence); END",
    "CREATE TRIGGER message_index_removed AFTER DELETE ON messages BEGIN"
    " DELETE FROM message_index WHERE rowid = old.sequence;"
    " DELETE FROM message_index_queue WHERE sequence = old.sequence; END",
)
# Splits words as FTS5 does: by default, PostgreSQL takes `refund/exchange` for a file name, and an
# address for one word. A longer text could exceed the maximum size of a value.
POSTGRESQL = (
    "CREATE FUNCTION message_words(content json) RETURNS tsvector"
    " LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$ BEGIN RETURN to_tsvector('simple', translate("
    "left((SELECT string_agg(part #>> '{text,value}', ' ')"
    " FROM json_array_elements(content) AS part), 250000),"
    f" '{PUNCTUATION}', repeat(' ', {len(string.punctuation)}))); END $$",
    "CREATE INDEX message_index ON messages USING gin (message_words(content))",
)


def upgrade() -> None:
    _execute(SQLITE if _is_sqlite() else POSTGRESQL)


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _execute(statements: tuple[str, ...]) -> None:
    for statement in statements:
        op.execute(statement)
