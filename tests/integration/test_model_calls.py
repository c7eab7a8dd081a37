"""How many calls to models a process makes at once (MAX_MODEL_CALLS)."""

import re

from tests.support.replies import Reply
from tests.support.talk import error_of
from tests.support.waiting import wait_until

ASKED = {"messages": [{"role": "user", "content": "hello"}]}
TOOLS = [{"type": "function", "function": {"name": "f"}}]
RUN = {"assistant_id": "asst_default", "thread": ASKED, "tools": TOOLS}


def test_a_new_run_is_refused_and_an_accepted_one_waits(start, call_as, upstream):
    caller = call_as(start(max_model_calls=1), None).http
    upstream.reply(Reply.function_calls(("call_1", "f", "{}")))
    first = caller.post("/threads/runs", json=RUN).json()
    path = f"/threads/{first['thread_id']}/runs/{first['id']}"
    wait_until(lambda: caller.get(path).json()["status"] == "requires_action")
    upstream.reply(Reply.text("Slow").stalled())
    slow = caller.post("/threads/runs", json={**RUN, "tools": []}).json()
    assert upstream.wait_stalled()

    for body in ({"message": "x"}, {"message": "x", "stream": True}):
        refused = caller.post("/chat", json=body)
        error = error_of(refused, 503)
        assert error["code"] == "server_full"
        assert "MAX_MODEL_CALLS" in error["message"]
        assert int(refused.headers["retry-after"]) > 0
        assert "x-should-retry" not in refused.headers

    outputs = {"tool_outputs": [{"tool_call_id": "call_1", "output": "x"}]}
    assert caller.post(f"{path}/submit_tool_outputs", json=outputs).is_success
    wait_until(lambda: count_of(caller, "model_calls_waiting") == 1)
    assert count_of(caller, "model_calls_active") == 1
    assert count_of(caller, "model_calls_refused_total") == 2
    upstream.release()
    wait_until(lambda: caller.get(path).json()["status"] == "completed")
    slow_path = f"/threads/{slow['thread_id']}/runs/{slow['id']}"
    wait_until(lambda: caller.get(slow_path).json()["status"] == "completed")
    assert caller.post("/chat", json={"message": "x"}).is_success
    assert count_of(caller, "model_calls_active") == 0


def count_of(caller, name: str) -> float:
    text = caller.get(str(caller.base_url).removesuffix("/api/v1/") + "/metrics").text
    found = re.search(rf"^threadkeeper_{name} (\S+)$", text, re.MULTILINE)
    assert found, name
    return float(found[1])
