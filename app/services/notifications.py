"""Notifications: the API's operations."""

from collections.abc import Callable, Collection
from typing import Any

from app.core.mail import Mailer, is_address
from app.core.outbound.addresses import OutboundRefused
from app.core.outbound.client import OutboundClient
from app.core.rate_limits import RequestCounter
from app.core.sealing import Sealer
from app.core.webhooks import new_secret
from app.db import notifications
from app.db.database import Connection, Database
from app.db.notification_rows import NotificationRow, NotificationTargetRow
from app.db.paging import Page
from app.domain.clock import now
from app.domain.errors import InvalidRequest, LimitReached
from app.domain.ids import new_id
from app.schemas.common import ListPage
from app.schemas.notifications import (
    EVENTS,
    MAX_TARGETS,
    HandoverEvent,
    NewNotificationTarget,
    Notification,
    NotificationChannel,
    NotificationChannelList,
    NotificationStatus,
    NotificationTarget,
    NotificationTargetCreate,
    NotificationTargetDeleted,
    NotificationTargetUpdate,
)
from app.services.notifying import announce_test
from app.services.secrets_key import claim_secrets_key, sealed

_MAIL_SETTING = "SMTP_HOST"
# What a key can have the server send, to any address: tests of a project, and each notification
# again.
_TESTS, _RESENDS = "30/hour", "5/hour"


class NotificationService:
    def __init__(
        self,
        database: Database,
        client: OutboundClient,
        mailer: Mailer,
        sealer: Sealer,
        counter: RequestCounter,
        wake: Callable[[], None],
    ) -> None:
        """`wake` is called when a notification was written."""
        self._database = database
        self._client = client
        self._mailer = mailer
        self._sealer = sealer
        self._counter = counter
        self._wake = wake

    def channels(self) -> NotificationChannelList:
        """Return the types of targets, and whether the server can notify them."""
        mails = self._mailer.is_configured
        webhook = NotificationChannel(type="webhook", available=True, missing=None)
        email = NotificationChannel(
            type="email", available=mails, missing=None if mails else _MAIL_SETTING
        )
        return NotificationChannelList(data=[webhook, email])

    # Targets

    async def create_target(
        self, project: str, body: NotificationTargetCreate, console_url: str
    ) -> NewNotificationTarget:
        """`console_url` is used if the body has none. Raises `InvalidRequest`."""
        self._check_address(body)
        target_id = new_id("notification_target")
        secret = new_secret() if body.type == "webhook" else None
        target = NotificationTargetRow(
            id=target_id,
            created_at=now(),
            project=project,
            type=body.type,
            address=body.address,
            language=body.language or "en",
            console_url=body.console_url or console_url,
            enabled=True,
            events=_in_order(body.events or EVENTS),
            secret=None if secret is None else await self._sealed(target_id, secret),
        )
        await self._database.transaction(self._create_target, target)
        return NewNotificationTarget(**_target(target).model_dump(), secret=secret)

    async def retrieve_target(self, project: str, target_id: str) -> NotificationTarget:
        return _target(await self._database.read(notifications.retrieve_target, project, target_id))

    async def list_targets(self, project: str, page: Page) -> ListPage[NotificationTarget]:
        rows, has_more = await self._database.read(notifications.list_targets, project, page)
        return ListPage[NotificationTarget].of([_target(row) for row in rows], has_more=has_more)

    async def update_target(
        self, project: str, target_id: str, body: NotificationTargetUpdate
    ) -> NotificationTarget:
        values: dict[str, Any] = body.model_dump(exclude_none=True)
        if body.events is not None:
            values["events"] = _in_order(body.events)
        changed = await self._database.transaction(
            notifications.change_target, project, target_id, values
        )
        # Those that waited while it was disabled.
        self._wake()
        return _target(changed)

    async def delete_target(self, project: str, target_id: str) -> NotificationTargetDeleted:
        await self._database.transaction(notifications.remove_target, project, target_id)
        return NotificationTargetDeleted(id=target_id)

    async def rotate_secret(self, project: str, target_id: str) -> NewNotificationTarget:
        """Sign with a new secret, and for a day also with the one before.

        Raises `NotFound`, and `InvalidRequest` for an e-mail address.
        """
        secret = new_secret()
        sealed = await self._sealed(target_id, secret)
        changed = await self._database.transaction(self._rotate, project, target_id, sealed)
        return NewNotificationTarget(**_target(changed).model_dump(), secret=secret)

    async def test_target(self, project: str, target_id: str) -> Notification:
        """Send a test.

        Raises `NotFound`, `InvalidRequest` if the target is disabled, and `LimitReached`.
        """
        await self._database.read(_enabled_target, project, target_id)
        await self._count(_TESTS, "Too many test notifications", "tests", project)
        row = await self._database.transaction(self._test, project, target_id)
        self._wake()
        return _notification(row)

    # What was sent

    async def retrieve(self, project: str, notification_id: str) -> Notification:
        return _notification(
            await self._database.read(notifications.retrieve, project, notification_id)
        )

    async def list(
        self, project: str, page: Page, status: NotificationStatus | None
    ) -> ListPage[Notification]:
        rows, has_more = await self._database.read(notifications.list_page, project, page, status)
        return ListPage[Notification].of([_notification(row) for row in rows], has_more=has_more)

    async def resend(self, project: str, notification_id: str) -> Notification:
        """Deliver a notification again, with the same id. Raises `NotFound` and `LimitReached`."""
        await self._database.read(notifications.retrieve, project, notification_id)
        await self._count(
            _RESENDS, "This notification was resent too often", "resends", notification_id
        )
        row = await self._database.transaction(notifications.resend, project, notification_id)
        self._wake()
        return _notification(row)

    async def _count(self, rate: str, problem: str, *who: str) -> None:
        standing = await self._counter.count(rate, *who)
        if not standing.allowed:
            raise LimitReached(
                f"{problem}: the limit is {rate}. Please try again in {standing.retry_after}s.",
                code="rate_limit_exceeded",
                headers={"retry-after": str(standing.retry_after)},
            )

    def _check_address(self, body: NotificationTargetCreate) -> None:
        if body.type == "email":
            if not is_address(body.address):
                raise _invalid("this is not an e-mail address")
            if not self._mailer.is_configured:
                raise InvalidRequest(
                    f"This server can't send e-mails: its settings have no {_MAIL_SETTING}.",
                    param="type",
                    code="no_smtp_host",
                )
            return
        try:
            self._client.check(body.address)
        except OutboundRefused as error:
            raise _invalid(str(error)) from error

    async def _sealed(self, target_id: str, secret: str) -> str:
        return await sealed(self._sealer, target_id, secret, what="signing secret")

    # Transactions

    def _create_target(
        self, connection: Connection, target: NotificationTargetRow
    ) -> NotificationTargetRow:
        if notifications.count_targets(connection, target.project) >= MAX_TARGETS:
            raise InvalidRequest(
                f"A project can have {MAX_TARGETS} targets. Delete one first.",
                code="too_many_targets",
            )
        if target.secret is not None:
            claim_secrets_key(connection, self._sealer)
        return notifications.create_target(connection, target)

    def _rotate(
        self, connection: Connection, project: str, target_id: str, sealed: str
    ) -> NotificationTargetRow:
        before = notifications.retrieve_target(connection, project, target_id)
        if before.type != "webhook":
            raise InvalidRequest("Only webhooks have a signing secret.", code="not_a_webhook")
        claim_secrets_key(connection, self._sealer)
        values = {"secret": sealed, "previous_secret": before.secret, "rotated_at": now()}
        return notifications.change_target(connection, project, target_id, values)

    @staticmethod
    def _test(connection: Connection, project: str, target_id: str) -> NotificationRow:
        return announce_test(connection, _enabled_target(connection, project, target_id))


def _enabled_target(connection: Connection, project: str, target_id: str) -> NotificationTargetRow:
    target = notifications.retrieve_target(connection, project, target_id)
    if not target.enabled:
        raise InvalidRequest(
            f"The target '{target_id}' is disabled. Enable it first.", code="target_disabled"
        )
    return target


def _in_order(events: Collection[HandoverEvent]) -> list[str]:
    return [event for event in EVENTS if event in events]


def _target(row: NotificationTargetRow) -> NotificationTarget:
    return NotificationTarget.model_validate(row, from_attributes=True)


def _notification(row: NotificationRow) -> Notification:
    pending = row.status == "pending"
    return Notification(
        id=row.id,
        created_at=row.created_at,
        target_id=row.target_id,
        thread_id=row.thread_id,
        type=row.type,
        payload=row.payload,
        status=row.status,
        attempts=row.attempts,
        attempted_at=row.attempted_at,
        next_attempt_at=max(int(row.due_at), row.created_at) if pending else None,
        ended_at=row.ended_at,
        last_error=row.last_error,
    )


def _invalid(reason: str) -> InvalidRequest:
    return InvalidRequest(f"Invalid 'address': {reason}.", param="address", code="invalid_value")
