"""Steps: what a run did, and what each part of it cost."""

from tests.support.replies import Reply
from tests.support.talk import error_of, finished

FUNCTION = {"type": "function", "function": {"name": "f"}}


def test_an_answer_is_a_step(client, http, thread_id, assistant_id):
    run = finished(client, thread_id, assistant_id)
    message = client.beta.threads.messages.list(thread_id).data[0]
    page = http.get(f"/threads/{thread_id}/runs/{run.id}/steps").json()
    (step,) = page["data"]
    assert (page["first_id"], page["last_id"], page["has_more"]) == (step["id"], step["id"], False)
    assert step == {
        "id": step["id"],
        "object": "thread.run.step",
        "created_at": step["created_at"],
        "run_id": run.id,
        "assistant_id": assistant_id,
        "thread_id": thread_id,
        "type": "message_creation",
        "status": "completed",
        "cancelled_at": None,
        "completed_at": step["completed_at"],
        "expires_at": step["expires_at"],
        "expired_at": None,
        "failed_at": None,
        "last_error": None,
        "step_details": {
            "type": "message_creation",
            "message_creation": {"message_id": message.id},
        },
        "usage": run.usage.model_dump(),
        "metadata": {},
    }
    assert step["created_at"] <= step["completed_at"]
    assert http.get(f"/threads/{thread_id}/runs/{run.id}/steps/{step['id']}").json() == step


def test_several_steps_of_one_answer_share_its_cost(client, thread_id, assistant_id, upstream):
    upstream.reply(Reply.function_calls(("call_1", "f", "{}"), text="Let me see."))
    run = finished(client, thread_id, assistant_id, tools=[FUNCTION])
    done = client.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id, thread_id=thread_id, tool_outputs=[{"tool_call_id": "call_1", "output": "x"}]
    )
    steps = client.beta.threads.runs.steps.list(run.id, thread_id=thread_id, order="asc").data
    assert [step.type for step in steps] == ["message_creation", "tool_calls", "message_creation"]
    # The first answer's usage stands at its last step, nothing at the one before.
    assert [step.usage.completion_tokens for step in steps] == [0, 13, 4]
    assert done.usage.completion_tokens == 17


def test_steps_are_listed_in_both_orders(client, thread_id, assistant_id, upstream):
    upstream.reply(Reply.function_calls(("call_1", "f", "{}"), text="Wait."))
    run = finished(client, thread_id, assistant_id, tools=[FUNCTION])
    steps = client.beta.threads.runs.steps
    oldest_first = steps.list(run.id, thread_id=thread_id, order="asc").data
    assert [step.type for step in oldest_first] == ["message_creation", "tool_calls"]
    newest_first = [step.id for step in steps.list(run.id, thread_id=thread_id, limit=1)]
    assert newest_first == [step.id for step in oldest_first[::-1]]


def test_include_is_accepted(client, http, thread_id, assistant_id):
    run = finished(client, thread_id, assistant_id)
    include = "step_details.tool_calls[*].file_search.results[*].content"
    steps = client.beta.threads.runs.steps
    (step,) = steps.list(run.id, thread_id=thread_id, include=[include]).data
    assert steps.retrieve(step.id, thread_id=thread_id, run_id=run.id, include=[include]) == step
    path = f"/threads/{thread_id}/runs/{run.id}/steps"
    assert http.get(path, params={"include": include}).json()["first_id"] == step.id


def test_a_step_belongs_to_its_run(client, http, thread_id, assistant_id):
    first, second = (finished(client, thread_id, assistant_id) for _ in range(2))
    step = client.beta.threads.runs.steps.list(first.id, thread_id=thread_id).data[0]
    error = error_of(http.get(f"/threads/{thread_id}/runs/{second.id}/steps/{step.id}"), 404)
    assert error["message"] == f"No step found with id '{step.id}'."
