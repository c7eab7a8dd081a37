"""The tables of visitors whose identity their site vouches for, and of what it signs that with."""

from sqlalchemy import BigInteger, Column, Index, String, Table, Text

from app.db.columns import sequence_column
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

# What the sites of a project sign tokens with that say who a visitor is. Any of a project's counts.
user_token_secrets = Table(
    "user_token_secrets",
    metadata,
    sequence_column(),
    Column("id", String, nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Column("project", String, nullable=False),
    # Its last characters.
    Column("hint", String, nullable=False),
    # Encrypted with SECRETS_KEY.
    Column("secret", Text, nullable=False),
    Index("user_token_secrets_in_order", "project", "sequence"),
)
