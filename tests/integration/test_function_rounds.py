"""Rounds in which the model calls functions of the server, and of its client besides."""

import pytest

from tests.support.function_calls import FOLDER, call, function_tools, outputs
from tests.support.replies import Reply
from tests.support.stream_reader import events_of, names
from tests.support.talk import ended, finished

BOTH_APIS = True


@pytest.fixture
def server(start):
    return start(functions_dir=FOLDER, function_timeout=0.3, max_rounds=3)


@pytest.fixture
def client(server):
    return server.client


@pytest.fixture
def http(server):
    return server.http


@pytest.fixture
def run(client):
    """Run a thread with these function tools."""

    def begin(*tools, **options):
        thread = client.beta.threads.create(messages=[{"role": "user", "content": "go"}])
        return finished(client, thread.id, "asst_default", tools=function_tools(*tools), **options)

    return begin


def test_rounds_come_to_an_end(run, upstream):
    calls = (call("double", f"call_{number}", number=1) for number in range(9))
    upstream.reply_with(lambda _: Reply.function_calls(next(calls)))
    ran = run("double")
    assert (ran.status, ran.last_error.code) == ("failed", "server_error")
    assert ran.last_error.message == "The model still called functions after 3 rounds."
    assert len(upstream.requests) == 3
    assert ran.usage.total_tokens == 3 * 11


def test_a_model_may_use_an_id_again(run, upstream):
    upstream.reply(
        Reply.function_calls(call("double", number=1)),
        Reply.function_calls(call("double", number=2)),
        Reply.text("Done."),
    )
    assert run("double").status == "completed"
    assert outputs(upstream, 2) == ["2", "4"]


def test_rounds_are_replayed_as_they_were(run, client, upstream):
    upstream.reply(
        Reply.function_calls(call("double", "call_a", number=1), reasoning="sealed 1"),
        Reply.function_calls(
            call("greet", "call_b", name="A"), call("double", "call_c", number=2),
            reasoning="sealed 2", text="Now.",
        ),
        Reply.text("Done."),
    )  # fmt: skip
    ran = run("double", "greet")
    told_items = [
        item.get("encrypted_content") or item.get("call_id") or item["role"]
        for item in upstream.requests[2].asked["input"]
    ]
    assert told_items == [
        *("user", "sealed 1", "call_a", "call_a"),
        *("sealed 2", "assistant", "call_b", "call_c", "call_b", "call_c"),
    ]
    assert outputs(upstream, 2) == ["2", "안녕, A", "4"]
    steps = client.beta.threads.runs.steps.list(ran.id, thread_id=ran.thread_id, order="asc").data
    assert [(step.type, step.status) for step in steps] == [
        ("tool_calls", "completed"),
        ("message_creation", "completed"),
        ("tool_calls", "completed"),
        ("message_creation", "completed"),
    ]
    answered = [
        [c.function.output for c in s.step_details.tool_calls] for s in (steps[0], steps[2])
    ]
    assert answered == [["2"], ["안녕, A", "4"]]
    assert sum(step.usage.total_tokens for step in steps) == ran.usage.total_tokens
    assert ran.usage.completion_tokens == (10 + 8) + (1 + 20 + 8) + 1


def test_a_mixed_round_asks_the_client_for_its_part_only(run, client, upstream):
    upstream.reply(
        Reply.function_calls(call("mine", "call_a"), call("double", "call_b", number=4)),
    )
    ran = run("mine", "double")
    waiting = ran.required_action.submit_tool_outputs.tool_calls
    assert [(one.id, one.function.name) for one in waiting] == [("call_a", "mine")]
    (step,) = client.beta.threads.runs.steps.list(ran.id, thread_id=ran.thread_id).data
    assert step.status == "in_progress"
    assert [one.function.output for one in step.step_details.tool_calls] == [None, "8"]
    done = client.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=ran.id,
        thread_id=ran.thread_id,
        tool_outputs=[{"tool_call_id": "call_a", "output": "yours"}],
    )
    assert done.status == "completed"
    calls = [item["call_id"] for item in upstream.requests[1].asked["input"][1:]]
    assert calls[:2] == ["call_a", "call_b"]
    assert sorted(calls[2:]) == ["call_a", "call_b"]
    assert sorted(outputs(upstream)) == ["8", "yours"]


def test_a_stream_tells_the_calls_and_their_outputs(http, upstream):
    upstream.reply(Reply.function_calls(call("double", number=2)), Reply.text("Four."))
    body = {"assistant_id": "asst_default", "tools": function_tools("double")}
    events = events_of(http, "/threads/runs", body)
    begun = ["thread.created", "run.created", "run.queued", "run.in_progress"]
    assert names(events) == [
        *begun,
        *("step.created", "step.in_progress", *["step.delta"] * 3, "step.completed"),
        *("step.created", "step.in_progress", "message.created", "message.in_progress"),
        *("message.delta", "message.completed", "step.completed", "run.completed", "done"),
    ]
    answered = events[9].data["step_details"]["tool_calls"][0]
    assert answered["function"]["output"] == "4"


@pytest.mark.parametrize("stream", [False, True])
def test_a_chat_calls_them_too(client, http, upstream, stream):
    assistant = client.beta.assistants.create(
        model="m", instructions="x", tools=function_tools("greet")
    )
    upstream.reply(Reply.function_calls(call("greet", name="A")), Reply.text("Said."))
    body = {"message": "greet A", "assistant_id": assistant.id}

    def plain():
        return http.post("/chat", json=body).json()

    reply = events_of(http, "/chat", body)[-1].data if stream else plain()
    assert reply["message"] == "Said."
    assert outputs(upstream) == ["안녕, A"]
    assert (
        ended(http, f"/threads/{reply['thread_id']}/runs/{reply['run_id']}")["usage"]
        == (reply["usage"])
    )
