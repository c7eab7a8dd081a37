"""Days whose runs are counted, and threads in which an assistant is only tried.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

TRIAL = sa.text("trial")
# How the console has marked them until now.
MARKED = """
UPDATE threads SET trial = true
WHERE session_id IS NULL AND CAST(metadata AS TEXT) LIKE '%"threadkeeper_trial": "true"%'
"""


def upgrade() -> None:
    op.create_table(
        "insight_days",
        sa.Column("project", sa.String(), primary_key=True),
        sa.Column("day", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("assistant_id", sa.String(), primary_key=True),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("nothing_found", sa.Integer(), nullable=False),
        sa.Column("threads", sa.LargeBinary(), nullable=False),
        sa.Column("visitors", sa.LargeBinary(), nullable=False),
        sa.Column("first_texts", sa.LargeBinary(), nullable=False),
        sa.Column("responses", sa.LargeBinary(), nullable=False),
    )
    op.add_column(
        "threads", sa.Column("trial", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.execute(MARKED)
    op.create_index(
        "threads_of_trials",
        "threads",
        ["created_at"],
        sqlite_where=TRIAL,
        postgresql_where=TRIAL,
    )
