"""Drafts and earlier versions of assistants.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "assistant_drafts",
        sa.Column(
            "assistant_id",
            sa.String(),
            sa.ForeignKey("assistants.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("base_version", sa.Integer(), nullable=False),
        sa.Column("base_digest", sa.String(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.String()),
        sa.Column("content", sa.JSON(none_as_null=True), nullable=False),
    )
    op.create_table(
        "assistant_versions",
        sa.Column(
            "sequence",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column("id", sa.String(), nullable=False, unique=True),
        sa.Column(
            "assistant_id",
            sa.String(),
            sa.ForeignKey("assistants.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("author", sa.String()),
        sa.Column("content", sa.JSON(none_as_null=True), nullable=False),
        sa.UniqueConstraint("assistant_id", "number"),
    )
