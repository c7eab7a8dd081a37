"""The tables for projects, keys and origins that were added while the server runs.

What the settings contain (`API_KEYS`, `CORS_ORIGINS`) is not in them.
"""

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, String, Table, Text

from app.db.columns import sequence_column
from app.db.tables import metadata

access_projects = Table(
    "access_projects",
    metadata,
    sequence_column(),
    # Its name, which the column `project` of all other tables has.
    Column("id", String, nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Column("archived_at", BigInteger),
    # Tokens a day (UTC), and active runs at a time; null: no limit of its own.
    Column("token_budget", BigInteger),
    Column("max_concurrent_runs", Integer),
)

access_keys = Table(
    "access_keys",
    metadata,
    sequence_column(),
    Column("id", String, nullable=False, unique=True),
    Column("project", String, nullable=False),
    # The id of the first key that this one replaces; its own if it replaces none. Threads of the
    # scope `chat`, budgets and rates belong to it, so they stay when a key is rotated.
    Column("identity", String, nullable=False),
    Column("name", Text, nullable=False),
    # SHA-256 of the key, as hex. The key itself is not stored.
    Column("digest", String, nullable=False, unique=True),
    # Its last characters.
    Column("hint", String, nullable=False),
    Column("scope", String, nullable=False),
    # The pages that may use it; empty: all, and programs.
    Column("origins", JSON(none_as_null=True), nullable=False),
    # Such as `60/minute`; empty: no limit of its own.
    Column("rate", String, nullable=False),
    # Tokens a day (UTC); null: no limit of its own.
    Column("token_budget", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger),
    Column("revoked_at", BigInteger),
    Index("access_keys_in_order", "project", "sequence"),
    Index("access_keys_of_identity", "identity"),
)

# The origins whose pages may call the server, in addition to `CORS_ORIGINS`.
access_origins = Table(
    "access_origins",
    metadata,
    sequence_column(),
    Column("id", String, nullable=False, unique=True),
    Column("origin", String, nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
)

# One row, whose version grows with every change of the tables above: processes that read them
# before compare it.
access_state = Table(
    "access_state",
    metadata,
    Column("name", String, primary_key=True),
    Column("version", BigInteger, nullable=False),
)

# The tokens of ended runs by the identity of the key that created them, by day (UTC).
key_usage = Table(
    "key_usage",
    metadata,
    Column("identity", String, primary_key=True),
    Column("day", String, primary_key=True),
    # As in `usage`: so that runs that end at the same time need not wait for one another.
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("tokens", BigInteger, nullable=False),
)
