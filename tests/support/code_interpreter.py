"""Calls of the code interpreter, and what clients see of them."""

from typing import Any

import httpx

from tests.support.function_calls import call
from tests.support.replies import Reply

CODE: Any = {"type": "code_interpreter"}


def coding(code: str, call_id: str = "call_1") -> Reply:
    """Return the model's answer with a call that runs the code."""
    return Reply.function_calls(call("code_interpreter", call_id, code=code))


def asked(assistant_id: str, **more: Any) -> dict[str, Any]:
    """Return the body of a run on a new thread."""
    thread = {"messages": [{"role": "user", "content": "Compute."}]}
    return {"assistant_id": assistant_id, "thread": thread, **more}


def pieces_of(events: Any) -> list[dict[str, Any]]:
    """Return what each delta of a step says of its call."""
    deltas = [event.data["delta"] for event in events if event.name == "thread.run.step.delta"]
    return [one for delta in deltas for one in delta["step_details"]["tool_calls"]]


def outputs_of(piece: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = piece["code_interpreter"].get("outputs", [])
    return found


def call_of(events: Any) -> dict[str, Any]:
    """Return the last call, as the last step with calls has it."""
    *_, step = [
        event.data
        for event in events
        if event.name == "thread.run.step.completed" and event.data["type"] == "tool_calls"
    ]
    *_, one = step["step_details"]["tool_calls"]
    return dict(one["code_interpreter"])


def newest(http: httpx.Client, thread_id: str) -> dict[str, Any]:
    """Return a thread's newest message."""
    message: dict[str, Any] = http.get(f"/threads/{thread_id}/messages").json()["data"][0]
    return message
