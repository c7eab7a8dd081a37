"""OpenAI's Node SDK against the service: its stream helpers, its pollers, its pages."""

import json
import time
from pathlib import Path

import pytest

from tests.support.node_packages import packages, run_node
from tests.support.replies import Reply

PROGRAM = Path(__file__).parents[1] / "support" / "node" / "sdk.mjs"
PACKAGE = "openai@^6.49.0"
SAID = ["runStepCreated", "messageCreated", "messageDone", "runStepDone"]
TWO_CALLS = Reply.function_calls(
    ("call_a", "weather", '{"city": "서울"}'), ("call_b", "time", "{}")
)


@pytest.fixture(scope="session")
def sdk(tmp_path_factory) -> Path:
    """A folder in which the package is installed, outside of the repository."""
    return packages(tmp_path_factory, PACKAGE)


@pytest.fixture
def node(sdk, server, client):
    """Run a scenario of the program and return what it says."""
    assistant = client.beta.assistants.create(model="m", instructions="Be brief.")

    def run(scenario: str, kind: str = ""):
        ran = run_node(sdk, PROGRAM, sdk, server.base_url, scenario, assistant.id, kind, seconds=30)
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    return run


@pytest.mark.parametrize("scenario", ["stream", "createAndRunStream"])
def test_an_answer(node, http, upstream, scenario):
    upstream.reply(Reply.text("안녕", "하세요", " 👋"))
    reported = node(scenario)
    assert reported["events"] == [*SAID, "end"]
    assert reported["texts"] == "안녕하세요 👋"
    run = reported["run"]
    assert run == http.get(f"/threads/{run['thread_id']}/runs/{run['id']}").json()
    listed = http.get(f"/threads/{run['thread_id']}/messages").json()["data"]
    assert reported["messages"] == listed[:1]
    assert reported["snapshots"][0][0]["text"]["value"] == "안녕하세요 👋"
    steps = http.get(f"/threads/{run['thread_id']}/runs/{run['id']}/steps").json()["data"]
    assert reported["steps"] == steps


def test_events_as_an_iterator(node, upstream):
    events = node("iterate")
    assert (events[0], events[-1]) == ("thread.run.created", "thread.run.completed")
    assert events.count("thread.message.delta") == 4


def test_calls_and_their_outputs(node, http, upstream):
    upstream.reply(TWO_CALLS, Reply.text("Sunny", "."))
    first, second = node("tools")
    assert first["run"]["status"] == "requires_action"
    assert first["calls"] == [["call_a", '{"city": "서울"}'], ["call_b", "{}"]]
    assert second["run"]["status"] == "completed"
    assert second["texts"] == "Sunny."
    outputs = [
        item["output"]
        for item in upstream.requests[1].body["input"]
        if item["type"] == "function_call_output"
    ]
    assert outputs == ["output of weather", "output of time"]


def test_words_before_a_call(node, upstream):
    upstream.reply(Reply.function_calls(("call_a", "time", "{}"), text="One moment."))
    first, second = node("tools")
    assert first["calls"] == [["call_a", "{}"]]
    assert (first["texts"], second["run"]["status"]) == ("One moment.", "completed")


def test_polling_waits_for_the_run_and_not_for_a_clock(node, upstream):
    began = time.monotonic()
    assert node("createAndPoll")["status"] == "completed"
    # Left alone, the helper looks every 5 seconds.
    assert time.monotonic() - began < 4


def test_polling_over_the_clients_turn(node, upstream):
    upstream.reply(TWO_CALLS)
    run = node("createAndRunPoll")
    assert (run["status"], run["required_action"]) == ("completed", None)


def test_a_failure(node, upstream):
    upstream.reply(Reply.failed("rate_limit_exceeded", "Slow down.", "Half"))
    reported = node("failure")
    assert reported["run"]["last_error"] == {
        "code": "rate_limit_exceeded",
        "message": "The upstream custom failed: Slow down.",
    }
    assert reported["messages"][0]["status"] == "incomplete"
    assert reported["steps"][0]["status"] == "failed"


def test_a_cancel(node, upstream):
    upstream.reply(Reply.text("One", " two").stalled(after=5))
    reported = node("cancel")
    assert reported["run"]["status"] == "cancelled"
    assert (reported["texts"], reported["messages"][0]["status"]) == ("One", "incomplete")


def test_messages_page_by_page(node, upstream):
    assert node("paging") == [f"message {number}" for number in range(7)]


def test_azures_client(node, upstream):
    upstream.reply(Reply.text("안녕", "하세요"))
    assert node("stream", "azure")["texts"] == "안녕하세요"
    assert node("createAndPoll", "azure")["status"] == "completed"
    assert node("paging", "azure") == [f"message {number}" for number in range(7)]
