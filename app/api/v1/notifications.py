"""`/notification_targets` and `/notifications`: who hears that a visitor asks for a person."""

from typing import Annotated

from fastapi import Query, Request

from app.api.deps import CallerDep, PageDep, ServicesDep
from app.api.routing import router
from app.schemas.common import ListPage
from app.schemas.notifications import (
    NewNotificationTarget,
    Notification,
    NotificationChannelList,
    NotificationStatus,
    NotificationTarget,
    NotificationTargetCreate,
    NotificationTargetDeleted,
    NotificationTargetUpdate,
)

routes = router("notifications")


@routes.get("/notification_channels")
async def list_notification_channels(
    services: ServicesDep, caller: CallerDep
) -> NotificationChannelList:
    """List the types of targets, and whether this server's settings allow them."""
    return services.notifications.channels()


@routes.post("/notification_targets")
async def create_notification_target(
    body: NotificationTargetCreate, request: Request, services: ServicesDep, caller: CallerDep
) -> NewNotificationTarget:
    """Add a webhook or an e-mail address. A webhook's `secret` is only in this answer."""
    console = f"{request.base_url}console"
    return await services.notifications.create_target(caller.project, body, console)


@routes.get("/notification_targets")
async def list_notification_targets(
    page: PageDep, services: ServicesDep, caller: CallerDep
) -> ListPage[NotificationTarget]:
    """List where the project's notifications go, newest first."""
    return await services.notifications.list_targets(caller.project, page)


@routes.get("/notification_targets/{target_id}")
async def retrieve_notification_target(
    target_id: str, services: ServicesDep, caller: CallerDep
) -> NotificationTarget:
    """Retrieve a target without its secret."""
    return await services.notifications.retrieve_target(caller.project, target_id)


@routes.post("/notification_targets/{target_id}")
async def update_notification_target(
    target_id: str,
    services: ServicesDep,
    caller: CallerDep,
    body: NotificationTargetUpdate | None = None,
) -> NotificationTarget:
    """Change a target. While it is disabled, its notifications wait, and no new ones are made."""
    wanted = body or NotificationTargetUpdate()
    return await services.notifications.update_target(caller.project, target_id, wanted)


@routes.delete("/notification_targets/{target_id}")
async def delete_notification_target(
    target_id: str, services: ServicesDep, caller: CallerDep
) -> NotificationTargetDeleted:
    """Delete a target and its notifications."""
    return await services.notifications.delete_target(caller.project, target_id)


@routes.post("/notification_targets/{target_id}/rotate_secret")
async def rotate_notification_secret(
    target_id: str, services: ServicesDep, caller: CallerDep
) -> NewNotificationTarget:
    """Make a new signing secret. For 24 hours, webhooks are signed with the old one too."""
    return await services.notifications.rotate_secret(caller.project, target_id)


@routes.post("/notification_targets/{target_id}/test")
async def send_test_notification(
    target_id: str, services: ServicesDep, caller: CallerDep
) -> Notification:
    """Send a test notification."""
    return await services.notifications.test_target(caller.project, target_id)


@routes.get("/notifications")
async def list_notifications(
    page: PageDep,
    services: ServicesDep,
    caller: CallerDep,
    status: Annotated[
        NotificationStatus | None, Query(description="Default: all. `failed`: given up.")
    ] = None,
) -> ListPage[Notification]:
    """List the notifications of the last 30 days and those on their way, newest first."""
    return await services.notifications.list(caller.project, page, status)


@routes.get("/notifications/{notification_id}")
async def retrieve_notification(
    notification_id: str, services: ServicesDep, caller: CallerDep
) -> Notification:
    """Retrieve a notification, with what became of it."""
    return await services.notifications.retrieve(caller.project, notification_id)


@routes.post("/notifications/{notification_id}/resend")
async def resend_notification(
    notification_id: str, services: ServicesDep, caller: CallerDep
) -> Notification:
    """Deliver a notification again, with the same id, whatever became of it."""
    return await services.notifications.resend(caller.project, notification_id)
