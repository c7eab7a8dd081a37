"""The table of visitors whose identity their site vouches for."""

from sqlalchemy import BigInteger, Column, Index, String, Table, Text

from app.db.tables import metadata

# A visitor of the public chat, as signed tokens of the site name him.
visitors = Table(
    "visitors",
    metadata,
    # The owner of his threads, on every device.
    Column("session_id", String, primary_key=True),
    Column("project", String, nullable=False),
    # The token's `sub`, which the site chose.
    Column("subject", Text, nullable=False),
    Column("name", Text),
    Column("email", Text),
    # When a token of his was last accepted (Unix time).
    Column("seen_at", BigInteger, nullable=False),
    Index("visitors_by_subject", "project", "subject", unique=True),
)
