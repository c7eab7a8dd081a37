"""The examples in `/docs` for chats and runs, and their streams; `examples.py` includes them."""

import json
from typing import Any

from app.api.example_objects import (
    ANSWER,
    ASKED,
    ASKED_FOR_TOOL,
    ASSISTANT_ID,
    CALL_ID,
    FUNCTION,
    QUEUED,
    RUN,
    RUN_ID,
    SAID,
    STEP,
    THREAD,
    THREAD_ID,
    TOOL_OUTPUT,
    UNFINISHED,
    USAGE,
    page_of,
    user_message,
)

BODIES: dict[str, dict[str, dict[str, Any]]] = {
    "chat": {
        "한국어": {"message": ASKED},
        "English": {"message": "Write one line for the lobby screen: the café opens at 8."},
        "Continue a thread": {"message": "더 짧게 줄여 주세요.", "thread_id": THREAD_ID},
        "With another assistant": {
            "message": ASKED,
            "assistant_id": ASSISTANT_ID,
            "metadata": {"screen": "lobby-01"},
        },
        "As a stream": {"message": ASKED, "stream": True},
    },
    "create_thread_and_run": {
        "Question": {
            "assistant_id": "asst_default",
            "thread": {"messages": [user_message(ASKED)]},
        },
        "With a function": {
            "assistant_id": "asst_default",
            "thread": {"messages": [user_message(ASKED_FOR_TOOL)]},
            "tools": [{"type": "function", "function": FUNCTION}],
        },
    },
    "create_run": {
        "Plain": {"assistant_id": "asst_default"},
        "With more instructions": {
            "assistant_id": "asst_default",
            "additional_instructions": "Answer in English.",
            "additional_messages": [user_message("And now the same for a rainy day.")],
            "max_completion_tokens": 512,
        },
        "As a stream": {"assistant_id": "asst_default", "stream": True},
    },
    "update_run": {"Metadata": {"metadata": {"approved_by": "minji"}}},
    "submit_tool_outputs": {
        "One output": {"tool_outputs": [{"tool_call_id": CALL_ID, "output": TOOL_OUTPUT}]}
    },
}

ANSWERS: dict[str, dict[str, Any]] = {
    "chat": {
        "message": SAID,
        "thread_id": THREAD_ID,
        "role": "assistant",
        "created_at": 1790000031,
        "run_id": RUN_ID,
        "usage": USAGE,
    },
    "create_thread_and_run": QUEUED,
    "create_run": QUEUED,
    "list_runs": page_of(RUN),
    "retrieve_run": RUN,
    "update_run": {**RUN, "metadata": {"approved_by": "minji"}},
    "cancel_run": {**UNFINISHED, "status": "cancelling"},
    "submit_tool_outputs": {**UNFINISHED, "status": "queued"},
    "list_steps": page_of(STEP),
    "retrieve_step": STEP,
}


def _stream(*events: tuple[str, dict[str, Any]]) -> str:
    return "".join(_event(*event) for event in events)


def _numbered_stream(*events: tuple[str, dict[str, Any]]) -> str:
    return "".join(f"id: {place}\n{_event(*event)}" for place, event in enumerate(events, 1))


def _event(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


_DELTA = {
    "id": ANSWER["id"],
    "object": "thread.message.delta",
    "delta": {"content": [{"index": 0, "type": "text", "text": {"value": SAID}}]},
}
# Abridged: without the steps, and with the whole text in one delta.
_ANSWER_EVENTS = (
    ("thread.message.delta", _DELTA),
    ("thread.message.completed", ANSWER),
    ("thread.run.completed", RUN),
)
_DONE = "event: done\ndata: [DONE]\n\n"
_RUN_EVENTS = (("thread.run.created", QUEUED), *_ANSWER_EVENTS)

STREAMS: dict[str, str] = {
    "chat": _numbered_stream(("delta", {"delta": SAID})) + _event("message", ANSWERS["chat"]),
    "create_thread_and_run": _stream(
        ("thread.created", THREAD), ("thread.run.created", QUEUED), *_ANSWER_EVENTS
    )
    + _DONE,
    "create_run": _stream(*_RUN_EVENTS) + _DONE,
    "submit_tool_outputs": _stream(("thread.run.queued", QUEUED), *_ANSWER_EVENTS) + _DONE,
    "follow_run": _numbered_stream(*_RUN_EVENTS) + _DONE,
}
