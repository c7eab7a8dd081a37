"""Imported objects are marked, and a file may lack its content.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

MARKED = (
    *("assistants", "threads", "messages", "runs", "steps"),
    *("files", "vector_stores", "vector_store_files"),
)


def upgrade() -> None:
    for table in MARKED:
        op.add_column(table, sa.Column("imported", sa.String()))
    op.add_column(
        "files", sa.Column("lacks_content", sa.Boolean(), nullable=False, server_default=sa.false())
    )
