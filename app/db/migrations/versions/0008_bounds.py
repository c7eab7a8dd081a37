"""Lists ordered by `sequence` alone; bounds of a run: takeovers, reserved tokens.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ACTIVE = sa.text("status IN ('queued','in_progress','requires_action','cancelling')")
IN_A_SESSION = sa.text("session_id IS NOT NULL")
# By index name: the table, the columns before the order, and the condition.
IN_ORDER = {
    "threads_in_order": ("threads", ["project"], None),
    "threads_of_session": ("threads", ["session_id"], IN_A_SESSION),
    "messages_in_order": ("messages", ["thread_id"], None),
    "messages_of_run": ("messages", ["run_id"], None),
    "runs_in_order": ("runs", ["thread_id"], None),
    "runs_active": ("runs", ["thread_id"], ACTIVE),
    "steps_in_order": ("steps", ["run_id"], None),
    "files_in_order": ("files", ["project"], None),
    "files_of_purpose": ("files", ["project", "purpose"], None),
    "vector_stores_in_order": ("vector_stores", ["project"], None),
    "vector_store_files_in_order": ("vector_store_files", ["vector_store_id"], None),
    "vector_store_files_of_batch": ("vector_store_files", ["batch_id"], None),
}


def upgrade() -> None:
    op.add_column("runs", sa.Column("takeovers", sa.Integer(), nullable=False, server_default="0"))
    _order_by("sequence")
    op.drop_index("assistants_in_order", "assistants")
    op.create_index("assistants_in_order", "assistants", ["project", "sequence"])

    op.add_column(
        "runs", sa.Column("reserved_tokens", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.add_column(
        "runs", sa.Column("by_visitor", sa.Boolean(), nullable=False, server_default=sa.false())
    )


def _order_by(*order: str) -> None:
    for name, (table, columns, condition) in IN_ORDER.items():
        op.drop_index(name, table)
        op.create_index(
            name,
            table,
            [*columns, *order],
            sqlite_where=condition,
            postgresql_where=condition,
        )
