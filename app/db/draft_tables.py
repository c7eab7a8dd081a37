"""The tables for drafts and earlier versions of assistants."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKey,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from app.db.columns import sequence_column
from app.db.tables import metadata


def _assistant(*, is_key: bool = False) -> Column[str]:
    key = ForeignKey("assistants.id", ondelete="CASCADE")
    return Column("assistant_id", String, key, nullable=False, primary_key=is_key)


# At most one for each assistant: changes that are not published yet.
assistant_drafts = Table(
    "assistant_drafts",
    metadata,
    _assistant(is_key=True),
    # Grows with every change, so that an editor notices another's.
    Column("revision", Integer, nullable=False),
    # The published version that the draft was begun from, and a digest of what it said.
    Column("base_version", Integer, nullable=False),
    Column("base_digest", String, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    # The id of the key that changed it last, if it has one.
    Column("author", String),
    Column("content", JSON(none_as_null=True), nullable=False),
)

# What assistants said and say. An assistant that was never changed has no row.
assistant_versions = Table(
    "assistant_versions",
    metadata,
    sequence_column(),
    Column("id", String, nullable=False, unique=True),
    _assistant(),
    Column("number", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    # How it came about: created, updated, published or restored.
    Column("cause", String, nullable=False),
    Column("author", String),
    Column("content", JSON(none_as_null=True), nullable=False),
    UniqueConstraint("assistant_id", "number"),
)
