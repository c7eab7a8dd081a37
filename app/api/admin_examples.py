"""The examples for `/admin` in `/docs`."""

from typing import Any

from app.api.example_objects import page_of

_PROJECT: dict[str, Any] = {
    "id": "cafe",
    "object": "project",
    "name": "cafe",
    "source": "api",
    "status": "active",
    "token_budget": 200000,
    "max_concurrent_runs": 20,
    "configured_keys": 0,
    "keys": 1,
    "created_at": 1790000000,
    "archived_at": None,
}
_KEY_ID = "key_Zr8tQ2mWc5VxNb1LkJd7HsYf"
_KEY: dict[str, Any] = {
    "id": _KEY_ID,
    "object": "project.api_key",
    "project": "cafe",
    "name": "Kiosk in the lobby",
    "redacted_value": "tk-…w4Qk",
    "scope": "chat",
    "origins": ["https://www.example.org"],
    "rate": "60/minute",
    "token_budget": 50000,
    "tokens_today": 1830,
    "replaces": None,
    "created_at": 1790000000,
    "last_used_at": 1790003600,
    "revoked_at": None,
}
_ORIGIN: dict[str, Any] = {
    "id": "origin_Bv6nRt3YpXq9WcMz2KdLs8Hj",
    "object": "origin",
    "origin": "https://www.example.org",
    "source": "api",
    "created_at": 1790000000,
}
_OF_SETTINGS = {
    "id": "https://shop.example.org",
    "object": "origin",
    "origin": "https://shop.example.org",
    "source": "settings",
    "created_at": None,
}

BODIES: dict[str, dict[str, dict[str, Any]]] = {
    "create_project": {
        "A project": {"name": "cafe"},
        "With limits": {"name": "cafe", "token_budget": 200000, "max_concurrent_runs": 20},
    },
    "update_project": {
        "Other limits": {"token_budget": 400000},
        "Restore it": {"status": "active"},
    },
    "create_project_key": {
        "For a program": {"name": "Web shop"},
        "For a page that chats": {
            "name": "Kiosk in the lobby",
            "scope": "chat",
            "origins": ["https://www.example.org"],
            "rate": "60/minute",
            "token_budget": 50000,
        },
        "To replace another": {"replaces": _KEY_ID},
    },
    "update_project_key": {
        "Rename": {"name": "Kiosk at the entrance"},
        "Limit": {"rate": "30/minute", "token_budget": 20000},
        "Revoke": {"revoked": True},
    },
    "create_origin": {"A site": {"origin": "https://www.example.org"}},
}

ANSWERS: dict[str, Any] = {
    "list_projects": page_of(_PROJECT),
    "create_project": _PROJECT | {"keys": 0},
    "retrieve_project": _PROJECT,
    "update_project": _PROJECT | {"token_budget": 400000},
    "archive_project": _PROJECT | {"status": "archived", "archived_at": 1790007200},
    "list_project_keys": page_of(_KEY),
    "create_project_key": _KEY
    | {"last_used_at": None, "tokens_today": 0}
    | {"value": "tk-kPz0uJ8mXq2LtR5vYw7NbC3dFgHs9aQe1iOoVx6w4Qk"},
    "retrieve_project_key": _KEY,
    "update_project_key": _KEY | {"name": "Kiosk at the entrance"},
    "delete_project_key": {"id": _KEY_ID, "object": "project.api_key.deleted", "deleted": True},
    "list_origins": page_of(_OF_SETTINGS, _ORIGIN),
    "create_origin": _ORIGIN,
    "delete_origin": {"id": _ORIGIN["id"], "object": "origin.deleted", "deleted": True},
}
