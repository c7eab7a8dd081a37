"""Chats wait in line like runs, with their questions; a run saves what `include[]` requested.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# Both databases accept a literal as JSON.
KEPT = """
UPDATE runs SET include = '["step_details.tool_calls[*].file_search.results[*].content"]'
WHERE include_content
"""


def upgrade() -> None:
    op.add_column("runs", sa.Column("question", sa.JSON(none_as_null=True)))
    op.add_column(
        "runs",
        sa.Column("include", sa.JSON(none_as_null=True), nullable=False, server_default="[]"),
    )
    op.execute(KEPT)
    op.drop_column("runs", "include_content")
