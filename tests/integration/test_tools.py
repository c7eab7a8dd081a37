"""Functions that the client calls: rounds, outputs, and what is refused."""

from typing import Any

import openai
import pytest

from tests.support.replies import Reply
from tests.support.talk import ended, error_of, finished, texts

FUNCTIONS: Any = [
    {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}},
    {"type": "function", "function": {"name": "time"}},
]
TWO_CALLS = Reply.function_calls(
    ("call_a", "weather", '{"city": "서울"}'), ("call_b", "time", "{}"), reasoning="sealed"
)


@pytest.fixture
def assistant_id(client: openai.OpenAI) -> str:
    return client.beta.assistants.create(model="m", tools=FUNCTIONS).id


@pytest.fixture
def waiting(client, thread_id, assistant_id, upstream):
    """A run that waits for the outputs of two calls."""
    upstream.reply(TWO_CALLS)
    return finished(client, thread_id, assistant_id)


def submit(client: openai.OpenAI, run, outputs: dict):
    given: Any = [{"tool_call_id": call, "output": output} for call, output in outputs.items()]
    return client.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id, thread_id=run.thread_id, tool_outputs=given
    )


def test_a_run_waits_with_all_of_its_calls(waiting):
    assert (waiting.status, waiting.usage) == ("requires_action", None)
    assert waiting.expires_at is not None
    assert waiting.required_action.model_dump() == {
        "type": "submit_tool_outputs",
        "submit_tool_outputs": {
            "tool_calls": [
                {
                    "id": "call_a",
                    "type": "function",
                    "function": {"name": "weather", "arguments": '{"city": "서울"}'},
                },
                {
                    "id": "call_b",
                    "type": "function",
                    "function": {"name": "time", "arguments": "{}"},
                },
            ]
        },
    }


def test_the_step_waits_too_and_tells_the_outputs_later(client, waiting, upstream):
    listed = client.beta.threads.runs.steps.list
    (step,) = listed(waiting.id, thread_id=waiting.thread_id).data
    assert (step.type, step.status, step.usage) == ("tool_calls", "in_progress", None)
    assert [call.function.output for call in step.step_details.tool_calls] == [None, None]
    submit(client, waiting, {"call_b": "noon", "call_a": "맑음"})
    answer, done = listed(waiting.id, thread_id=waiting.thread_id).data
    assert (done.id, done.status) == (step.id, "completed")
    assert done.completed_at is not None
    calls = [call.model_dump() for call in done.step_details.tool_calls]
    assert [(call["id"], call["function"]["output"]) for call in calls] == [
        ("call_a", "맑음"),
        ("call_b", "noon"),
    ]
    assert (answer.type, answer.status) == ("message_creation", "completed")


def test_the_model_is_sent_the_round_as_it_was(client, waiting, upstream):
    run = submit(client, waiting, {"call_b": "noon", "call_a": "맑음"})
    assert (run.status, run.required_action) == ("completed", None)
    said, reasoning, *calls = upstream.requests[1].body["input"]
    assert said["role"] == "user"
    assert (reasoning["type"], reasoning["encrypted_content"]) == ("reasoning", "sealed")
    assert calls == [
        {
            "type": "function_call",
            "call_id": "call_a",
            "name": "weather",
            "arguments": '{"city": "서울"}',
        },
        {"type": "function_call", "call_id": "call_b", "name": "time", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "call_a", "output": "맑음"},
        {"type": "function_call_output", "call_id": "call_b", "output": "noon"},
    ]


def test_rounds_follow_rounds(client, http, waiting, upstream):
    upstream.reply(
        Reply.function_calls(("call_c", "time", "{}"), text="One moment."),
        Reply.text("It", " is", " noon."),
    )
    second = submit(client, waiting, {"call_a": "", "call_b": "noon"})
    (call,) = second.required_action.submit_tool_outputs.tool_calls
    assert (second.status, call.id) == ("requires_action", "call_c")
    done = submit(client, second, {"call_c": "still noon"})
    assert done.status == "completed"
    kinds = [item["type"] for item in upstream.requests[2].body["input"]]
    assert kinds == [
        *("message", "reasoning", "function_call", "function_call"),
        *("function_call_output", "function_call_output"),
        *("message", "function_call", "function_call_output"),
    ]
    steps = client.beta.threads.runs.steps.list(done.id, thread_id=done.thread_id, order="asc")
    assert [(step.type, step.status) for step in steps] == [
        ("tool_calls", "completed"),
        ("message_creation", "completed"),
        ("tool_calls", "completed"),
        ("message_creation", "completed"),
    ]
    assert sum(step.usage.total_tokens for step in steps) == done.usage.total_tokens
    assert texts(http, done.thread_id)[1:] == [
        ("assistant", "One moment."),
        ("assistant", "It is noon."),
    ]


def test_a_later_round_may_use_the_same_id_again(client, thread_id, assistant_id, upstream):
    # Servers that number the calls of each answer by themselves do so.
    upstream.reply(*[Reply.function_calls(("call_0", "time", "{}"))] * 2)
    first = finished(client, thread_id, assistant_id)
    second = submit(client, first, {"call_0": "noon"})
    calls = second.required_action.submit_tool_outputs.tool_calls
    assert [call.id for call in calls] == ["call_0"]
    assert submit(client, second, {"call_0": "evening"}).status == "completed"
    outputs = [item.get("output") for item in upstream.requests[2].body["input"]]
    assert [output for output in outputs if output] == ["noon", "evening"]


def test_the_next_run_reads_the_answer_and_not_the_calls(client, waiting, assistant_id, upstream):
    submit(client, waiting, {"call_a": "1", "call_b": "2"})
    finished(client, waiting.thread_id, assistant_id)
    read = upstream.requests[2].body["input"]
    assert [(item["type"], item["role"]) for item in read] == [
        ("message", "user"),
        ("message", "assistant"),
    ]


@pytest.mark.parametrize("output", [None, ""])
def test_an_output_may_be_empty(http, waiting, output):
    path = f"/threads/{waiting.thread_id}/runs/{waiting.id}"
    outputs = [
        {"tool_call_id": "call_a", "output": output},
        {"tool_call_id": "call_b"},
    ]
    response = http.post(f"{path}/submit_tool_outputs", json={"tool_outputs": outputs})
    assert response.json()["status"] == "queued"
    assert response.json()["required_action"] is None
    assert ended(http, path)["status"] == "completed"


@pytest.mark.parametrize(
    "given",
    [
        [],
        ["call_a"],
        ["call_a", "call_x"],
        ["call_a", "call_a"],
        ["call_a", "call_b", "call_b"],
        ["call_a", "call_b", "call_c"],
    ],
)
def test_just_the_outputs_that_are_waited_for_are_taken(client, http, waiting, given):
    path = f"/threads/{waiting.thread_id}/runs/{waiting.id}"
    outputs = [{"tool_call_id": call, "output": "x"} for call in given]
    response = http.post(f"{path}/submit_tool_outputs", json={"tool_outputs": outputs})
    assert error_of(response)["message"] == (
        f"Expected tool outputs for call_ids ['call_a', 'call_b'], got {given}"
    )
    # The run waits on as it did.
    assert http.get(path).json()["status"] == "requires_action"
    assert submit(client, waiting, {"call_a": "1", "call_b": "2"}).status == "completed"


def test_outputs_are_taken_once(client, http, waiting):
    submit(client, waiting, {"call_a": "1", "call_b": "2"})
    path = f"/threads/{waiting.thread_id}/runs/{waiting.id}/submit_tool_outputs"
    outputs = [{"tool_call_id": call, "output": "x"} for call in ("call_a", "call_b")]
    error = error_of(http.post(path, json={"tool_outputs": outputs}))
    assert error["message"] == 'Runs in status "completed" do not accept tool outputs.'


@pytest.mark.parametrize(
    ("choice", "reported"),
    [
        (None, "auto"),
        ("none", "none"),
        ("required", "required"),
        (
            {"type": "function", "function": {"name": "time"}},
            {"type": "function", "name": "time"},
        ),
    ],
)
def test_the_tool_choice_is_sent_to_the_model(
    client, thread_id, assistant_id, upstream, choice, reported
):
    finished(client, thread_id, assistant_id, tool_choice=choice)
    asked = upstream.requests[0].body
    assert asked["tool_choice"] == reported
    assert asked["tools"] == [
        {
            "type": "function",
            "name": "weather",
            "parameters": {"type": "object"},
            "strict": False,
        },
        {
            "type": "function",
            "name": "time",
            "parameters": {"type": "object", "properties": {}},
            "strict": False,
        },
    ]


def test_tools_that_do_not_run_here_are_kept_but_not_offered(
    client, thread_id, assistant_id, upstream
):
    tools = [{"type": "code_interpreter"}]
    run = finished(client, thread_id, assistant_id, tools=tools)
    assert run.status == "completed"
    assert [tool.type for tool in run.tools] == ["code_interpreter"]
    assert "tools" not in upstream.requests[0].body
