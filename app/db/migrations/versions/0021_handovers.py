"""Conversations that a person was asked into.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

OPEN = sa.text("state IN ('waiting','person')")


def upgrade() -> None:
    op.create_table(
        "handovers",
        sa.Column(
            "sequence",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column(
            "id",
            sa.String(),
            sa.ForeignKey("threads.id", ondelete="CASCADE"),
            nullable=False,
            unique=True,
        ),
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("contact", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.Column("person", sa.Text()),
        sa.Column("requested_at", sa.BigInteger()),
        sa.Column("taken_at", sa.BigInteger()),
    )
    op.create_index(
        "handovers_open",
        "handovers",
        ["project", "sequence"],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
