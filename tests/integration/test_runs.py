"""Runs: creating, following, listing, and what a run takes over from its assistant."""

import pytest

from tests.support.talk import ended, error_of, finished, texts

BOTH_APIS = True

FUNCTION = {"type": "function", "function": {"name": "f", "parameters": {}, "strict": False}}
# Everything that a run can set differently, and nothing of what an assistant here has.
OVERRIDES = {
    "model": "other",
    "instructions": "Be long.",
    "tools": [FUNCTION],
    "temperature": 0.3,
    "top_p": 0.4,
    "reasoning_effort": "high",
    "max_prompt_tokens": 5000,
    "max_completion_tokens": 300,
    "truncation_strategy": {"type": "last_messages", "last_messages": 2},
    "tool_choice": {"type": "function", "function": {"name": "f"}},
    "parallel_tool_calls": False,
    "response_format": {"type": "json_object"},
    "metadata": {"k": "v"},
}
INHERITED = {
    "model": "m",
    "instructions": "Be brief.",
    "tools": [],
    "temperature": 1.0,
    "top_p": 1.0,
    "reasoning_effort": None,
    "max_prompt_tokens": None,
    "max_completion_tokens": None,
    "truncation_strategy": {"type": "auto", "last_messages": None},
    "tool_choice": "auto",
    "parallel_tool_calls": True,
    "response_format": "auto",
    "metadata": {},
}
ORDER = (
    "id object created_at assistant_id thread_id status started_at expires_at cancelled_at "
    "failed_at completed_at required_action last_error model instructions tools tool_resources "
    "metadata temperature top_p reasoning_effort max_completion_tokens max_prompt_tokens "
    "truncation_strategy incomplete_details usage response_format tool_choice parallel_tool_calls"
)


def created(http, thread_id, **body) -> dict:
    response = http.post(f"/threads/{thread_id}/runs", json=body)
    assert response.status_code == 200, response.text
    return response.json()


def test_a_run_is_queued_at_first_and_completed_in_the_end(http, thread_id, assistant_id):
    run = created(http, thread_id, assistant_id=assistant_id)
    assert " ".join(run) == ORDER
    assert (run["status"], run["started_at"], run["usage"]) == ("queued", None, None)
    assert run["expires_at"] == run["created_at"] + 600
    done = ended(http, f"/threads/{thread_id}/runs/{run['id']}")
    assert done["status"] == "completed"
    assert run["created_at"] <= done["started_at"] <= done["completed_at"]
    assert done["usage"] == {
        "prompt_tokens": 2,
        "completion_tokens": 4,
        "total_tokens": 6,
        "prompt_token_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }
    ending = ("status", "started_at", "completed_at", "usage")
    assert done == {**run, **{name: done[name] for name in ending}, "expires_at": None}


@pytest.mark.parametrize("count", [20, 21, 128])
def test_as_many_tools_as_an_assistant_may_have(http, thread_id, assistant_id, count):
    names = [f"f{number}" for number in range(count)]
    tools = [{"type": "function", "function": {"name": name}} for name in names]
    run = created(http, thread_id, assistant_id=assistant_id, tools=tools)
    assert [tool["function"]["name"] for tool in run["tools"]] == names


@pytest.mark.parametrize("most", [1, 16, 255])
def test_few_tokens_may_be_asked_for(http, thread_id, assistant_id, most):
    run = created(http, thread_id, assistant_id=assistant_id, max_completion_tokens=most)
    assert run["max_completion_tokens"] == most
    done = ended(http, f"/threads/{thread_id}/runs/{run['id']}")
    assert done["status"] in ("completed", "incomplete")


def test_the_answer_is_a_message_of_the_run(client, thread_id, assistant_id):
    run = finished(client, thread_id, assistant_id)
    message = client.beta.threads.messages.list(thread_id).data[0]
    assert message.role == "assistant"
    assert (message.run_id, message.assistant_id) == (run.id, assistant_id)
    assert message.content[0].model_dump() == {
        "type": "text",
        "text": {"value": "Answer to: hello there", "annotations": []},
    }
    assert message.status == "completed" and message.completed_at is not None


def test_a_conversation_is_read_whole(client, http, thread_id, assistant_id, upstream):
    finished(client, thread_id, assistant_id)
    client.beta.threads.messages.create(thread_id, role="user", content="and now?")
    finished(client, thread_id, assistant_id)
    read = upstream.requests[1].asked["input"]
    assert [(item["role"], item["content"][0]["text"]) for item in read] == [
        ("user", "hello there"),
        ("assistant", "Answer to: hello there"),
        ("user", "and now?"),
    ]
    assert texts(http, thread_id)[-1] == ("assistant", "Answer to: and now?")


def test_without_a_body_the_default_assistant_runs(http, thread_id):
    run = http.post(f"/threads/{thread_id}/runs").json()
    assert run["assistant_id"] == "asst_default"
    done = ended(http, f"/threads/{thread_id}/runs/{run['id']}")
    assert (done["status"], done["model"]) == ("completed", "gpt-5.4-mini")


def test_an_empty_object_lacks_its_assistant(http, thread_id):
    error = error_of(http.post(f"/threads/{thread_id}/runs", json={}))
    assert error == {
        "message": "Missing required parameter: 'assistant_id'.",
        "type": "invalid_request_error",
        "param": "assistant_id",
        "code": "missing_required_parameter",
    }


def test_a_run_can_differ_from_its_assistant_in_everything(http, thread_id, assistant_id, upstream):
    run = created(http, thread_id, assistant_id=assistant_id, **OVERRIDES)
    assert {name: run[name] for name in OVERRIDES} == OVERRIDES
    ended(http, f"/threads/{thread_id}/runs/{run['id']}")
    asked = upstream.requests[0].asked
    assert (asked["model"], asked["instructions"]) == ("other", "Be long.")
    assert (asked["temperature"], asked["top_p"]) == (0.3, 0.4)
    assert (asked["reasoning"], asked["max_output_tokens"]) == ({"effort": "high"}, 300)


@pytest.mark.parametrize("field", [*OVERRIDES, "stream"])
def test_null_takes_what_the_assistant_has(http, thread_id, assistant_id, field):
    run = created(http, thread_id, assistant_id=assistant_id, **{field: None})
    assert {name: run[name] for name in INHERITED} == INHERITED
    ended(http, f"/threads/{thread_id}/runs/{run['id']}")


def test_what_is_additional_is_added(http, thread_id, assistant_id, upstream):
    run = created(
        http,
        thread_id,
        assistant_id=assistant_id,
        additional_instructions="And be kind.",
        additional_messages=[
            {"role": "assistant", "content": "Yes?"},
            {"role": "user", "content": "more", "metadata": {"k": "v"}},
        ],
    )
    ended(http, f"/threads/{thread_id}/runs/{run['id']}")
    assert upstream.requests[0].asked["instructions"] == "Be brief.\n\nAnd be kind."
    assert texts(http, thread_id) == [
        ("user", "hello there"),
        ("assistant", "Yes?"),
        ("user", "more"),
        ("assistant", "Answer to: more"),
    ]


def test_a_thread_can_be_made_with_its_run(client, http, assistant_id):
    thread = {"messages": [{"role": "user", "content": "at once"}], "metadata": {"of": "thread"}}
    run = client.beta.threads.create_and_run_poll(
        assistant_id=assistant_id, thread=thread, metadata={"of": "run"}
    )
    assert (run.status, run.metadata) == ("completed", {"of": "run"})
    assert client.beta.threads.retrieve(run.thread_id).metadata == {"of": "thread"}
    assert texts(http, run.thread_id)[-1] == ("assistant", "Answer to: at once")


@pytest.mark.parametrize("body", [{}, {"thread": None}, {"thread": {}}, {"tool_resources": None}])
def test_a_run_may_begin_on_an_empty_thread(http, assistant_id, body):
    # Would `/threads/{id}` take `/threads/runs` for its own, this were a 404.
    run = http.post("/threads/runs", json={"assistant_id": assistant_id, **body}).json()
    assert run["object"] == "thread.run"
    done = ended(http, f"/threads/{run['thread_id']}/runs/{run['id']}")
    assert done["status"] == "completed"


def test_runs_are_listed_the_newest_first(client, thread_id, assistant_id):
    ids = [finished(client, thread_id, assistant_id).id for _ in range(3)]
    runs = client.beta.threads.runs
    assert [run.id for run in runs.list(thread_id, limit=2)] == ids[::-1]
    assert [run.id for run in runs.list(thread_id, order="asc", after=ids[0])] == ids[1:]


def test_an_update_changes_the_metadata_alone(client, thread_id, assistant_id):
    run = finished(client, thread_id, assistant_id, metadata={"k": "v"})
    update = client.beta.threads.runs.update
    assert update(run.id, thread_id=thread_id) == run
    changed = update(run.id, thread_id=thread_id, metadata={"l": "w"})
    assert changed.model_dump() == {**run.model_dump(), "metadata": {"l": "w"}}
    assert update(run.id, thread_id=thread_id, metadata=None).metadata == {}


def test_polling_tells_when_to_look_again(http, thread_id, assistant_id):
    run = created(http, thread_id, assistant_id=assistant_id)
    response = http.get(f"/threads/{thread_id}/runs/{run['id']}")
    assert response.headers["openai-poll-after-ms"] == "5"
    ended(http, f"/threads/{thread_id}/runs/{run['id']}")


def test_unknown_parts_of_a_run_are_named(http, thread_id, assistant_id):
    path = f"/threads/{thread_id}/runs"
    unknown = error_of(http.post(path, json={"assistant_id": "asst_none"}), 404)
    assert unknown["message"] == "No assistant found with id 'asst_none'."
    for response in (
        http.get(f"{path}/run_none"),
        http.post(f"{path}/run_none", json={}),
        http.post(f"{path}/run_none/cancel"),
        http.post(f"{path}/run_none/submit_tool_outputs", json={"tool_outputs": []}),
        http.get(f"{path}/run_none/steps"),
    ):
        assert error_of(response, 404)["message"] == "No run found with id 'run_none'."
    assert texts(http, thread_id) == [("user", "hello there")]
