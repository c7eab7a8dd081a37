"""Statements about the drafts of assistants. Callers check first whose the assistant is."""

from sqlalchemy import Connection, bindparam, delete, select, update

from app.db.draft_tables import assistant_drafts as drafts
from app.db.rows import ASSISTANT_DRAFTS, AssistantDraftRow

_key = drafts.c.assistant_id == bindparam("key")

_BY_ASSISTANT = select(drafts).where(_key)
_UPDATE = update(drafts).where(_key)
_DELETE = delete(drafts).where(_key)


def find(connection: Connection, assistant_id: str) -> AssistantDraftRow | None:
    return ASSISTANT_DRAFTS.read_first(
        connection.execute(_BY_ASSISTANT, {"key": assistant_id}).first()
    )


def write(connection: Connection, draft: AssistantDraftRow) -> None:
    """Create or overwrite the assistant's draft; the caller has locked the assistant."""
    values = ASSISTANT_DRAFTS.values(draft, without=("assistant_id",))
    if connection.execute(_UPDATE, {**values, "key": draft.assistant_id}).rowcount == 0:
        ASSISTANT_DRAFTS.insert(connection, draft)


def remove(connection: Connection, assistant_id: str) -> bool:
    """Return whether there was a draft."""
    return connection.execute(_DELETE, {"key": assistant_id}).rowcount > 0
