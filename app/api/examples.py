"""What `/docs` shows every operation with: bodies to send, by name, and an answer.

Keyed by operation id. A test holds each of them against its own schema.
"""

from typing import Any

_ASSISTANT_ID = "asst_Vb3kQm8RzT1yWc5LhN7dXpJ2"
_THREAD_ID = "thread_Hq4sYt9KfB2wZm6GcR8nDvE1"
_MESSAGE_ID = "msg_Lc7pXn3TgV5jRk1SbW9fMhQ4"
_ANSWER_ID = "msg_Td2mBz6YwK8qFv4HsJ1gCxN9"
_RUN_ID = "run_Zx5gPk2NvL7tSd9MwC3bRyH6"
_STEP_ID = "step_Jw8rFc1QhD4vXn6ZtB5kGmT3"
_CALL_ID = "call_Ny6vMd3HsP9xKb2WqT7cLgZ5"

_ASKED = "오늘 하루 전 품목 30% 할인을 알리는 문구를 한 줄로 써 주세요."
_SAID = "오늘 단 하루, 전 품목 30% 할인!"
_SIGN_WRITER = "매장 화면에 띄울 문구를 스무 자 안팎의 한 줄로 쓰세요."

_FUNCTION = {
    "name": "get_screen_status",
    "description": "Tells whether a screen is on and what it shows.",
    "parameters": {
        "type": "object",
        "properties": {"screen_id": {"type": "string"}},
        "required": ["screen_id"],
        "additionalProperties": False,
    },
}
_ASKED_FOR_TOOL = "로비 화면 lobby-01이 켜져 있는지 get_screen_status로 확인해 주세요."
_TOOL_OUTPUT = '{"on": true, "showing": "여름 할인"}'

_USAGE = {
    "prompt_tokens": 58,
    "completion_tokens": 17,
    "total_tokens": 75,
    "prompt_token_details": {"cached_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0},
}

_ASSISTANT = {
    "id": _ASSISTANT_ID,
    "object": "assistant",
    "created_at": 1790000000,
    "name": "매장 화면 도우미",
    "description": None,
    "model": "gpt-5.4-mini",
    "instructions": _SIGN_WRITER,
    "tools": [{"type": "function", "function": {**_FUNCTION, "strict": False}}],
    "top_p": 1.0,
    "temperature": 1.0,
    "reasoning_effort": None,
    "tool_resources": {},
    "metadata": {"store": "seoul-01"},
    "response_format": "auto",
}

_THREAD = {
    "id": _THREAD_ID,
    "object": "thread",
    "created_at": 1790000010,
    "metadata": {"screen": "lobby-01"},
    "tool_resources": {},
}

_MESSAGE = {
    "id": _MESSAGE_ID,
    "object": "thread.message",
    "created_at": 1790000020,
    "assistant_id": None,
    "thread_id": _THREAD_ID,
    "run_id": None,
    "role": "user",
    "content": [{"type": "text", "text": {"value": _ASKED, "annotations": []}}],
    "attachments": [],
    "metadata": {},
    "status": "completed",
    "incomplete_details": None,
    "completed_at": 1790000020,
    "incomplete_at": None,
}
_ANSWER = {
    **_MESSAGE,
    "id": _ANSWER_ID,
    "created_at": 1790000031,
    "assistant_id": _ASSISTANT_ID,
    "run_id": _RUN_ID,
    "role": "assistant",
    "content": [{"type": "text", "text": {"value": _SAID, "annotations": []}}],
    "completed_at": 1790000032,
}

_RUN = {
    "id": _RUN_ID,
    "object": "thread.run",
    "created_at": 1790000030,
    "assistant_id": _ASSISTANT_ID,
    "thread_id": _THREAD_ID,
    "status": "completed",
    "started_at": 1790000030,
    "expires_at": None,
    "cancelled_at": None,
    "failed_at": None,
    "completed_at": 1790000032,
    "required_action": None,
    "last_error": None,
    "model": "gpt-5.4-mini",
    "instructions": _SIGN_WRITER,
    "tools": _ASSISTANT["tools"],
    "tool_resources": {},
    "metadata": {},
    "temperature": 1.0,
    "top_p": 1.0,
    "reasoning_effort": None,
    "max_completion_tokens": None,
    "max_prompt_tokens": None,
    "truncation_strategy": {"type": "auto", "last_messages": None},
    "incomplete_details": None,
    "usage": _USAGE,
    "response_format": "auto",
    "tool_choice": "auto",
    "parallel_tool_calls": True,
}
_UNFINISHED = {**_RUN, "expires_at": 1790000630, "completed_at": None, "usage": None}
_QUEUED = {**_UNFINISHED, "status": "queued", "started_at": None}

_STEP = {
    "id": _STEP_ID,
    "object": "thread.run.step",
    "created_at": 1790000031,
    "run_id": _RUN_ID,
    "assistant_id": _ASSISTANT_ID,
    "thread_id": _THREAD_ID,
    "type": "message_creation",
    "status": "completed",
    "cancelled_at": None,
    "completed_at": 1790000032,
    "expires_at": 1790000630,
    "expired_at": None,
    "failed_at": None,
    "last_error": None,
    "step_details": {
        "type": "message_creation",
        "message_creation": {"message_id": _ANSWER_ID},
    },
    "usage": _USAGE,
    "metadata": {},
}


def _page(*objects: dict[str, Any]) -> dict[str, Any]:
    first, last = objects[0]["id"], objects[-1]["id"]
    return {
        "object": "list",
        "data": list(objects),
        "first_id": first,
        "last_id": last,
        "has_more": False,
    }


def _deleted(what: dict[str, Any]) -> dict[str, Any]:
    return {"id": what["id"], "object": f"{what['object']}.deleted", "deleted": True}


def _user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


# A body that names the default assistant can be sent as it stands; ids in the others stand for
# those of your own.
BODIES: dict[str, dict[str, dict[str, Any]]] = {
    "chat": {
        "한국어": {"message": _ASKED},
        "English": {"message": "Write one line for the lobby screen: the café opens at 8."},
        "Go on with a thread": {"message": "더 짧게 줄여 주세요.", "thread_id": _THREAD_ID},
        "With another assistant": {
            "message": _ASKED,
            "assistant_id": _ASSISTANT_ID,
            "metadata": {"screen": "lobby-01"},
        },
    },
    "create_assistant": {
        "Plain": {
            "model": "gpt-5.4-mini",
            "name": "매장 화면 도우미",
            "instructions": _SIGN_WRITER,
        },
        "With a function": {
            "model": "gpt-5.4-mini",
            "name": "매장 화면 도우미",
            "instructions": _SIGN_WRITER,
            "tools": [{"type": "function", "function": _FUNCTION}],
            "metadata": {"store": "seoul-01"},
        },
    },
    "update_assistant": {
        "New instructions": {"instructions": "Write signs of at most five words, in English."}
    },
    "create_thread_and_run": {
        "Question": {
            "assistant_id": "asst_default",
            "thread": {"messages": [_user(_ASKED)]},
        },
        "With a function": {
            "assistant_id": "asst_default",
            "thread": {"messages": [_user(_ASKED_FOR_TOOL)]},
            "tools": [{"type": "function", "function": _FUNCTION}],
        },
    },
    "create_run": {
        "Plain": {"assistant_id": "asst_default"},
        "With more instructions": {
            "assistant_id": "asst_default",
            "additional_instructions": "Answer in English.",
            "additional_messages": [_user("And now the same for a rainy day.")],
            "max_completion_tokens": 512,
        },
    },
    "update_run": {"Metadata": {"metadata": {"approved_by": "minji"}}},
    "submit_tool_outputs": {
        "One output": {"tool_outputs": [{"tool_call_id": _CALL_ID, "output": _TOOL_OUTPUT}]}
    },
    "create_thread": {
        "Empty": {},
        "With a first message": {
            "messages": [_user(_ASKED)],
            "metadata": {"screen": "lobby-01"},
        },
    },
    "update_thread": {"Metadata": {"metadata": {"screen": "lobby-02"}}},
    "create_message": {
        "Text": _user(_ASKED),
        "Text and image": {
            "role": "user",
            "content": [
                {"type": "text", "text": "What does this sign say?"},
                {"type": "image_url", "image_url": {"url": "https://example.org/sign.png"}},
            ],
        },
    },
    "update_message": {"Metadata": {"metadata": {"approved": "yes"}}},
}

ANSWERS: dict[str, dict[str, Any]] = {
    "welcome": {
        "name": "Threadkeeper",
        "version": "0.1.0",
        "docs": "/docs",
        "openapi": "/openapi.json",
        "health": "/api/v1/health",
        "chat": "/api/v1/chat",
    },
    "health": {"status": "ok", "version": "0.1.0", "database": "ok", "upstream": "demo"},
    "chat": {
        "message": _SAID,
        "thread_id": _THREAD_ID,
        "role": "assistant",
        "created_at": 1790000031,
        "run_id": _RUN_ID,
        "usage": _USAGE,
    },
    "create_assistant": _ASSISTANT,
    "list_assistants": _page(_ASSISTANT),
    "retrieve_assistant": _ASSISTANT,
    "update_assistant": {
        **_ASSISTANT,
        "instructions": "Write signs of at most five words, in English.",
    },
    "delete_assistant": _deleted(_ASSISTANT),
    "create_thread_and_run": _QUEUED,
    "create_run": _QUEUED,
    "list_runs": _page(_RUN),
    "retrieve_run": _RUN,
    "update_run": {**_RUN, "metadata": {"approved_by": "minji"}},
    "cancel_run": {**_UNFINISHED, "status": "cancelling"},
    "submit_tool_outputs": {**_UNFINISHED, "status": "queued"},
    "list_steps": _page(_STEP),
    "retrieve_step": _STEP,
    "create_thread": _THREAD,
    "retrieve_thread": _THREAD,
    "update_thread": {**_THREAD, "metadata": {"screen": "lobby-02"}},
    "delete_thread": _deleted(_THREAD),
    "create_message": _MESSAGE,
    "list_messages": _page(_ANSWER, _MESSAGE),
    "retrieve_message": _MESSAGE,
    "update_message": {**_MESSAGE, "metadata": {"approved": "yes"}},
    "delete_message": _deleted(_MESSAGE),
}
