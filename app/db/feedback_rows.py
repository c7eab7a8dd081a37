"""The rows of `feedback_tables.py`, as dataclasses."""

from dataclasses import dataclass

from app.db.feedback_tables import feedback
from app.db.row_map import RowMap
from app.schemas.feedback import Rating


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackRow:
    id: str
    thread_id: str
    created_at: int
    project: str
    session_id: str | None = None
    rating: Rating
    comment: str | None = None
    imported: str | None = None


FEEDBACK = RowMap(feedback, FeedbackRow)
