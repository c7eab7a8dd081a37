"""Upstreams that send impossible numbers: the answer is kept, and the run ends."""

import json
from typing import Any

import pytest

from tests.conftest import StartServer
from tests.support.recording_server import recording_server
from tests.support.waiting import wait_until

SAID = {"type": "output_text", "text": "x"}
OUTPUT = [{"type": "message", "role": "assistant", "content": [SAID]}]


@pytest.mark.parametrize("count", ["1e400", "1" + "0" * 30, "-5", "NaN", '"12"', "null", "[]"])
def test_the_answer_to_a_chat_is_kept(start: StartServer, count: str) -> None:
    usage = f'{{"input_tokens": {count}, "output_tokens": {count}, "total_tokens": {count}}}'
    answer = f'{{"status": "completed", "output": {json.dumps(OUTPUT)}, "usage": {usage}}}'
    with recording_server() as upstream:
        server = start(openai_base_url=upstream.base_url, openai_api="responses")
        upstream.answer(answer.encode())
        reply = server.http.post("/chat", json={"message": "hi"})
        assert reply.json()["message"] == "x", reply.text
        [run] = server.http.get(f"/threads/{reply.json()['thread_id']}/runs").json()["data"]
        assert (run["status"], run["usage"]["total_tokens"]) == ("completed", 0)


@pytest.mark.parametrize("number", ["1e400", "NaN"])
def test_an_impossible_number_in_what_is_kept_is_left_out(start: StartServer, number: str) -> None:
    thought = {"type": "reasoning", "encrypted_content": "x", "summary": [], "weight": "NUMBER"}
    called = {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"}
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    thread = {"messages": [{"role": "user", "content": "hi"}]}
    body = {"assistant_id": "asst_default", "tools": [tool], "thread": thread}
    with recording_server() as upstream:
        server = start(openai_base_url=upstream.base_url, openai_api="responses")

        def answer(output: list[dict[str, Any]]) -> None:
            event = {"type": "response.completed", "response": {"output": output}}
            data = f"data: {json.dumps(event)}\n\n".replace('"NUMBER"', number)
            upstream.answer(data.encode(), "text/event-stream")

        def status_of(path: str) -> str:
            """Return the run's status once it is not executed any more."""
            running = ("queued", "in_progress")
            wait_until(lambda: server.http.get(path).json()["status"] not in running)
            return str(server.http.get(path).json()["status"])

        answer([thought, called])
        run = server.http.post("/threads/runs", json=body).json()
        path = f"/threads/{run['thread_id']}/runs/{run['id']}"
        assert status_of(path) == "requires_action"
        answer(OUTPUT)
        outputs = {"tool_outputs": [{"tool_call_id": "call_1", "output": "1"}]}
        assert server.http.post(f"{path}/submit_tool_outputs", json=outputs).is_success
        assert status_of(path) == "completed"
    assert b'"weight": null' in upstream.requests[-1]
