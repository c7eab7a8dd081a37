"""Summaries of long threads.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

DUE = sa.text("run_id IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "summaries",
        sa.Column(
            "thread_id",
            sa.String(),
            sa.ForeignKey("threads.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("text", sa.Text()),
        sa.Column("through", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("made_at", sa.BigInteger()),
        sa.Column("run_id", sa.String()),
        sa.Column("worker_id", sa.String()),
        sa.Column("version", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("retry_at", sa.Float(), nullable=False, server_default="0"),
        sa.Column("reserved_tokens", sa.BigInteger(), nullable=False, server_default="0"),
    )
    op.create_index(
        "summaries_due", "summaries", ["run_id"], sqlite_where=DUE, postgresql_where=DUE
    )
