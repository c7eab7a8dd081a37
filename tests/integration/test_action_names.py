"""Functions of clients that are named like those of actions."""

import json
from typing import Any

import pytest

from tests.support.action_documents import weather
from tests.support.function_calls import call, outputs
from tests.support.replies import Reply as ModelReply
from tests.support.talk import error_of

NAME = "weather__reportWeather"
OWN: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": NAME,
        "description": "What my program reports.",
        "parameters": {"type": "object", "properties": {"text": {"type": "string"}}},
    },
}
BY_NAME = {"type": "function", "function": {"name": NAME}}


@pytest.fixture
def server(start, api):
    return start(actions_allow=[api.host])


@pytest.fixture
def http(server):
    return server.http


@pytest.fixture
def make(http, api):
    def make(status=200):
        answer = http.post("/actions", json={"name": "weather", "document": weather(api.url)})
        assert answer.status_code == status, answer.text
        return answer

    return make


def test_a_run_whose_client_defines_the_function_leaves_it_to_the_client(
    server, make, api, upstream
):
    make()
    upstream.reply(ModelReply.function_calls(call(NAME, text="rain")), ModelReply.text("Done."))
    threads = server.client.beta.threads
    run = threads.create_and_run_poll(
        assistant_id="asst_default",
        thread={"messages": [{"role": "user", "content": "go"}]},
        tools=[OWN],
    )
    assert run.status == "requires_action"
    [offered] = upstream.requests[-1].asked["tools"]
    assert offered["parameters"] == OWN["function"]["parameters"]
    assert offered["description"] == OWN["function"]["description"]
    [asked] = run.required_action.submit_tool_outputs.tool_calls
    assert not hasattr(asked, "approval")
    given = [{"tool_call_id": asked.id, "output": "yes"}]
    ended = threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id, thread_id=run.thread_id, tool_outputs=given
    )
    assert (ended.status, outputs(upstream), api.asked) == ("completed", ["yes"], [])


def test_a_copy_of_the_actions_definition_is_the_actions(http, make, upstream, api, server):
    action = make().json()
    operations = http.get(f"/actions/{action['id']}/operations").json()["data"]
    [function] = [one["function"] for one in operations if one["name"] == "reportWeather"]
    tool = {"type": "function", "function": function}
    assert http.post("/assistants", json={"model": "m", "tools": [tool]}).status_code == 200
    upstream.reply(ModelReply.function_calls(call(NAME, city="Ulm", body={"text": "rain"})))
    run = server.client.beta.threads.create_and_run_poll(
        assistant_id="asst_default",
        thread={"messages": [{"role": "user", "content": "go"}]},
        tools=[tool],
    )
    [asked] = run.required_action.submit_tool_outputs.tool_calls
    assert asked.approval["operation"] == "reportWeather"


def test_an_assistant_can_not_define_a_function_of_an_action(http, make):
    made = http.post("/assistants", json={"model": "m", "tools": [BY_NAME]}).json()
    make()
    path = f"/assistants/{made['id']}"
    draft = {"model": "m", "tools": [OWN]}
    for answer in (
        http.post("/assistants", json={"model": "m", "tools": [OWN]}),
        http.post(path, json={"tools": [BY_NAME, OWN]}),
        http.put(f"{path}/draft", json=draft),
    ):
        error = error_of(answer, 400)
        assert (error["code"], error["param"]) == ("function_of_action", "tools")
        assert f"'{NAME}' is a function of the action weather" in error["message"]
    other = json.loads(json.dumps(OWN).replace("reportWeather", "somethingElse"))
    assert http.post(path, json={"tools": [other]}).status_code == 200


@pytest.mark.parametrize("place", ["assistant", "draft"])
def test_an_action_can_not_take_over_a_function_of_an_assistant(http, make, place):
    body = {"model": "m", "tools": [OWN]}
    if place == "assistant":
        made = http.post("/assistants", json=body).json()
    else:
        made = http.post("/assistants", json={"model": "m"}).json()
        assert http.put(f"/assistants/{made['id']}/draft", json=body).status_code == 200
    error = error_of(make(400), 400)
    assert (error["code"], error["param"]) == ("function_of_action", "name")
    assert f"{made['id']} defines a function '{NAME}' itself" in error["message"]
