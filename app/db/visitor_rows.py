"""The rows of `visitor_tables.py`, as dataclasses."""

from dataclasses import dataclass

from app.db import visitor_tables
from app.db.row_map import RowMap


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitorRow:
    session_id: str
    project: str
    subject: str
    name: str | None = None
    email: str | None = None
    seen_at: int


VISITORS = RowMap(visitor_tables.visitors, VisitorRow)
