"""An index for lists of handovers: with states as parameters, the partial one was never used.

Revision ID: 0027
Revises: 0026
"""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("handovers_open", "handovers")
    op.create_index("handovers_in_order", "handovers", ["project", "sequence"])
