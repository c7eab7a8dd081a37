"""Lists that a client sends: each has a bound, with OpenAI's error message."""

import pytest

from app.schemas.messages import MAX_ATTACHMENTS, MAX_MESSAGES, MAX_PARTS
from app.schemas.runs import MAX_OUTPUTS
from tests.support.talk import error_of

SAID = {"role": "user", "content": "x"}
PART = {"type": "text", "text": "x"}
RUN = {"assistant_id": "asst_default"}


def too_long(param: str, most: int) -> dict:
    return {
        "message": f"Invalid '{param}': array too long. Expected an array with maximum length "
        f"{most}, but got an array with length {most + 1} instead.",
        "type": "invalid_request_error",
        "param": param,
        "code": "array_above_max_length",
    }


@pytest.mark.parametrize(
    ("path", "body", "param", "most"),
    [
        ("/threads", lambda n: {"messages": [SAID] * n}, "messages", MAX_MESSAGES),
        (
            "/threads/runs",
            lambda n: {**RUN, "thread": {"messages": [SAID] * n}},
            "thread.messages",
            MAX_MESSAGES,
        ),
        (
            "/threads/{thread}/runs",
            lambda n: {**RUN, "additional_messages": [SAID] * n},
            "additional_messages",
            MAX_MESSAGES,
        ),
        (
            "/threads/{thread}/messages",
            lambda n: {"role": "user", "content": [PART] * n},
            "content",
            MAX_PARTS,
        ),
        (
            "/threads/{thread}/messages",
            lambda n: {**SAID, "attachments": [{"file_id": "file-x"}] * n},
            "attachments",
            MAX_ATTACHMENTS,
        ),
        (
            "/threads/{thread}/messages",
            lambda n: {
                **SAID,
                "attachments": [{"file_id": "f", "tools": [{"type": "file_search"}] * n}],
            },
            "attachments[0].tools",
            16,
        ),
        (
            "/threads/{thread}/runs/run_x/submit_tool_outputs",
            lambda n: {"tool_outputs": [{"tool_call_id": "c", "output": "o"}] * n},
            "tool_outputs",
            MAX_OUTPUTS,
        ),
    ],
)
def test_one_more_than_a_list_may_hold(http, thread_id, path, body, param, most):
    answer = http.post(path.format(thread=thread_id), json=body(most + 1))
    assert error_of(answer) == too_long(param, most)


def test_as_much_as_a_list_may_hold(http):
    parts = {"role": "user", "content": [PART] * MAX_PARTS}
    body = {"messages": [parts, *[SAID] * (MAX_MESSAGES - 1)]}
    thread_id = http.post("/threads", json=body).json()["id"]
    first = http.get(f"/threads/{thread_id}/messages", params={"order": "asc", "limit": 1})
    (message,) = first.json()["data"]
    assert len(message["content"]) == MAX_PARTS
