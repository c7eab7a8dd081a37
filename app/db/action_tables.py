"""The tables of actions."""

from sqlalchemy import (
    JSON,
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

actions = Table(
    "actions",
    metadata,
    sequence_column(),
    Column("id", String, nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    # `SHARED` if it comes from the assistants file.
    project_column(),
    # The first part of its functions' names.
    Column("name", String, nullable=False),
    Column("title", Text, nullable=False),
    Column("document_url", Text),
    # The address that replaces the document's; null if none does.
    Column("server", Text),
    # The address that is called.
    Column("address", Text, nullable=False),
    # The names of the offered operations; null if all are.
    Column("chosen", JSON(none_as_null=True)),
    # The offered operations, as `Operation`.
    Column("operations", JSON(none_as_null=True), nullable=False),
    Column("ask", String, nullable=False),
    # How it authenticates, without the secret.
    Column("auth", JSON(none_as_null=True), nullable=False),
    # Encrypted with SECRETS_KEY.
    Column("secret", Text),
    Column("metadata", JSON(none_as_null=True), nullable=False),
    imported_column(),
    Index("actions_in_order", "project", "sequence"),
    Index("actions_by_name", "project", "name", unique=True),
)

# Apart, because runs don't read it.
action_documents = Table(
    "action_documents",
    metadata,
    Column("action_id", String, ForeignKey("actions.id", ondelete="CASCADE"), primary_key=True),
    Column("document", JSON(none_as_null=True), nullable=False),
)
