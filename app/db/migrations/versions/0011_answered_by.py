"""Which upstream and model answered a run, and what that cost.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KEPT = """
INSERT INTO usage_by_answer
    (project, day, assistant_id, model, answered_by, answered_model, currency, part,
     runs, prompt_tokens, completion_tokens, cost)
SELECT project, day, assistant_id, model, '', '', '', part, runs, prompt_tokens,
    completion_tokens, 0 FROM usage
"""


def upgrade() -> None:
    op.add_column("runs", sa.Column("answered_by", sa.String()))
    op.add_column("runs", sa.Column("answered_model", sa.Text()))
    op.add_column("steps", sa.Column("answered", sa.JSON(none_as_null=True)))
    # A table's primary key can't be changed in SQLite.
    op.create_table(
        "usage_by_answer",
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("assistant_id", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("answered_by", sa.String(), nullable=False),
        sa.Column("answered_model", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("runs", sa.BigInteger(), nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger(), nullable=False),
        sa.Column("completion_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "project",
            "day",
            "assistant_id",
            "model",
            "answered_by",
            "answered_model",
            "currency",
            "part",
        ),
    )
    op.execute(KEPT)
    op.drop_table("usage")
    op.rename_table("usage_by_answer", "usage")
