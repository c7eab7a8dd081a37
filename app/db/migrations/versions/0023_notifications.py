"""Notifications: where they go, and those that are on their way.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
PENDING = sa.text("status = 'pending'")


def upgrade() -> None:
    op.create_table(
        "notification_targets",
        sa.Column("sequence", SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(), nullable=False, unique=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("console_url", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("secret", sa.Text()),
        sa.Column("previous_secret", sa.Text()),
        sa.Column("rotated_at", sa.BigInteger()),
    )
    op.create_index(
        "notification_targets_in_order", "notification_targets", ["project", "sequence"]
    )
    op.create_table(
        "notifications",
        sa.Column("sequence", SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(), nullable=False, unique=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("project", sa.String(), nullable=False),
        sa.Column(
            "target_id",
            sa.String(),
            sa.ForeignKey("notification_targets.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("thread_id", sa.String(), sa.ForeignKey("threads.id", ondelete="CASCADE")),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.Float(), nullable=False),
        sa.Column("worker_id", sa.String()),
        sa.Column("held_until", sa.Float()),
        sa.Column("attempted_at", sa.BigInteger()),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("last_error", sa.Text()),
    )
    op.create_index("notifications_in_order", "notifications", ["project", "sequence"])
    op.create_index("notifications_of_target", "notifications", ["target_id"])
    op.create_index("notifications_of_thread", "notifications", ["thread_id"])
    op.create_index("notifications_ended", "notifications", ["ended_at"])
    op.create_index(
        "notifications_due",
        "notifications",
        ["due_at"],
        sqlite_where=PENDING,
        postgresql_where=PENDING,
    )
