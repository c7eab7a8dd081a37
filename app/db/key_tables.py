"""The table for the idempotency keys that clients give."""

from sqlalchemy import BigInteger, Column, Index, String, Table

from app.db.tables import metadata

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("project", String, primary_key=True),
    # Empty if no browser session gave the key.
    Column("session_id", String, primary_key=True),
    Column("key", String, primary_key=True),
    # A digest of the request's path and body.
    Column("content", String, nullable=False),
    # What the request created, or the run that it changed.
    Column("object_id", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("idempotency_keys_by_age", "created_at"),
)
