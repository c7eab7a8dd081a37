"""Each target of notifications chooses which events it gets; until now, all got both.

Revision ID: 0028
Revises: 0027
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

BOTH = '["handover.requested", "handover.message"]'


def upgrade() -> None:
    events = sa.Column("events", sa.JSON(), nullable=False, server_default=BOTH)
    op.add_column("notification_targets", events)
