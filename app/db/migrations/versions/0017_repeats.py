"""Rows are marked with the request that created them, and idempotency keys are kept.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

MARKED = (
    *("assistants", "threads", "messages", "runs"),
    *("files", "vector_stores", "vector_store_batches"),
)


def upgrade() -> None:
    for table in MARKED:
        op.add_column(table, sa.Column("attempt", sa.String()))
    op.create_table(
        "idempotency_keys",
        sa.Column("project", sa.String(), primary_key=True),
        sa.Column("session_id", sa.String(), primary_key=True),
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("object_id", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("idempotency_keys_by_age", "idempotency_keys", ["created_at"])
