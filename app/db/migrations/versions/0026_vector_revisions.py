"""Revisions of vector stores, by which servers know that passages were added.

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("vector_stores", "vector_store_files"):
        op.add_column(
            table,
            sa.Column("revision", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        )
    op.create_index(
        "vector_store_files_by_revision", "vector_store_files", ["vector_store_id", "revision"]
    )
