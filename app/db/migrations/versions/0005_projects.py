"""Projects, browser sessions, usage, and the secrets that processes share.

Revision ID: 0005
Revises: 0004
"""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

OWNED = ("assistants", "threads", "runs", "files", "vector_stores")
ACTIVE = sa.text("status IN ('queued','in_progress','requires_action','cancelling')")
IN_A_SESSION = sa.text("session_id IS NOT NULL")
ORDER = ["created_at", "sequence"]


def upgrade() -> None:
    for table in OWNED:
        op.add_column(
            table, sa.Column("project", sa.String(), nullable=False, server_default="default")
        )
    op.add_column("threads", sa.Column("session_id", sa.String(), nullable=True))
    op.add_column("runs", sa.Column("request_id", sa.String(), nullable=True))
    _share_what_is_configured()
    op.drop_column("assistants", "configured")
    _create_indexes()
    op.create_table(
        "usage",
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("assistant_id", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("runs", sa.BigInteger(), nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger(), nullable=False),
        sa.Column("completion_tokens", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project", "day", "assistant_id", "model", "part"),
    )
    op.create_table(
        "secrets",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def _share_what_is_configured() -> None:
    """Let every project read the configured assistants and their knowledge."""
    op.execute("UPDATE assistants SET project = '*' WHERE configured")
    connection = op.get_bind()
    rows = connection.execute(
        sa.text(
            "SELECT written_assistants.assistant_id, knowledge FROM written_assistants "
            "JOIN assistants ON assistants.id = written_assistants.assistant_id "
            "WHERE assistants.configured"
        ).columns(knowledge=sa.JSON())
    )
    share_file = sa.text("UPDATE files SET project = '*' WHERE id = :key")
    share_store = sa.text("UPDATE vector_stores SET project = '*' WHERE id = :key")
    for assistant_id, knowledge in rows.all():
        for kept in knowledge.values():
            connection.execute(share_file, {"key": kept["file_id"]})
        # The name that the service gives to the store of an assistant's knowledge.
        digest = hashlib.sha256(assistant_id.encode()).hexdigest()[:32]
        connection.execute(share_store, {"key": f"vs_{digest}"})


def _create_indexes() -> None:
    for name, table, columns in (
        ("vector_stores_in_order", "vector_stores", ORDER),
        ("files_of_purpose", "files", ["purpose", *ORDER]),
        ("files_in_order", "files", ORDER),
    ):
        op.drop_index(name, table)
        op.create_index(name, table, ["project", *columns])
    op.create_index("threads_in_order", "threads", ["project", *ORDER])
    op.create_index(
        "threads_of_session",
        "threads",
        ["session_id", *ORDER],
        sqlite_where=IN_A_SESSION,
        postgresql_where=IN_A_SESSION,
    )
    op.create_index(
        "runs_active_of_project",
        "runs",
        ["project"],
        sqlite_where=ACTIVE,
        postgresql_where=ACTIVE,
    )
