"""Upstreams that report impossible numbers of tokens: the answer is kept, and the run ends."""

import json

import pytest

from tests.conftest import StartServer
from tests.support.recording_server import recording_server

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
