"""The tables for vector stores: their files and batches, and the chunks that are searched.

The lexical index is a GIN index on `chunks.tokens` in PostgreSQL. In SQLite it is an FTS5 table
over the same column, which triggers keep in sync, so that cascaded deletes remove entries too.
Neither is defined here; the names of both, and of FTS5's own tables, begin with `chunk_index`.
"""

import re
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.types import TypeEngine

from app.db.columns import (
    attempt_column,
    imported_column,
    json_column,
    project_column,
    sequence_column,
    time_column,
)
from app.db.tables import metadata

_LEXEME = re.compile(r"'((?:[^']|'')*)'")
# PostgreSQL's maximum. Later tokens of a text are stored with this position.
_LAST_POSITION = 16383


class Tokens(TypeDecorator[list[str]]):
    """A text's tokens, with their order and number. PostgreSQL returns them distinct and sorted.

    PostgreSQL's own parsers are not used: they would split the tokens again.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return TSVECTOR() if dialect.name == "postgresql" else Text()

    def process_bind_param(self, value: list[str] | None, dialect: Dialect) -> str | None:
        if value is None or dialect.name != "postgresql":
            return None if value is None else " ".join(value)
        return " ".join(
            f"{lexeme(token)}:{min(position, _LAST_POSITION)}"
            for position, token in enumerate(value, 1)
        )

    def process_result_value(self, value: str | None, dialect: Dialect) -> list[str] | None:
        if value is None or dialect.name != "postgresql":
            return None if value is None else value.split(" ")
        return [_unquoted(kept) for kept in _LEXEME.findall(value)]


def lexeme(token: str) -> str:
    """Return a token quoted for PostgreSQL's `tsvector` and `tsquery`, which keep it as it is."""
    quoted = token.replace("\\", "\\\\").replace("'", "''")
    return f"'{quoted}'"


def _unquoted(kept: str) -> str:
    return kept.replace("''", "'").replace("\\\\", "\\")


def _store() -> Column[str]:
    key = ForeignKey("vector_stores.id", ondelete="CASCADE")
    return Column("vector_store_id", String, key, nullable=False)


vector_stores = Table(
    "vector_stores",
    metadata,
    sequence_column(),
    Column("id", String, nullable=False, unique=True),
    time_column("created_at", nullable=False),
    Column("name", Text),
    Column("description", Text),
    json_column("expires_after", nullable=True),
    time_column("expires_at"),
    time_column("last_active_at", nullable=False),
    json_column("metadata"),
    project_column(),
    # The server created it for a thread's attachments, and removes it with the thread.
    Column("of_thread", Boolean, nullable=False, server_default=false()),
    # How often passages were added: servers that keep the store's vectors in memory compare it.
    Column("revision", BigInteger, nullable=False, server_default=text("0")),
    imported_column(),
    attempt_column(),
    Index("vector_stores_in_order", "project", "sequence"),
    Index("vector_stores_by_expiry", "expires_at"),
)

# A batch's files refer to it. Its status is derived from theirs, unless it was cancelled.
vector_store_batches = Table(
    "vector_store_batches",
    metadata,
    sequence_column(),
    Column("id", String, nullable=False, unique=True),
    _store(),
    time_column("created_at", nullable=False),
    Column("status", String, nullable=False),
    attempt_column(),
    Index("vector_store_batches_of_store", "vector_store_id"),
)

vector_store_files = Table(
    "vector_store_files",
    metadata,
    sequence_column(),
    # The file's id, which also identifies the file in this store.
    Column("id", String, ForeignKey("files.id", ondelete="CASCADE"), nullable=False),
    _store(),
    Column("batch_id", String),
    time_column("created_at", nullable=False),
    Column("status", String, nullable=False),
    Column("usage_bytes", BigInteger, nullable=False),
    json_column("last_error", nullable=True),
    json_column("attributes"),
    json_column("chunking_strategy"),
    # The process that turns the file into chunks, and the end of its lease (Unix time).
    Column("worker_id", String),
    Column("held_until", Float),
    # It was added only as an attachment of a message.
    Column("of_thread", Boolean, nullable=False, server_default=false()),
    # How often reading was started: a file that crashes every process that reads it is given up.
    Column("attempts", Integer, nullable=False),
    # The store's revision that added its passages.
    Column("revision", BigInteger, nullable=False, server_default=text("0")),
    imported_column(),
    UniqueConstraint("vector_store_id", "id"),
    Index("vector_store_files_in_order", "vector_store_id", "sequence"),
    Index("vector_store_files_of_batch", "batch_id", "sequence"),
    Index("vector_store_files_of_file", "id"),
    Index("vector_store_files_by_revision", "vector_store_id", "revision"),
    Index(
        "vector_store_files_waiting",
        "created_at",
        "sequence",
        sqlite_where=text("status = 'in_progress'"),
        postgresql_where=text("status = 'in_progress'"),
    ),
)

chunks = Table(
    "chunks",
    metadata,
    sequence_column(),
    Column("vector_store_id", String, nullable=False),
    Column("file_id", String, nullable=False),
    Column("position", Integer, nullable=False),
    # The number of tokens.
    Column("length", Integer, nullable=False),
    # Before the long columns: SQLite reads a row from its start.
    Column("embedding", LargeBinary),
    Column("text", Text, nullable=False),
    Column("tokens", Tokens, nullable=False),
    UniqueConstraint("vector_store_id", "file_id", "position"),
    ForeignKeyConstraint(
        ["vector_store_id", "file_id"],
        ["vector_store_files.vector_store_id", "vector_store_files.id"],
        ondelete="CASCADE",
    ),
)
