"""The examples of conversations, insights and right answers."""

from typing import Any

from app.api.example_objects import (
    ASKED,
    ASSISTANT_ID,
    FILE_ID,
    RUN_ID,
    SAID,
    THREAD_ID,
    USAGE,
)

_QUESTION = "주말에도 문을 여나요?"
_RIGHT = "토요일은 10시부터 18시까지 열고, 일요일은 쉽니다."
_ANSWER = {
    "id": "answer_Rk4tVw9BnX2cZs7LmQ5hGdP8",
    "object": "assistant.answer",
    "created_at": 1790000100,
    "assistant_id": ASSISTANT_ID,
    "question": _QUESTION,
    "answer": _RIGHT,
    "status": "completed",
    "file_id": FILE_ID,
    "vector_store_id": "vs_8d3f1a6c2b7e4950a1c3d5e7f9b2a4c6",
}
_CONVERSATION = {
    "id": THREAD_ID,
    "object": "conversation",
    "created_at": 1790000010,
    "last_activity_at": 1790000031,
    "metadata": {"screen": "lobby-01"},
    "visitor_id": "session_A7kQm2RzT1yWc5LhN7dXpJ2V",
    "preview": ASKED,
    "last_message": {"role": "assistant", "preview": SAID},
    "messages": 2,
    "answers": 1,
    "assistant_ids": [ASSISTANT_ID],
    "ratings": {"up": 0, "down": 1},
    "flags": ["nothing_found"],
}
_RUN = {
    "id": RUN_ID,
    "object": "conversation.run",
    "created_at": 1790000030,
    "assistant_id": ASSISTANT_ID,
    "status": "completed",
    "model": "gpt-5.4-mini",
    "answered_by": "openai",
    "answered_model": "gpt-5.4-mini",
    "first_text_seconds": 0.412,
    "seconds": 1.874,
    "prompt_tokens": USAGE["prompt_tokens"],
    "completion_tokens": USAGE["completion_tokens"],
    "costs": {"USD": 0.00012},
    "found_nothing": True,
}
_NUMBERS = {
    "conversations": 38,
    "visitors": 31,
    "answers": 41,
    "failures": 1,
    "nothing_found": 4,
    "thumbs_up": 9,
    "thumbs_down": 2,
    "first_text": {"median": 0.412, "p95": 1.2},
    "response": {"median": 1.874, "p95": 4.9},
    "prompt_tokens": 51200,
    "completion_tokens": 8400,
    "costs": {"USD": 0.0762},
}
_PERIOD = {"start_date": "2026-10-23", "end_date": "2026-11-21"}

BODIES: dict[str, dict[str, dict[str, Any]]] = {
    "create_answer": {"An answer": {"question": _QUESTION, "answer": _RIGHT}},
    "update_answer": {"Another answer": {"answer": "매일 10시부터 18시까지 엽니다."}},
}


def _list(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "object": "list",
        "data": [one],
        "first_id": one["id"],
        "last_id": one["id"],
        "has_more": False,
    }


ANSWERS: dict[str, dict[str, Any]] = {
    "list_conversations": _list(_CONVERSATION),
    "retrieve_conversation": _CONVERSATION,
    "list_conversation_runs": _list(_RUN),
    "report_insights": {
        "object": "list",
        **_PERIOD,
        "data": [
            {
                **_NUMBERS,
                "object": "insight",
                "date": "2026-11-21",
                "assistant_id": ASSISTANT_ID,
            }
        ],
        "days": [{**_NUMBERS, "object": "insight.day", "date": "2026-11-21"}],
        "total": _NUMBERS,
    },
    "list_unanswered_questions": {
        "object": "list",
        **_PERIOD,
        "data": [
            {
                "object": "insight.question",
                "question": _QUESTION,
                "count": 3,
                "nothing_found": 3,
                "thumbs_down": 1,
                "last_asked_at": 1790000030,
                "answer": {
                    "id": _ANSWER["id"],
                    "assistant_id": ASSISTANT_ID,
                    "question": _QUESTION,
                    "created_at": _ANSWER["created_at"],
                    "asked_since": 0,
                },
                "examples": [
                    {
                        "thread_id": THREAD_ID,
                        "run_id": RUN_ID,
                        "assistant_id": ASSISTANT_ID,
                        "question": _QUESTION,
                        "asked_at": 1790000030,
                        "found_nothing": True,
                        "rated_down": True,
                        "comment": "주말 영업시간이 틀려요.",
                    }
                ],
            }
        ],
        "examined": 3,
        "complete": True,
    },
    "create_answer": {**_ANSWER, "status": "in_progress"},
    "list_answers": _list(_ANSWER),
    "retrieve_answer": _ANSWER,
    "update_answer": {
        **_ANSWER,
        "answer": "매일 10시부터 18시까지 엽니다.",
        "status": "in_progress",
    },
    "delete_answer": {
        "id": _ANSWER["id"],
        "object": "assistant.answer.deleted",
        "deleted": True,
    },
}
