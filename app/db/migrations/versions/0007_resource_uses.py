"""Which files and vector stores threads and assistants use, and which are deleted with a thread.

Revision ID: 0007
Revises: 0006
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

AT_ONCE = 500
# The expiry of the stores that the server created for threads.
OWN_EXPIRY = {"anchor": "last_active_at", "days": 7}

Pairs = set[tuple[str, str]]

RESOURCES = (
    "SELECT id, {created_at} AS created_at, tool_resources FROM {table} "
    "WHERE CAST(tool_resources AS TEXT) <> '{{}}'"
)
MESSAGES = sa.text(
    "SELECT thread_id, created_at, attachments, content FROM messages "
    "WHERE CAST(attachments AS TEXT) <> '[]' OR CAST(content AS TEXT) LIKE '%\"image_file\"%'"
).columns(attachments=sa.JSON(), content=sa.JSON())
# Only resources of the user's project.
NOTE = (
    "INSERT INTO resource_uses (used_by, resource_id) "
    "SELECT users.id, resources.id FROM {users} AS users, {resources} AS resources "
    "WHERE users.id = :used_by AND resources.id = :resource_id "
    "AND users.project IN (resources.project, '*')"
)
STORES = sa.text(
    "SELECT id, created_at, expires_after FROM vector_stores "
    "WHERE coalesce(name, '') = '' AND expires_after IS NOT NULL AND project <> '*'"
).columns(expires_after=sa.JSON())


def upgrade() -> None:
    op.create_table(
        "resource_uses",
        sa.Column("used_by", sa.String(), nullable=False),
        sa.Column("resource_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("used_by", "resource_id"),
    )
    op.create_index("resource_uses_of_resource", "resource_uses", ["resource_id"])
    for table in ("vector_stores", "vector_store_files"):
        op.add_column(
            table, sa.Column("of_thread", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    _note_assistants()
    _note_threads()


def _note_assistants() -> None:
    named = _named("assistants", "NULL")
    _note("assistants", {(user, key) for user, _, keys in named for key in keys})


def _note_threads() -> None:
    used: Pairs = set()
    # When something was attached to a thread: when it was created, or with a message.
    times = defaultdict[str, set[int]](set)
    for user, created_at, keys in _named("threads", "created_at"):
        used |= {(user, key) for key in keys}
        times[user].add(created_at)
    for row in op.get_bind().execute(MESSAGES):
        used |= {(row.thread_id, key) for key in _brought(row.attachments, row.content)}
        times[row.thread_id].add(row.created_at)
    _note("threads", used)
    _mark_stores(used, times)


def _named(table: str, created_at: str) -> Iterator[tuple[str, Any, set[str]]]:
    """Yield rows with files or stores in their tool resources: id, `created_at` and their ids."""
    query = sa.text(RESOURCES.format(table=table, created_at=created_at))
    for row in op.get_bind().execute(query.columns(tool_resources=sa.JSON())):
        resources = row.tool_resources or {}
        stores = (resources.get("file_search") or {}).get("vector_store_ids") or []
        files = (resources.get("code_interpreter") or {}).get("file_ids") or []
        yield row.id, row.created_at, {*stores, *files}


def _brought(attachments: list[Any] | None, content: list[Any] | None) -> set[str]:
    attached = {attachment.get("file_id") for attachment in attachments or []}
    shown = {
        part["image_file"]["file_id"] for part in content or [] if part["type"] == "image_file"
    }
    return {key for key in attached | shown if key}


def _note(users: str, used: Pairs) -> None:
    values = [{"used_by": user, "resource_id": key} for user, key in sorted(used)]
    for resources in ("files", "vector_stores"):
        statement = sa.text(NOTE.format(users=users, resources=resources))
        for start in range(0, len(values), AT_ONCE):
            op.get_bind().execute(statement, values[start : start + AT_ONCE])


def _mark_stores(used: Pairs, times: dict[str, set[int]]) -> None:
    """Mark the stores that the server created itself, as far as their rows show it.

    They have no name, expire after a week, and were created together with a thread that uses them
    or with a message that attached a file to it.
    """
    users = defaultdict[str, set[str]](set)
    for user, key in used:
        users[key].add(user)
    mark = sa.text("UPDATE vector_stores SET of_thread = :yes WHERE id = :key")
    for row in op.get_bind().execute(STORES).all():
        made_at = {time + late for user in users[row.id] for time in times[user] for late in (0, 1)}
        if row.expires_after == OWN_EXPIRY and row.created_at in made_at:
            op.get_bind().execute(mark, {"key": row.id, "yes": True})
