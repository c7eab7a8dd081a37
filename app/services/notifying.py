"""Writes notifications to the outbox, in the transaction that they are about."""

from datetime import UTC, datetime
from typing import Any, Literal

from app.db import handovers, notifications
from app.db.database import Connection
from app.db.notification_rows import NotificationRow, NotificationTargetRow
from app.domain.clock import now
from app.domain.ids import new_id
from app.schemas.notifications import HandoverEvent

Event = HandoverEvent | Literal["notification.test"]

# For so many seconds, an event of a thread is not announced again.
_QUIET = 300


def announce(
    connection: Connection, project: str, event: HandoverEvent, thread_id: str, *, after: int = 0
) -> bool:
    """Notify the project's targets about a thread; return whether there is anything to deliver.

    Left out are targets that don't want this event, and those that were notified of this event of
    the thread within the last minutes, unless that was before `after` (Unix time). The caller has
    locked the thread.
    """
    enabled = notifications.enabled_targets(connection, project)
    targets = [target for target in enabled if event in target.events]
    if not targets:
        return False
    since = max(now() - _QUIET, after)
    data = _about(connection, project, thread_id)
    rows = [
        _row(target, event, thread_id, data)
        for target in targets
        if not notifications.was_sent_since(connection, target.id, thread_id, event, since)
    ]
    notifications.add(connection, *rows)
    return bool(rows)


def announce_test(connection: Connection, target: NotificationTargetRow) -> NotificationRow:
    """Send something to one target, to try it."""
    row = _row(target, "notification.test", None, {"project": target.project})
    notifications.add(connection, row)
    return row


def _about(connection: Connection, project: str, thread_id: str) -> dict[str, Any]:
    # Only ids and the assistant's name. What people wrote stays on this server: mailboxes and other
    # systems keep what they get, and deleting a person's data doesn't reach them.
    assistant = handovers.assistant_of(connection, thread_id)
    return {
        "project": project,
        "thread_id": thread_id,
        "assistant_id": assistant.id if assistant else None,
        "assistant_name": assistant.name if assistant else None,
    }


def _row(
    target: NotificationTargetRow, event: Event, thread_id: str | None, data: dict[str, Any]
) -> NotificationRow:
    moment = now()
    link = f"{target.console_url}#/handovers" + (f"/{thread_id}" if thread_id else "")
    return NotificationRow(
        id=new_id("notification"),
        created_at=moment,
        project=target.project,
        target_id=target.id,
        thread_id=thread_id,
        type=event,
        payload={
            "type": event,
            "timestamp": datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "data": {**data, "console_url": link},
        },
    )
