"""The ids of deleted threads and assistants, which nobody may adopt.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("past_ids", sa.Column("id", sa.String(), primary_key=True))
