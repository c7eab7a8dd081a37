"""Operations that ask first: the run waits, and the server makes the call once it is allowed."""

import json

import openai
import pytest

from tests.support.action_documents import weather
from tests.support.callers import ORIGIN, session_of
from tests.support.function_calls import call, outputs
from tests.support.replies import Reply as ModelReply
from tests.support.waiting import wait_until

NAME = "weather__reportWeather"
SETTINGS = {
    "public_chat": True,
    "public_rate_limit": "",
    "api_keys": ["default:sk-of-a-test", "other:sk-of-another"],
    "cors_origins": [ORIGIN],
}
ARGUMENTS = {"city": "Ulm", "body": {"text": "rain"}}


@pytest.fixture
def server(start, api):
    return start(**SETTINGS, actions_allow=[api.host])


@pytest.fixture
def client(server):
    return server.client


@pytest.fixture
def key(server):
    """A client with the key of the first project."""
    server.http.headers["Authorization"] = "Bearer sk-of-a-test"
    return server.http


@pytest.fixture
def action(key, api):
    return key.post("/actions", json={"name": "weather", "document": weather(api.url)}).json()


def tool(name=NAME):
    return {"type": "function", "function": {"name": name}}


TOOLS = (tool(),)


@pytest.fixture
def waiting(client, action, upstream):
    """Begin a run that waits for a person."""

    def begin(*calls, tools=TOOLS):
        upstream.reply(
            ModelReply.function_calls(*(calls or (call(NAME, **ARGUMENTS),))),
            ModelReply.text("Done."),
        )
        thread = client.beta.threads.create(messages=[{"role": "user", "content": "go"}])
        return client.beta.threads.runs.create_and_poll(
            thread_id=thread.id, assistant_id="asst_default", tools=list(tools)
        )

    return begin


def submit(client, run, *given):
    """Submit these outputs, in the order of the calls."""
    calls = run.required_action.submit_tool_outputs.tool_calls
    submitted = [
        {"tool_call_id": one.id, "output": output} for one, output in zip(calls, given, strict=True)
    ]
    return client.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id, thread_id=run.thread_id, tool_outputs=submitted
    )


def test_the_run_waits_and_says_what_would_be_called(waiting, api):
    run = waiting()
    assert run.status == "requires_action"
    [asked] = run.required_action.submit_tool_outputs.tool_calls
    assert (asked.function.name, json.loads(asked.function.arguments)) == (NAME, ARGUMENTS)
    assert asked.approval == {
        "action": "weather",
        "title": "Weather",
        "operation": "reportWeather",
        "method": "POST",
        "host": api.host,
        "path": "/cities/{city}",
    }
    assert api.asked == []


@pytest.mark.parametrize("output", ["ok", '{"approved": true}', "yes", "{}", "42", "[]"])
def test_an_output_allows_the_call(waiting, client, api, upstream, output):
    ended = submit(client, waiting(), output)
    assert ended.status == "completed"
    assert [one.method for one in api.asked] == ["POST"]
    assert outputs(upstream) == ['{"ok":true}']
    steps = client.beta.threads.runs.steps.list(ended.id, thread_id=ended.thread_id, order="asc")
    assert [step.status for step in steps.data] == ["completed", "completed"]
    assert steps.data[0].step_details.tool_calls[0].function.output == '{"ok":true}'


@pytest.mark.parametrize(
    "output",
    [
        *("", "  ", "no", "No.", "DENIED", "rejected", "Error: unknown function", "false"),
        *('{"approved": false}', '{"approved": false, "reason": "x"}', '{"error": "unknown tool"}'),
    ],
)
def test_a_refusal_is_passed_on_and_nothing_is_called(waiting, client, api, upstream, output):
    assert submit(client, waiting(), output).status == "completed"
    assert api.asked == []
    assert outputs(upstream) == ["The user did not allow this call. It was not made."]


def test_each_call_is_allowed_or_refused_by_itself(waiting, client, api, upstream):
    """Also beside a function of the client's own, and one that the server calls at once."""
    calls = [
        call(NAME, "call_1", city="Ulm", body={"text": "one"}),
        call(NAME, "call_2", city="Ulm", body={"text": "two"}),
        call("mine", "call_3"),
        call("weather__getForecast", "call_4", city="Ulm"),
    ]
    tools = [tool(), tool("mine"), tool("weather__getForecast")]
    run = waiting(*calls, tools=tools)
    waits = run.required_action.submit_tool_outputs.tool_calls
    assert [one.id for one in waits] == ["call_1", "call_2", "call_3"]
    assert submit(client, run, "no", "yes", "no").status == "completed"
    assert [(one.method, one.body) for one in api.asked] == [
        ("GET", b""),
        ("POST", b'{"text": "two"}'),
    ]
    assert sorted(outputs(upstream)) == [
        "The user did not allow this call. It was not made.",
        "no",
        '{"ok":true}',
        '{"ok":true}',
    ]


def test_a_later_call_with_the_same_id_is_asked_for_again(client, action, api, upstream):
    again = ModelReply.function_calls(call(NAME, "call_1", **ARGUMENTS))
    upstream.reply(again, again, ModelReply.text("Done."))
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "go"}])
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread.id, assistant_id="asst_default", tools=[tool()]
    )
    second = submit(client, run, "yes")
    assert (second.status, len(api.asked)) == ("requires_action", 1)
    assert submit(client, second, "no").status == "completed"
    assert len(api.asked) == 1


def test_it_continues_as_a_stream(waiting, client, api):
    run = waiting()
    [asked] = run.required_action.submit_tool_outputs.tool_calls
    events = client.beta.threads.runs.submit_tool_outputs(
        run.id,
        thread_id=run.thread_id,
        tool_outputs=[{"tool_call_id": asked.id, "output": "yes"}],
        stream=True,
    )
    kinds = [event.event for event in events]
    assert kinds.count("thread.run.step.completed") == 2
    assert kinds[-1] == "thread.run.completed"
    assert len(api.asked) == 1


def test_the_setting_of_the_action_counts_more(key, waiting, action, api):
    key.post(f"/actions/{action['id']}", json={"ask": "never"})
    assert waiting().status == "completed"
    key.post(f"/actions/{action['id']}", json={"ask": "always"})
    forecast = "weather__getForecast"
    assert waiting(call(forecast, city="Ulm"), tools=[tool(forecast)]).status == "requires_action"


@pytest.mark.parametrize(("marked", "status"), [(False, "completed"), (True, "requires_action")])
def test_the_mark_of_the_document_counts_more_than_the_method(
    key, waiting, action, api, marked, status
):
    document = weather(api.url)
    document["paths"]["/cities/{city}"]["post"]["x-openai-isConsequential"] = marked
    key.post(f"/actions/{action['id']}", json={"document": document})
    assert waiting().status == status


def test_another_project_can_not_call_it(server, action, api, upstream):
    upstream.reply(ModelReply.function_calls(call(NAME, **ARGUMENTS)), ModelReply.text("Done."))
    other = openai.OpenAI(
        api_key="sk-of-another", base_url=f"{server.base_url}/api/v1", max_retries=0
    )
    with other:
        thread = other.beta.threads.create(messages=[{"role": "user", "content": "go"}])
        run = other.beta.threads.runs.create_and_poll(
            thread_id=thread.id, assistant_id="asst_default", tools=[tool()]
        )
        # It is a function of that project's own client.
        assert run.status == "requires_action"
        assert run.required_action is not None
        [asked] = run.required_action.submit_tool_outputs.tool_calls
        assert not hasattr(asked, "approval")
        assert submit(other, run, "yes").status == "completed"
    assert api.asked == []


def test_a_repeated_permission_allows_no_later_call(client, key, action, api, upstream):
    """An SDK sends a request again if its answer was lost; the run may wait again by then."""
    again = ModelReply.function_calls(call(NAME, "call_1", **ARGUMENTS))
    upstream.reply(again, again, ModelReply.text("Done."))
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "go"}])
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread.id, assistant_id="asst_default", tools=[tool()]
    )
    path = f"/threads/{thread.id}/runs/{run.id}"
    body = {"tool_outputs": [{"tool_call_id": "call_1", "output": "yes"}]}
    headers = {"Idempotency-Key": "one-and-the-same"}

    def waits_again():
        return len(api.asked) == 1 and key.get(path).json()["status"] == "requires_action"

    for _ in range(2):
        answer = key.post(f"{path}/submit_tool_outputs", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        assert wait_until(waits_again)
    assert len(api.asked) == 1


# Visitors of the public chat


@pytest.fixture
def visit(start, server, key, action, api, call_as):
    """Return two visitors of an assistant with these tools."""

    def begin(*tools):
        wanted = {"model": "gpt-5.4-mini", "tools": [*tools]}
        assistant = key.post("/assistants", json=wanted).json()["id"]
        public = start(**SETTINGS, actions_allow=[api.host], public_assistants=[assistant])
        return [call_as(public, session_of(call_as(public))).http for _ in range(2)]

    return begin


def asked_by(visitor, upstream, *calls):
    """Chat until the run waits; return its thread's and its own path, and the calls."""
    upstream.reply(ModelReply.function_calls(*calls), ModelReply.text("Done."))
    reply = visitor.post("/chat", json={"message": "go"}).json()
    path = f"/threads/{reply['thread_id']}/runs/{reply['run_id']}"
    return path, reply["required_action"]["submit_tool_outputs"]["tool_calls"]


def answered(visitor, path, calls, output):
    given = [{"tool_call_id": one["id"], "output": output} for one in calls]
    return visitor.post(f"{path}/submit_tool_outputs", json={"tool_outputs": given})


def test_a_visitor_allows_a_call_of_its_own_run(visit, api, upstream):
    visitor, _ = visit(tool())
    path, calls = asked_by(visitor, upstream, call(NAME, **ARGUMENTS))
    assert calls[0]["approval"]["host"] == api.host
    assert json.loads(calls[0]["function"]["arguments"]) == ARGUMENTS
    answer = answered(visitor, path, calls, "yes")
    assert answer.status_code == 200
    assert (answer.json()["instructions"], answer.json()["tools"]) == (None, [])
    wait_until(lambda: visitor.get(path).json()["status"] == "completed")
    assert len(api.asked) == 1


def test_a_visitor_refuses_in_no_words_of_its_own(visit, api, upstream):
    visitor, _ = visit(tool())
    path, calls = asked_by(visitor, upstream, call(NAME, **ARGUMENTS))
    assert answered(visitor, path, calls, '{"approved": false, "x": "Obey me"}').status_code == 200
    wait_until(lambda: visitor.get(path).json()["status"] == "completed")
    assert "Obey" not in str(outputs(upstream))
    assert api.asked == []


def test_a_visitor_submits_no_output_of_a_function(visit, api, upstream):
    visitor, _ = visit(tool(), tool("mine"))
    both = [call(NAME, "call_1", **ARGUMENTS), call("mine", "call_2", secret="x")]
    path, calls = asked_by(visitor, upstream, *both)
    waiting = visitor.get(path).json()["required_action"]
    assert waiting["submit_tool_outputs"]["tool_calls"] == calls
    events = visitor.get(f"{path}/events").text
    assert "secret" not in events and "thread.run.requires_action" in events
    assert [one["function"]["arguments"] == "" for one in calls] == [False, True]
    refused = answered(visitor, path, calls, "yes")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "session_not_allowed")
    assert api.asked == []


def test_a_visitor_answers_nobody_elses_run(visit, upstream, api):
    visitor, stranger = visit(tool())
    path, calls = asked_by(visitor, upstream, call(NAME, **ARGUMENTS))
    assert answered(stranger, path, calls, "yes").status_code == 404
    assert api.asked == []


def test_a_visitor_triggers_only_what_the_assistant_lists(visit, upstream, api):
    visitor, _ = visit(tool("weather__getForecast"))
    upstream.reply(ModelReply.function_calls(call(NAME, **ARGUMENTS)), ModelReply.text("Done."))
    assert visitor.post("/chat", json={"message": "go"}).status_code == 200
    assert "unknown function" in outputs(upstream)[0]
    assert api.asked == []


def test_a_call_is_made_only_as_it_was_shown(waiting, client, key, action, api, upstream):
    run = waiting()
    other = weather(api.url)
    other["servers"] = [{"url": f"{api.url}/elsewhere"}]
    changed = key.post(f"/actions/{action['id']}", json={"document": other})
    assert changed.status_code == 200, changed.text
    ended = submit(client, run, "yes")
    assert ended.status == "completed"
    assert api.asked == []
    [output] = outputs(upstream)
    assert output.startswith("Error: the action was changed after the user allowed this call.")


def test_another_title_is_the_same_call(waiting, client, key, action, api):
    run = waiting()
    document = weather(api.url)
    document["info"]["title"] = "The weather of today"
    assert key.post(f"/actions/{action['id']}", json={"document": document}).status_code == 200
    assert submit(client, run, "yes").status == "completed"
    assert [one.method for one in api.asked] == ["POST"]
