"""PostgreSQL keeps the words of messages, in a table of their own.

Until now its index was over a function: the planner evaluated that once per message instead of
using the index. As on SQLite, triggers now queue messages, and the server indexes them.

Revision ID: 0024
Revises: 0023
"""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

POSTGRESQL = (
    "DROP INDEX message_index",
    "CREATE TABLE message_index_queue (sequence bigint PRIMARY KEY)",
    # The long part comes first, as long as nothing is locked. What is written meanwhile by a server
    # that is still running is queued below.
    "INSERT INTO message_index_queue SELECT sequence FROM messages",
    "CREATE TABLE message_index ("
    " sequence bigint PRIMARY KEY REFERENCES messages (sequence) ON DELETE CASCADE,"
    # The sequence of its thread, which orders lists.
    " thread bigint NOT NULL,"
    " words tsvector NOT NULL)",
    "CREATE INDEX message_index_words ON message_index USING gin (words)"
    # Searches read what is pending one by one, and it is merged in a writer's time.
    " WITH (gin_pending_list_limit = 512)",
    "CREATE INDEX message_index_thread ON message_index (thread)",
    "ALTER TABLE message_index ALTER COLUMN words SET STATISTICS 1000",
    # It may wait for a transaction that indexes the same message: that one has read an older text.
    "CREATE FUNCTION message_index_note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " INSERT INTO message_index_queue VALUES (NEW.sequence)"
    " ON CONFLICT (sequence) DO UPDATE SET sequence = excluded.sequence; RETURN NULL; END $$",
    "CREATE TRIGGER message_index_added AFTER INSERT ON messages"
    " FOR EACH ROW WHEN (NEW.status <> 'in_progress') EXECUTE FUNCTION message_index_note()",
    "CREATE TRIGGER message_index_changed AFTER UPDATE OF status ON messages"
    " FOR EACH ROW WHEN (NEW.status <> 'in_progress') EXECUTE FUNCTION message_index_note()",
    "INSERT INTO message_index_queue SELECT sequence FROM messages WHERE sequence >"
    " (SELECT coalesce(max(sequence), 0) - 100000 FROM message_index_queue) ON CONFLICT DO NOTHING",
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for statement in POSTGRESQL:
            op.execute(statement)
