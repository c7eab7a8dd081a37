"""The rows of `notification_tables.py`, as dataclasses."""

from dataclasses import dataclass
from typing import Any

from app.db import notification_tables
from app.db.row_map import RowMap
from app.schemas.notifications import Language, NotificationStatus, TargetType


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationTargetRow:
    id: str
    created_at: int
    project: str
    type: TargetType
    address: str
    language: Language
    console_url: str
    enabled: bool
    events: list[str]
    secret: str | None = None
    previous_secret: str | None = None
    rotated_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationRow:
    id: str
    created_at: int
    project: str
    target_id: str
    thread_id: str | None
    type: str
    payload: dict[str, Any]
    status: NotificationStatus = "pending"
    attempts: int = 0
    due_at: float = 0.0
    worker_id: str | None = None
    held_until: float | None = None
    attempted_at: int | None = None
    ended_at: int | None = None
    last_error: str | None = None


NOTIFICATION_TARGETS = RowMap(notification_tables.notification_targets, NotificationTargetRow)
NOTIFICATIONS = RowMap(notification_tables.notifications, NotificationRow)
