"""Projects, keys and origins that are added while the server runs, and the tokens of each key.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def sequence() -> sa.Column[int]:
    return sa.Column("sequence", SEQUENCE, primary_key=True, autoincrement=True)


def upgrade() -> None:
    op.create_table(
        "access_projects",
        sequence(),
        sa.Column("id", sa.String(), nullable=False, unique=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("archived_at", sa.BigInteger()),
        sa.Column("token_budget", sa.BigInteger()),
        sa.Column("max_concurrent_runs", sa.Integer()),
    )
    op.create_table(
        "access_keys",
        sequence(),
        sa.Column("id", sa.String(), nullable=False, unique=True),
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False, unique=True),
        sa.Column("hint", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("origins", sa.JSON(), nullable=False),
        sa.Column("rate", sa.String(), nullable=False),
        sa.Column("token_budget", sa.BigInteger()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger()),
        sa.Column("revoked_at", sa.BigInteger()),
    )
    op.create_index("access_keys_in_order", "access_keys", ["project", "sequence"])
    op.create_index("access_keys_of_identity", "access_keys", ["identity"])
    op.create_table(
        "access_origins",
        sequence(),
        sa.Column("id", sa.String(), nullable=False, unique=True),
        sa.Column("origin", sa.String(), nullable=False, unique=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "access_state",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "key_usage",
        sa.Column("identity", sa.String(), primary_key=True),
        sa.Column("day", sa.String(), primary_key=True),
        sa.Column("part", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
    )
    op.add_column("runs", sa.Column("key_id", sa.String()))
