"""The examples in `/docs`: named request bodies and a response for every operation.

Keyed by operation id. A test validates each of them against its schema.
"""

from typing import Any

from app import __version__
from app.api import (
    action_examples,
    admin_examples,
    draft_examples,
    insight_examples,
    notification_examples,
    run_examples,
    vector_store_examples,
)
from app.api.example_objects import (
    ANSWER,
    ASKED,
    ASSISTANT,
    ASSISTANT_ID,
    FEEDBACK,
    FILE,
    FILE_ID,
    FUNCTION,
    HANDOVER,
    LISTED_HANDOVER,
    MESSAGE,
    SIGN_WRITER,
    THREAD,
    THREAD_ID,
    THREAD_VISITOR,
    page_of,
    user_message,
)

_USER_TOKEN_SECRET = {
    "id": "uts_Wm3kTq8ZdR5vXy2LnB7cPf1J",
    "object": "user_token_secret",
    "created_at": 1790000000,
    "redacted_value": "tks-…5wEc",
}


def _deleted(what: dict[str, Any]) -> dict[str, Any]:
    return {"id": what["id"], "object": f"{what['object']}.deleted", "deleted": True}


# A body that names the default assistant can be sent unchanged; all other ids are placeholders for
# the reader's own.
BODIES: dict[str, dict[str, dict[str, Any]]] = {
    "create_assistant": {
        "Plain": {
            "model": "gpt-5.4-mini",
            "name": "매장 화면 도우미",
            "instructions": SIGN_WRITER,
        },
        "With a function": {
            "model": "gpt-5.4-mini",
            "name": "매장 화면 도우미",
            "instructions": SIGN_WRITER,
            "tools": [{"type": "function", "function": FUNCTION}],
            "metadata": {"store": "seoul-01"},
        },
    },
    "update_assistant": {
        "New instructions": {"instructions": "Write signs of at most five words, in English."}
    },
    "create_thread": {
        "Empty": {},
        "With a first message": {
            "messages": [user_message(ASKED)],
            "metadata": {"screen": "lobby-01"},
        },
    },
    "update_thread": {"Metadata": {"metadata": {"screen": "lobby-02"}}},
    "create_message": {
        "Text": user_message(ASKED),
        "Text and image": {
            "role": "user",
            "content": [
                {"type": "text", "text": "What does this sign say?"},
                {"type": "image_url", "image_url": {"url": "https://example.org/sign.png"}},
            ],
        },
    },
    "create_chat_session": {
        "Empty": {},
        "A signed-in visitor": {
            "user": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtZW1iZXItMTcifQ.c2lnbmF0dXJl"
        },
    },
    "update_message": {"Metadata": {"metadata": {"approved": "yes"}}},
    **run_examples.BODIES,
    **draft_examples.BODIES,
    "request_handover": {
        "A visitor": {"contact": "hana@example.org", "note": "환불이 아직 안 됐어요."},
    },
    "take_thread": {"A person": {"name": "이수진"}},
    "reply_to_thread": {"A person": {"content": "안녕하세요, 제가 확인해 보겠습니다."}},
    "give_feedback": {
        "Helpful": {"rating": "up"},
        "Not helpful": {"rating": "down", "comment": "주말 영업시간이 틀려요."},
        "Remove the rating": {"rating": None},
    },
    **vector_store_examples.BODIES,
    **action_examples.BODIES,
    **notification_examples.BODIES,
    **admin_examples.BODIES,
    **insight_examples.BODIES,
}

_COUNTS = {"runs": 42, "prompt_tokens": 51200, "completion_tokens": 8400, "total_tokens": 59600}
_COST: dict[str, Any] = {"cost": 0.0762, "currency": "USD"}

_MODEL = {
    "id": "gpt-5.4-mini",
    "object": "model",
    "created": 1790000000,
    "owned_by": "threadkeeper",
    "shutdown_date": None,
}

ANSWERS: dict[str, dict[str, Any]] = {
    "welcome": {
        "name": "Threadkeeper",
        "version": __version__,
        "docs": "/docs",
        "openapi": "/openapi.json",
        "health": "/api/v1/health",
        "chat": "/api/v1/chat",
        "chat_page": "/chat",
        "console": "/console",
    },
    "health": {"status": "ok", "version": __version__, "database": "ok", "upstream": "demo"},
    "ready": {
        "status": "ready",
        "database": "ok",
        "storage": "ok",
        "upstream": "ok",
        "apis": {"openai": "responses"},
        "code_interpreter": "ok",
    },
    "retrieve_access": {
        "object": "access",
        "mode": "keys",
        "public_chat": True,
        "default_assistant_id": "asst_default",
    },
    "retrieve_caller": {"object": "caller", "kind": "key", "project": "shop", "scope": "all"},
    "list_user_token_secrets": page_of(_USER_TOKEN_SECRET),
    "create_user_token_secret": {
        **_USER_TOKEN_SECRET,
        "value": "tks-d4Jm1xQvT8pLs0WcZ7eRkYh2Nf6uBq9aGiV3oXt5wEc",
    },
    "delete_user_token_secret": _deleted(_USER_TOKEN_SECRET),
    "create_chat_session": {
        "object": "chat.session",
        "token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzZXNzaW9uX0E3In0.c2lnbmF0dXJl",
        "expires_at": 1790003631,
        "user": {"id": "member-17", "name": "김하나"},
        "assistants": [
            {
                "id": "asst_default",
                "name": "매장 화면 도우미",
                "description": None,
                "metadata": {"greeting": "안녕하세요! 무엇을 도와드릴까요?"},
            }
        ],
    },
    "report_usage": {
        "object": "list",
        "start_date": "2026-10-23",
        "end_date": "2026-11-21",
        "data": [
            {
                "object": "usage",
                "date": "2026-11-21",
                "project": "shop",
                "assistant_id": ASSISTANT_ID,
                "model": "gpt-5.4-mini",
                "answered_by": "openai",
                "answered_model": "gpt-5.4-mini",
                **_COUNTS,
                **_COST,
            }
        ],
        "total": {**_COUNTS, "costs": {_COST["currency"]: _COST["cost"]}},
    },
    "list_models": {"object": "list", "data": [_MODEL]},
    "retrieve_model": _MODEL,
    "create_assistant": ASSISTANT,
    "list_assistants": page_of(ASSISTANT),
    "retrieve_assistant": ASSISTANT,
    "update_assistant": {
        **ASSISTANT,
        "instructions": "Write signs of at most five words, in English.",
    },
    "delete_assistant": _deleted(ASSISTANT),
    "create_thread": THREAD,
    "list_threads": page_of({**THREAD, "preview": ASKED}),
    "delete_threads": {
        "object": "thread.list.deleted",
        "deleted": True,
        "count": 12,
        "files": 3,
        "vector_stores": 2,
    },
    "retrieve_thread": THREAD,
    "retrieve_thread_summary": {
        "object": "thread.summary",
        "thread_id": THREAD_ID,
        "created_at": 1790000400,
        "text": "- 로비 화면(lobby-01)에 쓸 할인 문구를 만들고 있음\n- 전 품목 30% 할인, 하루만",
    },
    "update_thread": {**THREAD, "metadata": {"screen": "lobby-02"}},
    "delete_thread": _deleted(THREAD),
    "create_message": MESSAGE,
    "list_messages": page_of(ANSWER, MESSAGE),
    "retrieve_message": MESSAGE,
    "update_message": {**MESSAGE, "metadata": {"approved": "yes"}},
    "delete_message": _deleted(MESSAGE),
    "retrieve_handover": HANDOVER,
    "request_handover": HANDOVER,
    "retrieve_thread_visitor": THREAD_VISITOR,
    "list_visitors": page_of(THREAD_VISITOR),
    "cancel_handover": {
        **HANDOVER,
        **{"state": "bot", "contact": None, "note": None, "requested_at": None},
    },
    "list_handovers": page_of(LISTED_HANDOVER),
    "take_thread": {**HANDOVER, "state": "person", "person": "이수진", "taken_at": 1790000160},
    "reply_to_thread": {
        **MESSAGE,
        "role": "assistant",
        "content": [
            {
                "type": "text",
                "text": {"value": "안녕하세요, 제가 확인해 보겠습니다.", "annotations": []},
            }
        ],
        "metadata": {"person": "이수진"},
    },
    "hand_back_thread": {**HANDOVER, "state": "bot", "taken_at": 1790000160},
    "give_feedback": FEEDBACK,
    "list_feedback": page_of(FEEDBACK),
    "create_file": FILE,
    "list_files": page_of(FILE),
    "retrieve_file": FILE,
    "delete_file": {"object": "file", "deleted": True, "id": FILE_ID},
    "import_data": {
        "object": "import",
        "dry_run": False,
        "lines": 4,
        "created": {"thread": 1, "thread.message": 1},
        "updated": {},
        "existing": {"assistant": 1},
        "refused": 1,
        "problems": [
            {
                "line": 4,
                "object": "thread.message",
                "id": MESSAGE["id"],
                "field": "thread_id",
                "reason": "No thread found with id 'thread_Hq4sYt9KfB2wZm6GcR8nDvE1'.",
            }
        ],
    },
    **run_examples.ANSWERS,
    **draft_examples.ANSWERS,
    **vector_store_examples.ANSWERS,
    **action_examples.ANSWERS,
    **notification_examples.ANSWERS,
    **admin_examples.ANSWERS,
    **insight_examples.ANSWERS,
}
