"""The table for what people say about answers."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
)

from app.db.columns import imported_column, project_column, sequence_column
from app.db.tables import metadata

# At most one row for each message: the newest rating replaces the one before.
feedback = Table(
    "feedback",
    metadata,
    sequence_column(),
    # The message's.
    Column(
        "id", String, ForeignKey("messages.id", ondelete="CASCADE"), nullable=False, unique=True
    ),
    Column("thread_id", String, nullable=False),
    # When it was given its rating or comment.
    Column("created_at", BigInteger, nullable=False),
    project_column(),
    # The browser session that gave it; null: somebody with a key.
    Column("session_id", String),
    Column("rating", String, nullable=False),
    Column("comment", Text),
    imported_column(),
    Index("feedback_of_thread", "thread_id", "rating"),
    Index("feedback_by_time", "project", "created_at"),
)
