"""The table of conversations that a person was asked into."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table, Text

from app.db.columns import sequence_column
from app.db.tables import metadata

# At most one row for each thread. A thread without one is the bot's.
handovers = Table(
    "handovers",
    metadata,
    sequence_column(),
    # The thread's.
    Column("id", String, ForeignKey("threads.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("project", String, nullable=False),
    # `bot`, `waiting` (for a person, while the bot goes on answering) or `person`.
    Column("state", String, nullable=False),
    # How the visitor can be reached, and what he wants; his own words.
    Column("contact", Text),
    Column("note", Text),
    # Who speaks in place of the bot, as visitors see it.
    Column("person", Text),
    Column("requested_at", BigInteger),
    Column("taken_at", BigInteger),
    Index("handovers_in_order", "project", "sequence"),
)
