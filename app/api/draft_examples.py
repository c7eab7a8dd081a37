"""Examples in `/docs` for drafts and versions of assistants."""

from typing import Any

from app.api.example_objects import ASSISTANT, ASSISTANT_ID, FUNCTION, SIGN_WRITER

_SHORTER = "Write signs of at most five words, in English."
_CONTENT = {
    name: value for name, value in ASSISTANT.items() if name not in ("id", "object", "created_at")
}
_DRAFT = {
    **_CONTENT,
    "instructions": _SHORTER,
    "object": "assistant.draft",
    "assistant_id": ASSISTANT_ID,
    "revision": 1,
    "base_version": 2,
    "published_version": 2,
    "configured": False,
    "updated_at": 1790000500,
    "updated_by": None,
}
_ABOUT_VERSION = {
    "id": "asstv_Kf8nWc3TqZ6mRv1YsJ4dHxB7",
    "object": "assistant.version",
    "assistant_id": ASSISTANT_ID,
    "number": 1,
    "created_at": 1790000000,
    "created_by": None,
    "cause": "created",
}
_LISTED = {**_ABOUT_VERSION, "name": ASSISTANT["name"], "model": ASSISTANT["model"]}

BODIES: dict[str, dict[str, dict[str, Any]]] = {
    "save_assistant_draft": {
        "New instructions": {
            "model": "gpt-5.4-mini",
            "name": "매장 화면 도우미",
            "instructions": _SHORTER,
            "tools": [{"type": "function", "function": FUNCTION}],
        },
    },
    "publish_assistant": {
        "The draft": {},
        "If nobody changed it meanwhile": {"revision": 1},
        "In any case": {"overwrite": True},
    },
}

ANSWERS: dict[str, Any] = {
    "retrieve_assistant_draft": _DRAFT,
    "save_assistant_draft": _DRAFT,
    "discard_assistant_draft": {
        "assistant_id": ASSISTANT_ID,
        "object": "assistant.draft.deleted",
        "deleted": True,
    },
    "publish_assistant": {**ASSISTANT, "instructions": _SHORTER},
    "list_assistant_versions": {
        "object": "list",
        "data": [_LISTED],
        "first_id": _LISTED["id"],
        "last_id": _LISTED["id"],
        "has_more": False,
    },
    "retrieve_assistant_version": {**_CONTENT, "instructions": SIGN_WRITER, **_ABOUT_VERSION},
    "restore_assistant_version": ASSISTANT,
    "list_functions": {
        "object": "list",
        "data": [{"name": FUNCTION["name"], "object": "function", **FUNCTION}],
    },
}
