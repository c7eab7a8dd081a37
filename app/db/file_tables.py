"""The tables for files. Their bytes are in the object store, under the file's id."""

from sqlalchemy import BigInteger, Boolean, Column, Index, String, Table, Text, false

from app.db.columns import attempt_column, imported_column, project_column, sequence_column
from app.db.tables import metadata

files = Table(
    "files",
    metadata,
    sequence_column(),
    Column("id", String, nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Column("filename", Text, nullable=False),
    Column("purpose", String, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("status", String, nullable=False),
    project_column(),
    # The browser session that may read it, if it was made for that session's thread.
    Column("session_id", String),
    # True until an imported file's bytes arrive.
    Column("lacks_content", Boolean, nullable=False, server_default=false()),
    imported_column(),
    attempt_column(),
    Index("files_in_order", "project", "sequence"),
    Index("files_of_purpose", "project", "purpose", "sequence"),
    Index("files_by_expiry", "expires_at"),
)

# Bytes without a file: not yet, or no longer. They may be removed from `due_at` on, so that a
# crash, or an unreachable store, can delay a removal but never lose it.
file_removals = Table(
    "file_removals",
    metadata,
    Column("file_id", String, primary_key=True),
    Column("due_at", BigInteger, nullable=False),
)
