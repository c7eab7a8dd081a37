"""The examples in `/docs` for notifications; `examples.py` includes them."""

from typing import Any

from app.api.example_objects import ASSISTANT_ID, THREAD_ID, page_of

_TARGET: dict[str, Any] = {
    "id": "ntft_Kd8wQz3LrV6tXy1MnB5cPf7H",
    "object": "notification_target",
    "created_at": 1790000030,
    "type": "webhook",
    "address": "https://shop.example.com/hooks/threadkeeper",
    "language": "en",
    "console_url": "https://chat.example.com/console",
    "enabled": True,
    "events": ["handover.requested", "handover.message"],
    "rotated_at": None,
}
_SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
_NOTIFICATION: dict[str, Any] = {
    "id": "ntf_Rz5mTq8KdW2vXy4LnB7cPf9G",
    "object": "notification",
    "created_at": 1790000100,
    "target_id": _TARGET["id"],
    "thread_id": THREAD_ID,
    "type": "handover.requested",
    "payload": {
        "type": "handover.requested",
        "timestamp": "2026-09-21T13:35:00Z",
        "data": {
            "project": "shop",
            "thread_id": THREAD_ID,
            "assistant_id": ASSISTANT_ID,
            "assistant_name": "Sign writer",
            "console_url": f"https://chat.example.com/console#/handovers/{THREAD_ID}",
        },
    },
    "status": "failed",
    "attempts": 10,
    "attempted_at": 1790270000,
    "next_attempt_at": None,
    "ended_at": 1790270000,
    "last_error": "HTTP 500 Internal Server Error",
}
_AGAIN = {
    **_NOTIFICATION,
    **{"status": "pending", "attempts": 0, "next_attempt_at": 1790280000, "ended_at": None},
}
_TEST = {
    **_AGAIN,
    "thread_id": None,
    "type": "notification.test",
    "payload": {
        "type": "notification.test",
        "timestamp": "2026-09-21T13:35:00Z",
        "data": {"project": "shop", "console_url": "https://chat.example.com/console#/handovers"},
    },
    "attempted_at": None,
    "last_error": None,
}

BODIES: dict[str, dict[str, dict[str, Any]]] = {
    "create_notification_target": {
        "Webhook": {"type": "webhook", "address": _TARGET["address"]},
        "E-mail": {"type": "email", "address": "owner@example.org", "language": "ko"},
    },
    "update_notification_target": {
        "Pause": {"enabled": False},
        "Resume": {"enabled": True},
        "Only new requests": {"events": ["handover.requested"]},
    },
}

ANSWERS: dict[str, Any] = {
    "list_notification_channels": {
        "object": "list",
        "data": [
            {
                "object": "notification_channel",
                "type": "webhook",
                "available": True,
                "missing": None,
            },
            {
                "object": "notification_channel",
                "type": "email",
                "available": False,
                "missing": "SMTP_HOST",
            },
        ],
    },
    "create_notification_target": {**_TARGET, "secret": _SECRET},
    "list_notification_targets": page_of(_TARGET),
    "retrieve_notification_target": _TARGET,
    "update_notification_target": {**_TARGET, "enabled": False},
    "delete_notification_target": {
        "id": _TARGET["id"],
        "object": "notification_target.deleted",
        "deleted": True,
    },
    "rotate_notification_secret": {**_TARGET, "rotated_at": 1790000200, "secret": _SECRET},
    "send_test_notification": _TEST,
    "list_notifications": page_of(_NOTIFICATION),
    "retrieve_notification": _NOTIFICATION,
    "resend_notification": _AGAIN,
}
