"""Ratings of answers, and what conversations and insights read of runs.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

ENDED = sa.text("ended_ms IS NOT NULL")
# How long they took is not known: the times that were kept are whole seconds.
ENDED_BEFORE = """
UPDATE runs SET ended_ms = 1000 *
    coalesce(completed_at, failed_at, cancelled_at,
        CASE status WHEN 'expired' THEN expires_at END, started_at, created_at)
WHERE status IN ('cancelled', 'failed', 'completed', 'incomplete', 'expired')
"""
# The chat page and the widget used to keep ratings in the messages' metadata.
RATED_BEFORE = """
INSERT INTO feedback (id, thread_id, created_at, project, session_id, rating)
SELECT messages.id, messages.thread_id, messages.created_at, threads.project, threads.session_id,
    {rating}
FROM messages JOIN threads ON threads.id = messages.thread_id
WHERE messages.role = 'assistant' AND {rating} IN ('up', 'down')
ORDER BY messages.sequence
"""
RATING = {
    "sqlite": "json_extract(messages.metadata, '$.rating')",
    "postgresql": "messages.metadata->>'rating'",
}


def upgrade() -> None:
    for name in ("began_ms", "first_text_ms", "ended_ms"):
        op.add_column("runs", sa.Column(name, sa.BigInteger()))
    op.add_column(
        "runs", sa.Column("found_nothing", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.execute(ENDED_BEFORE)
    op.create_index(
        "runs_ended",
        "runs",
        [
            *("project", "ended_ms", "assistant_id", "thread_id", "status"),
            *("found_nothing", "began_ms", "first_text_ms"),
        ],
        sqlite_where=ENDED,
        postgresql_where=ENDED,
    )
    op.create_index(
        "runs_of_conversation", "runs", ["thread_id", "assistant_id", "status", "found_nothing"]
    )
    op.create_table(
        "feedback",
        sa.Column(
            "sequence",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column(
            "id",
            sa.String(),
            sa.ForeignKey("messages.id", ondelete="CASCADE"),
            nullable=False,
            unique=True,
        ),
        sa.Column("thread_id", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("project", sa.String(), nullable=False, server_default="default"),
        sa.Column("session_id", sa.String()),
        sa.Column("rating", sa.String(), nullable=False),
        sa.Column("comment", sa.Text()),
        sa.Column("imported", sa.String()),
    )
    op.create_index("feedback_of_thread", "feedback", ["thread_id", "rating"])
    op.create_index("feedback_by_time", "feedback", ["project", "created_at"])
    op.execute(RATED_BEFORE.format(rating=RATING[op.get_bind().dialect.name]))
