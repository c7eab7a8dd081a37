"""Wire objects for notifications: what tells the owner that a visitor needs a person."""

from typing import Annotated, Any, Literal, get_args

from pydantic import Field, StringConstraints

from app.schemas.common import ListedObject, RequestBody, WireObject

TargetType = Literal["webhook", "email"]
Language = Literal["en", "ko"]
HandoverEvent = Literal["handover.requested", "handover.message"]
EVENTS: tuple[HandoverEvent, ...] = get_args(HandoverEvent)
NotificationStatus = Literal["pending", "delivered", "failed"]
# How many targets a project may have.
MAX_TARGETS = 20

_Address = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2048)]
_ConsoleUrl = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=2048, pattern=r"^https?://[!-~]+$"),
    Field(description="Where people open the console, for links. Default: this server's address."),
]
_Events = Annotated[
    list[HandoverEvent],
    Field(min_length=1, max_length=len(EVENTS), description="What it hears of; all."),
]


class NotificationTargetCreate(RequestBody):
    """`address`: an https URL for a webhook, or an e-mail address."""

    type: TargetType
    address: _Address
    language: Language | None = Field(default=None, description="That of the e-mails; `en`.")
    console_url: _ConsoleUrl | None = None
    events: _Events | None = None


class NotificationTargetUpdate(RequestBody):
    """Omitted fields stay unchanged."""

    enabled: bool | None = None
    language: Language | None = None
    console_url: _ConsoleUrl | None = None
    events: _Events | None = None


class NotificationTarget(ListedObject):
    """Where a project's notifications go.

    A webhook that answers 410 (gone) is disabled. After `rotated_at`, the webhook's messages have
    two signatures for 24 hours.
    """

    object: Literal["notification_target"] = "notification_target"
    created_at: int
    type: TargetType
    address: str
    language: Language
    console_url: str
    enabled: bool
    events: list[HandoverEvent]
    rotated_at: int | None


class NewNotificationTarget(NotificationTarget):
    """A target with its signing secret, which is in no other answer; null for e-mail."""

    secret: str | None


class NotificationTargetDeleted(WireObject):
    id: str
    object: Literal["notification_target.deleted"] = "notification_target.deleted"
    deleted: Literal[True] = True


class Notification(ListedObject):
    """A notification, on its way or ended. `id` is the webhook's `webhook-id`.

    `payload` is what a webhook is sent; an e-mail says the same. `next_attempt_at` is null once it
    was delivered or given up (`failed`).
    """

    object: Literal["notification"] = "notification"
    created_at: int
    target_id: str
    thread_id: str | None
    type: str
    payload: dict[str, Any]
    status: NotificationStatus
    attempts: int
    attempted_at: int | None
    next_attempt_at: int | None
    ended_at: int | None
    last_error: str | None


class NotificationChannel(WireObject):
    """A type of targets. `missing`: the setting without which the server can't notify them."""

    object: Literal["notification_channel"] = "notification_channel"
    type: TargetType
    available: bool
    missing: str | None


class NotificationChannelList(WireObject):
    object: Literal["list"] = "list"
    data: list[NotificationChannel]
