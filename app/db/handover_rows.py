"""The rows of `handover_tables.py`, as dataclasses."""

from dataclasses import dataclass

from app.db import handover_tables
from app.db.row_map import RowMap
from app.schemas.handovers import HandoverState


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverRow:
    id: str
    project: str
    state: HandoverState = "bot"
    contact: str | None = None
    note: str | None = None
    person: str | None = None
    requested_at: int | None = None
    taken_at: int | None = None


HANDOVERS = RowMap(handover_tables.handovers, HandoverRow)
