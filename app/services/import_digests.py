"""Digests of what an import decides about a row.

A later import overwrites the row only if its digest is still the same.
"""

from collections.abc import Collection

from app.db.feedback_rows import FeedbackRow
from app.db.file_rows import FileRow
from app.db.import_kinds import KINDS, AnyRow
from app.db.knowledge_rows import StoreFileRow, VectorStoreRow
from app.db.rows import AssistantRow, MessageRow, RunRow, StepRow, ThreadRow
from app.domain.digests import json_digest

# By the class of a row: the columns that are not taken from the imported object, or that the server
# itself changes afterwards.
_WITHOUT: dict[type, Collection[str]] = {
    AssistantRow: ("project", "imported", "attempt"),
    ThreadRow: ("project", "imported", "attempt", "trial"),
    MessageRow: ("imported", "attempt"),
    # What was imported before 0.4 has no times in milliseconds.
    RunRow: (
        *("project", "imported", "attempt"),
        *("began_ms", "first_text_ms", "ended_ms", "found_nothing"),
    ),
    StepRow: ("imported",),
    FeedbackRow: ("project", "imported"),
    FileRow: ("project", "imported", "attempt", "lacks_content"),
    VectorStoreRow: (
        *("project", "imported", "attempt"),
        *("last_active_at", "expires_at", "revision"),
    ),
    StoreFileRow: (
        *("imported", "batch_id", "status", "usage_bytes", "last_error"),
        *("worker_id", "held_until", "attempts", "revision"),
    ),
}


def digest(row: AnyRow) -> str:
    """Return a digest of what an import decides about the row."""
    kind = type(row)
    return json_digest(KINDS[kind].rows.values(row, without=_WITHOUT[kind]))
