"""Processes that are killed while they carry runs: another one carries them to their end."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.heirs import environment, succession
from tests.support.replies import Reply
from tests.support.stream_reader import (
    begun,
    delta_text,
    following,
    names,
    run_path,
    streaming,
)
from tests.support.talk import ended, texts
from tests.support.waiting import wait_until

ASSISTANT = {"assistant_id": "asst_default"}
ASKED = {"thread": {"messages": [{"role": "user", "content": "hello there"}]}}
ANSWER = "Answer to: hello there"
SAID = [
    *("step.created", "step.in_progress", "message.created", "message.in_progress"),
    *["message.delta"] * 4,
    *("message.completed", "step.completed", "run.completed", "done"),
]
# The first call leaves a mark and never returns; the next ones find it and answer.
FUNCTIONS = """
import threading
from pathlib import Path

def weather(city: str) -> str:
    mark = Path(__file__).with_name("called")
    if mark.exists():
        return f"sunny in {city}"
    mark.write_text(city)
    threading.Event().wait(60)
    return "too late"
"""


@pytest.fixture
def servers(database_url, upstream, tmp_path):
    folder = tmp_path / "functions"
    folder.mkdir()
    (folder / "weather.py").write_text(FUNCTIONS)
    settings = environment(database_url, upstream, BUSY_THREAD="enqueue", FUNCTIONS_DIR=str(folder))
    with succession(tmp_path, settings) as pair:
        yield pair


def nothing_is_left(http, path: str) -> None:
    """No half message stands in the thread, no step is open, and the thread goes on."""
    thread = path.split("/runs/")[0]
    page = http.get(f"{thread}/messages", params={"limit": 100}).json()
    assert {message["status"] for message in page["data"]} == {"completed"}
    steps = http.get(f"{path}/steps").json()["data"]
    assert {step["status"] for step in steps} == {"completed"}
    reply = http.post("/chat", json={"message": "go on", "thread_id": thread.split("/")[2]})
    assert reply.json()["message"] == "Answer to: go on"


# Events of the answer: two deltas are out after the first number; after the second everything
# is, but for the word that it is complete.
@pytest.mark.parametrize("stall", [6, 9], ids=["in mid-answer", "before its commit"])
def test_killed_in_an_answer(servers, upstream, stall):
    upstream.reply(Reply.text("Never", " heard").stalled(after=stall))
    with begun(servers.first.http, "/threads/runs", {**ASSISTANT, **ASKED}) as reader:
        while delta_text(reader.events) != "Never heard":
            assert reader.next() is not None
        path = run_path(reader.events)
        heir = servers.kill_first()
    with following(heir.http, path, reader.events[-1].id) as resumed:
        rest = resumed.rest()
    assert names(rest) == ["message.incomplete", *SAID]
    first = next(event for event in reader.events if event.name == "thread.message.created")
    assert rest[0].data["id"] == first.data["id"]
    assert rest[3].data["id"] != first.data["id"]
    assert delta_text(rest) == ANSWER
    run = heir.http.get(path).json()
    assert (run, run["status"]) == (rest[-2].data, "completed")
    assert texts(heir.http, run["thread_id"]) == [("user", "hello there"), ("assistant", ANSWER)]
    nothing_is_left(heir.http, path)


def test_killed_with_a_run_at_work_and_one_in_line(servers, upstream):
    upstream.reply(Reply.text("Never", " heard").stalled(after=6))
    http = servers.first.http
    thread_id = http.post("/threads", json=ASKED["thread"]).json()["id"]
    first = http.post(f"/threads/{thread_id}/runs", json=ASSISTANT).json()
    assert upstream.wait_stalled()
    more = [{"role": "user", "content": "and you?"}]
    second = http.post(
        f"/threads/{thread_id}/runs", json={**ASSISTANT, "additional_messages": more}
    ).json()
    assert second["status"] == "queued"
    http = servers.kill_first().http
    for run in (first, second):
        done = ended(http, f"/threads/{thread_id}/runs/{run['id']}")
        assert done["status"] == "completed"
    assert texts(http, thread_id) == [
        *(("user", "hello there"), ("user", "and you?")),
        *(("assistant", ANSWER), ("assistant", "Answer to: and you?")),
    ]
    nothing_is_left(http, f"/threads/{thread_id}/runs/{second['id']}")


def test_killed_while_a_function_of_the_server_works(servers, upstream, tmp_path):
    upstream.reply(Reply.function_calls(("call_1", "weather", '{"city": "서울"}')))
    tools = [{"type": "function", "function": {"name": "weather"}}]
    body = {**ASSISTANT, **ASKED, "tools": tools}
    with streaming(servers.first.http, "/threads/runs", body) as reader:
        reader.until("thread.run.step.delta")
        path = run_path(reader.events)
        wait_until((tmp_path / "functions" / "called").exists)
        heir = servers.kill_first()
    run = ended(heir.http, path)
    assert run["status"] == "completed"
    tool_step, _ = heir.http.get(f"{path}/steps", params={"order": "asc"}).json()["data"]
    (call,) = tool_step["step_details"]["tool_calls"]
    assert (call["id"], call["function"]["output"]) == ("call_1", "sunny in 서울")
    assert len(upstream.requests) == 2, "the round that was committed is not asked again"
    ids = {request.headers["x-client-request-id"] for request in upstream.requests}
    assert len(ids) == 1, "who takes over speaks for the request that made the run"
    assert texts(heir.http, run["thread_id"])[1:] == [("assistant", ANSWER)]
    nothing_is_left(heir.http, path)


def test_killed_while_a_run_waits_for_its_client(servers, upstream):
    upstream.reply(Reply.function_calls(("call_1", "f", "{}")))
    tools = [{"type": "function", "function": {"name": "f"}}]
    with begun(
        servers.first.http, "/threads/runs", {**ASSISTANT, **ASKED, "tools": tools}
    ) as reader:
        waiting = reader.until("thread.run.requires_action").data
        path = run_path(reader.events)
    heir = servers.kill_first()
    assert heir.http.get(path).json() == waiting
    outputs = {"tool_outputs": [{"tool_call_id": "call_1", "output": "1"}]}
    with streaming(heir.http, f"{path}/submit_tool_outputs", outputs) as more:
        assert names(more.rest())[-2:] == ["run.completed", "done"]
    with following(heir.http, path, reader.events[-1].id) as resumed:
        assert names(resumed.rest()) == names(more.events)
    nothing_is_left(heir.http, path)


def test_killed_under_many_runs(servers, upstream):
    count = 8
    # Each of them stands elsewhere in its answer.
    upstream.reply(*(Reply.text("Never", " heard").stalled(after=2 + n) for n in range(count)))
    bodies = [
        {**ASSISTANT, "thread": {"messages": [{"role": "user", "content": f"question {n}"}]}}
        for n in range(count)
    ]
    http = servers.first.http
    with ThreadPoolExecutor(count) as executor:
        created = list(executor.map(lambda body: http.post("/threads/runs", json=body), bodies))
        runs = [answer.json() for answer in created]
    wait_until(lambda: len(upstream.requests) == count)
    heir = servers.kill_first()
    for number, run in enumerate(runs):
        done = ended(heir.http, f"/threads/{run['thread_id']}/runs/{run['id']}")
        assert done["status"] == "completed"
        assert texts(heir.http, run["thread_id"]) == [
            ("user", f"question {number}"),
            ("assistant", f"Answer to: question {number}"),
        ]
