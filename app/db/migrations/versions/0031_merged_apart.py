"""SQLite's full-text indexes are merged in transactions of their own.

FTS5 merged within whatever transaction wrote, while every other writer waited. What it has about
one word it can't divide: it read all places of the commonest one in all messages. That index no
longer has places.

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
    # The server indexes them in the background, the newest first.
    "INSERT OR IGNORE INTO message_index_queue"
    " SELECT sequence FROM messages WHERE status <> 'in_progress'",
    *(
        f"INSERT INTO {index} ({index}, rank) VALUES ({option})"
        for index in ("message_index", "chunk_index")
        # FTS5 merges by itself only if so many parts were added before the server merged them.
        for option in ("'automerge', 0", "'crisismerge', 256")
    ),
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for statement in SQLITE:
            op.execute(statement)
