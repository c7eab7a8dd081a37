"""One conversation as API objects, from which the examples in `/docs` are built."""

from typing import Any

ASSISTANT_ID = "asst_Vb3kQm8RzT1yWc5LhN7dXpJ2"
THREAD_ID = "thread_Hq4sYt9KfB2wZm6GcR8nDvE1"
MESSAGE_ID = "msg_Lc7pXn3TgV5jRk1SbW9fMhQ4"
ANSWER_ID = "msg_Td2mBz6YwK8qFv4HsJ1gCxN9"
RUN_ID = "run_Zx5gPk2NvL7tSd9MwC3bRyH6"
STEP_ID = "step_Jw8rFc1QhD4vXn6ZtB5kGmT3"
CALL_ID = "call_Ny6vMd3HsP9xKb2WqT7cLgZ5"
FILE_ID = "file-Qd7wSn2KvX9pLb4TzR6mCh"

ASKED = "오늘 하루 전 품목 30% 할인을 알리는 문구를 한 줄로 써 주세요."
SAID = "오늘 단 하루, 전 품목 30% 할인!"
SIGN_WRITER = "매장 화면에 띄울 문구를 스무 자 안팎의 한 줄로 쓰세요."

FUNCTION = {
    "name": "get_screen_status",
    "description": "Returns whether a screen is on and what it shows.",
    "parameters": {
        "type": "object",
        "properties": {"screen_id": {"type": "string"}},
        "required": ["screen_id"],
        "additionalProperties": False,
    },
}
ASKED_FOR_TOOL = "로비 화면 lobby-01이 켜져 있는지 get_screen_status로 확인해 주세요."
TOOL_OUTPUT = '{"on": true, "showing": "여름 할인"}'

USAGE = {
    "prompt_tokens": 58,
    "completion_tokens": 17,
    "total_tokens": 75,
    "prompt_token_details": {"cached_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0},
}

ASSISTANT = {
    "id": ASSISTANT_ID,
    "object": "assistant",
    "created_at": 1790000000,
    "name": "매장 화면 도우미",
    "description": None,
    "model": "gpt-5.4-mini",
    "instructions": SIGN_WRITER,
    "tools": [{"type": "function", "function": {**FUNCTION, "strict": False}}],
    "top_p": 1.0,
    "temperature": 1.0,
    "reasoning_effort": None,
    "tool_resources": {},
    "metadata": {"store": "seoul-01"},
    "response_format": "auto",
}

THREAD = {
    "id": THREAD_ID,
    "object": "thread",
    "created_at": 1790000010,
    "metadata": {"screen": "lobby-01"},
    "tool_resources": {},
}

MESSAGE = {
    "id": MESSAGE_ID,
    "object": "thread.message",
    "created_at": 1790000020,
    "assistant_id": None,
    "thread_id": THREAD_ID,
    "run_id": None,
    "role": "user",
    "content": [{"type": "text", "text": {"value": ASKED, "annotations": []}}],
    "attachments": [],
    "metadata": {},
    "status": "completed",
    "incomplete_details": None,
    "completed_at": 1790000020,
    "incomplete_at": None,
}
ANSWER = {
    **MESSAGE,
    "id": ANSWER_ID,
    "created_at": 1790000031,
    "assistant_id": ASSISTANT_ID,
    "run_id": RUN_ID,
    "role": "assistant",
    "content": [{"type": "text", "text": {"value": SAID, "annotations": []}}],
    "completed_at": 1790000032,
}

HANDOVER = {
    "object": "thread.handover",
    "thread_id": THREAD_ID,
    "state": "waiting",
    "person": None,
    "contact": "hana@example.org",
    "note": "환불이 아직 안 됐어요.",
    "requested_at": 1790000100,
    "taken_at": None,
    "last_message_id": ANSWER_ID,
}
LISTED_HANDOVER = {
    "id": THREAD_ID,
    "object": "thread.handover",
    "state": "waiting",
    "person": None,
    "contact": "hana@example.org",
    "note": "환불이 아직 안 됐어요.",
    "requested_at": 1790000100,
    "taken_at": None,
    "visitor": {"id": "member-17", "name": "김하나", "email": None},
    "preview": ASKED,
}
THREAD_VISITOR = {
    "id": "member-17",
    "object": "thread.visitor",
    "name": "김하나",
    "email": None,
    "seen_at": 1790000090,
}
FEEDBACK = {
    "id": ANSWER_ID,
    "object": "thread.message.feedback",
    "created_at": 1790000060,
    "thread_id": THREAD_ID,
    "rating": "down",
    "comment": "주말 영업시간이 틀려요.",
    "by_visitor": True,
}

RUN = {
    "id": RUN_ID,
    "object": "thread.run",
    "created_at": 1790000030,
    "assistant_id": ASSISTANT_ID,
    "thread_id": THREAD_ID,
    "status": "completed",
    "started_at": 1790000030,
    "expires_at": None,
    "cancelled_at": None,
    "failed_at": None,
    "completed_at": 1790000032,
    "required_action": None,
    "last_error": None,
    "model": "gpt-5.4-mini",
    "instructions": SIGN_WRITER,
    "tools": ASSISTANT["tools"],
    "tool_resources": {},
    "metadata": {},
    "temperature": 1.0,
    "top_p": 1.0,
    "reasoning_effort": None,
    "max_completion_tokens": None,
    "max_prompt_tokens": None,
    "truncation_strategy": {"type": "auto", "last_messages": None},
    "incomplete_details": None,
    "usage": USAGE,
    "response_format": "auto",
    "tool_choice": "auto",
    "parallel_tool_calls": True,
}
UNFINISHED = {**RUN, "expires_at": 1790000630, "completed_at": None, "usage": None}
QUEUED = {**UNFINISHED, "status": "queued", "started_at": None}

STEP = {
    "id": STEP_ID,
    "object": "thread.run.step",
    "created_at": 1790000031,
    "run_id": RUN_ID,
    "assistant_id": ASSISTANT_ID,
    "thread_id": THREAD_ID,
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
        "message_creation": {"message_id": ANSWER_ID},
    },
    "usage": USAGE,
    "metadata": {},
}

FILE = {
    "object": "file",
    "id": FILE_ID,
    "purpose": "assistants",
    "filename": "영업 안내.txt",
    "bytes": 44,
    "created_at": 1790000005,
    "expires_at": None,
    "status": "processed",
    "status_details": None,
}


def page_of(*objects: dict[str, Any]) -> dict[str, Any]:
    """Return a list of all that there are."""
    first, last = objects[0]["id"], objects[-1]["id"]
    return {
        "object": "list",
        "data": list(objects),
        "first_id": first,
        "last_id": last,
        "has_more": False,
    }


def user_message(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}
