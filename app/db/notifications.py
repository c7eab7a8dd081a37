"""Statements about notifications: the outbox, and who delivers what is in it.

A notification is written in the transaction of what it tells about. To deliver it, a process takes
a lease, and every later statement names that lease and the attempt: if the process was too slow, or
the notification was removed meanwhile, the statement changes no row.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Connection,
    Float,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    text,
    update,
)

from app.db.clock import database_seconds
from app.db.notification_rows import (
    NOTIFICATION_TARGETS,
    NOTIFICATIONS,
    NotificationRow,
    NotificationTargetRow,
)
from app.db.notification_tables import PENDING, notification_targets, notifications
from app.db.paging import Page, read_page
from app.domain.clock import now
from app.domain.errors import not_found

_key = notifications.c.id == bindparam("key")
_of_project = notifications.c.project == bindparam("of_project")
_BY_ID = select(notifications).where(_key, _of_project)
_RECENT = (
    select(notifications.c.id)
    .where(
        notifications.c.thread_id == bindparam("of_thread"),
        notifications.c.target_id == bindparam("of_target"),
        notifications.c.type == bindparam("of_type"),
        notifications.c.created_at > bindparam("since"),
    )
    .limit(1)
)

# By the database's clock: the processes' clocks may differ.
_later = database_seconds() + bindparam("seconds", type_=Float)
_waiting = (
    text(f"notifications.{PENDING}"),
    notifications.c.due_at <= database_seconds(),
    or_(notifications.c.held_until.is_(None), notifications.c.held_until < database_seconds()),
)
_to_enabled = and_(
    notification_targets.c.id == notifications.c.target_id, notification_targets.c.enabled
)
_ANY = (
    select(notifications.c.sequence)
    .join(notification_targets, _to_enabled)
    .where(*_waiting, notifications.c.target_id.not_in(bindparam("busy", expanding=True)))
    .limit(1)
)
_NEXT = (
    select(notifications)
    .join(notification_targets, _to_enabled)
    .where(*_waiting, notifications.c.target_id.not_in(bindparam("busy", expanding=True)))
    .order_by(notifications.c.due_at, notifications.c.sequence)
    .limit(1)
    .with_for_update(skip_locked=True, of=notifications)
)
_HOLD = (
    update(notifications)
    .where(_key)
    .values(
        worker_id=bindparam("holder"),
        held_until=_later,
        attempts=bindparam("attempt"),
        attempted_at=bindparam("moment"),
    )
)
_HELD = update(notifications).where(
    _key,
    notifications.c.status == "pending",
    notifications.c.worker_id == bindparam("holder"),
    notifications.c.attempts == bindparam("attempt"),
)
_RENEW = _HELD.values(held_until=_later)
_AGAIN = _HELD.values(worker_id=None, held_until=None, due_at=_later, last_error=bindparam("error"))
_END = _HELD.values(
    worker_id=None,
    held_until=None,
    status=bindparam("new_status"),
    ended_at=bindparam("moment"),
    last_error=bindparam("error"),
)
_RESEND = (
    update(notifications)
    .where(_key, _of_project, notifications.c.status != "pending")
    .values(
        status="pending",
        attempts=0,
        due_at=database_seconds(),
        worker_id=None,
        held_until=None,
        ended_at=None,
    )
)
_DUE_NOW = (
    update(notifications)
    .where(_key, _of_project, notifications.c.status == "pending")
    .values(due_at=database_seconds())
)
_DROP_ENDED = delete(notifications).where(notifications.c.ended_at < bindparam("before"))

_target = notification_targets.c.id == bindparam("key")
_target_of = notification_targets.c.project == bindparam("of_project")
_TARGET = select(notification_targets).where(_target)
_ENABLED = (
    select(notification_targets)
    .where(_target_of, notification_targets.c.enabled)
    .order_by(notification_targets.c.sequence)
)
_COUNT = select(func.count()).select_from(notification_targets).where(_target_of)
_CHANGE_TARGET = update(notification_targets).where(_target, _target_of)
_DELETE_TARGET = delete(notification_targets).where(_target, _target_of)
_DISABLE = update(notification_targets).where(_target).values(enabled=False)


@dataclass(frozen=True)
class Claim:
    """A notification that this process has leased; its row's `attempts` include this one."""

    row: NotificationRow
    target: NotificationTargetRow


# Targets


def create_target(connection: Connection, target: NotificationTargetRow) -> NotificationTargetRow:
    NOTIFICATION_TARGETS.insert(connection, target)
    return target


def count_targets(connection: Connection, project: str) -> int:
    found: int = connection.execute(_COUNT, {"of_project": project}).scalar_one()
    return found


def retrieve_target(connection: Connection, project: str, target_id: str) -> NotificationTargetRow:
    """Raises `NotFound`."""
    statement = _TARGET.where(_target_of)
    row = connection.execute(statement, {"key": target_id, "of_project": project}).first()
    if row is None:
        raise not_found("notification_target", target_id)
    return NOTIFICATION_TARGETS.read(row)


def enabled_targets(connection: Connection, project: str) -> list[NotificationTargetRow]:
    return NOTIFICATION_TARGETS.read_all(connection.execute(_ENABLED, {"of_project": project}))


def list_targets(
    connection: Connection, project: str, page: Page
) -> tuple[list[NotificationTargetRow], bool]:
    rows, has_more = read_page(
        connection, notification_targets, "notification_target", page, project=project
    )
    return NOTIFICATION_TARGETS.read_all(rows), has_more


def change_target(
    connection: Connection, project: str, target_id: str, values: dict[str, Any]
) -> NotificationTargetRow:
    """Raises `NotFound`."""
    if values:
        connection.execute(
            _CHANGE_TARGET.values(**values), {"key": target_id, "of_project": project}
        )
    return retrieve_target(connection, project, target_id)


def remove_target(connection: Connection, project: str, target_id: str) -> None:
    """Remove a target and its notifications. Raises `NotFound`."""
    keys = {"key": target_id, "of_project": project}
    if connection.execute(_DELETE_TARGET, keys).rowcount == 0:
        raise not_found("notification_target", target_id)


# The outbox


def add(connection: Connection, *rows: NotificationRow) -> None:
    NOTIFICATIONS.insert(connection, *rows)


def was_sent_since(
    connection: Connection, target_id: str, thread_id: str, kind: str, since: int
) -> bool:
    """Return whether this kind of notification about the thread was created after `since`."""
    values = {"of_target": target_id, "of_thread": thread_id, "of_type": kind, "since": since}
    return connection.execute(_RECENT, values).first() is not None


def retrieve(connection: Connection, project: str, notification_id: str) -> NotificationRow:
    """Raises `NotFound`."""
    keys = {"key": notification_id, "of_project": project}
    row = connection.execute(_BY_ID, keys).first()
    if row is None:
        raise not_found("notification", notification_id)
    return NOTIFICATIONS.read(row)


def list_page(
    connection: Connection, project: str, page: Page, status: str | None
) -> tuple[list[NotificationRow], bool]:
    only = {"status": status} if status else {}
    rows, has_more = read_page(
        connection, notifications, "notification", page, only=only, project=project
    )
    return NOTIFICATIONS.read_all(rows), has_more


def resend(connection: Connection, project: str, notification_id: str) -> NotificationRow:
    """Deliver an ended notification once more, or one on its way at once.

    Raises `NotFound`.
    """
    keys = {"key": notification_id, "of_project": project}
    if connection.execute(_DUE_NOW, keys).rowcount == 0:
        connection.execute(_RESEND, keys)
    return retrieve(connection, project, notification_id)


def forget_ended(connection: Connection, before: int) -> int:
    """Remove what ended before a Unix time; return how many notifications that were."""
    return connection.execute(_DROP_ENDED, {"before": before}).rowcount


# Delivery


def is_waiting(connection: Connection, busy: Collection[str]) -> bool:
    """Return whether a notification is due, to a target that isn't `busy`."""
    return connection.execute(_ANY, {"busy": [*busy]}).first() is not None


def claim(
    connection: Connection, worker_id: str, seconds: float, busy: Collection[str]
) -> Claim | None:
    """Lease the notification that is due for longest, for so many seconds; None if none is due."""
    found = NOTIFICATIONS.read_first(connection.execute(_NEXT, {"busy": [*busy]}).first())
    if found is None:
        return None
    values = {"holder": worker_id, "attempt": found.attempts + 1, "moment": now()}
    connection.execute(_HOLD, {**values, "key": found.id, "seconds": seconds})
    held = connection.execute(_BY_ID, {"key": found.id, "of_project": found.project}).one()
    target = connection.execute(_TARGET, {"key": found.target_id}).one()
    return Claim(NOTIFICATIONS.read(held), NOTIFICATION_TARGETS.read(target))


def renew(connection: Connection, claim: Claim, seconds: float) -> bool:
    """Renew the lease; False if the notification is no longer ours."""
    return connection.execute(_RENEW, {**_keys(claim), "seconds": seconds}).rowcount > 0


def try_again(connection: Connection, claim: Claim, seconds: float, error: str | None) -> bool:
    """Let any process try it after so many seconds; False if it is no longer ours."""
    values = {**_keys(claim), "seconds": seconds, "error": error}
    return connection.execute(_AGAIN, values).rowcount > 0


def end(
    connection: Connection, claim: Claim, status: str, error: str | None, *, gone: bool = False
) -> bool:
    """End it as `delivered` or `failed`; False if it is no longer ours.

    `gone`: its target wants no more notifications.
    """
    values = {**_keys(claim), "new_status": status, "error": error, "moment": now()}
    ended = connection.execute(_END, values).rowcount > 0
    if gone:
        connection.execute(_DISABLE, {"key": claim.target.id})
    return ended


def _keys(claim: Claim) -> dict[str, Any]:
    row = claim.row
    return {"key": row.id, "holder": row.worker_id, "attempt": row.attempts}
