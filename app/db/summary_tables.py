"""The table for summaries of long threads."""

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, String, Table, Text
from sqlalchemy import text as sql

from app.db.tables import metadata

_DUE = "run_id IS NOT NULL"

# What models read of a thread in place of its older messages. The messages stay in the thread.
summaries = Table(
    "summaries",
    metadata,
    Column("thread_id", String, ForeignKey("threads.id", ondelete="CASCADE"), primary_key=True),
    # Null: none was made yet, or a message that it covered was deleted.
    Column("text", Text),
    # The sequence of the newest message that it covers; 0: it covers none.
    Column("through", BigInteger, nullable=False, server_default="0"),
    Column("made_at", BigInteger),
    # The run whose end found that another summary is due; null: none is due. It counts as that
    # run's usage.
    Column("run_id", String),
    # The process that makes the next summary; null: none does.
    Column("worker_id", String),
    # Grows with every claim and when a message is deleted: what was begun before is then void.
    Column("version", Integer, nullable=False, server_default="0"),
    # How often it was tried in vain since the last summary, and by the database's clock (Unix
    # time), when it may be tried again.
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("retry_at", Float, nullable=False, server_default="0"),
    # How many tokens it reserves in its project's budget while it is being made.
    Column("reserved_tokens", BigInteger, nullable=False, server_default="0"),
    Index("summaries_due", "run_id", sqlite_where=sql(_DUE), postgresql_where=sql(_DUE)),
)
