"""SQLite's index of messages no longer knows where in a message its words are.

FTS5 can't divide what it knows about one word. To merge what it has about the commonest one, it
read all places of that word in all messages, while every other writer waited.

Revision ID: 0031
Revises: 0030
"""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

SQLITE = (
    "DROP TABLE message_index",
    # The size of each message is known for ranking only, and lists are not ranked.
    "CREATE VIRTUAL TABLE message_index"
    " USING fts5(text, detail = none, columnsize = 0, tokenize = 'unicode61')",
    # The server merges in transactions of their own. FTS5 only does if so many parts were added
    # meanwhile.
    "INSERT INTO message_index (message_index, rank) VALUES ('automerge', 0)",
    "INSERT INTO message_index (message_index, rank) VALUES ('crisismerge', 256)",
    # The server indexes them in the background, the newest first.
    "INSERT OR IGNORE INTO message_index_queue"
    " SELECT sequence FROM messages WHERE status <> 'in_progress'",
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for statement in SQLITE:
            op.execute(statement)
