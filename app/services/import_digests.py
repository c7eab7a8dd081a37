"""Digests of what an import decides about a row.

A later import overwrites the row only if its digest is still the same.
"""

from collections.abc import Collection
from typing import Any

from app.db.feedback_rows import FEEDBACK, FeedbackRow
from app.db.file_rows import FILES, FileRow
from app.db.import_kinds import AnyRow
from app.db.knowledge_rows import STORE_FILES, VECTOR_STORES, StoreFileRow, VectorStoreRow
from app.db.row_map import RowMap
from app.db.rows import (
    ASSISTANTS,
    MESSAGES,
    RUNS,
    STEPS,
    THREADS,
    AssistantRow,
    MessageRow,
    RunRow,
    StepRow,
    ThreadRow,
)
from app.domain.digests import json_digest

# By the class of a row: its table, and the columns that are not taken from the imported object, or
# that the server itself changes afterwards.
_ROWS: dict[type, tuple[RowMap[Any], Collection[str]]] = {
    AssistantRow: (ASSISTANTS, ("project", "imported", "attempt")),
    ThreadRow: (THREADS, ("project", "imported", "attempt", "trial")),
    MessageRow: (MESSAGES, ("imported", "attempt")),
    # What was imported before 0.4 has no times in milliseconds.
    RunRow: (
        RUNS,
        (
            *("project", "imported", "attempt"),
            *("began_ms", "first_text_ms", "ended_ms", "found_nothing"),
        ),
    ),
    StepRow: (STEPS, ("imported",)),
    FeedbackRow: (FEEDBACK, ("project", "imported")),
    FileRow: (FILES, ("project", "imported", "attempt", "lacks_content")),
    VectorStoreRow: (
        VECTOR_STORES,
        ("project", "imported", "attempt", "last_active_at", "expires_at", "revision"),
    ),
    StoreFileRow: (
        STORE_FILES,
        (
            *("imported", "batch_id", "status", "usage_bytes", "last_error"),
            *("worker_id", "held_until", "attempts", "revision"),
        ),
    ),
}


def digest(row: AnyRow) -> str:
    """Return a digest of what an import decides about the row."""
    rows, without = _ROWS[type(row)]
    return json_digest(rows.values(row, without=without))
