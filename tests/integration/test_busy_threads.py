"""A thread has one active run: other writes are refused meanwhile."""

import pytest

from tests.support.replies import Reply
from tests.support.talk import ended, error_of, finished, texts

FUNCTION = {"type": "function", "function": {"name": "f"}}


@pytest.fixture(params=["at work", "waiting"])
def busy(request, client, http, thread_id, assistant_id, upstream):
    """The id of a run that is active until the test ends."""
    if request.param == "waiting":
        upstream.reply(Reply.function_calls(("call_1", "f", "{}")))
        return finished(client, thread_id, assistant_id, tools=[FUNCTION]).id
    upstream.reply(Reply.text("So", " slow").stalled(after=5))
    body = {"assistant_id": assistant_id}
    run = http.post(f"/threads/{thread_id}/runs", json=body).json()
    assert upstream.wait_stalled()
    return run["id"]


def test_no_message_is_added(http, thread_id, busy):
    said = texts(http, thread_id)[0]
    response = http.post(f"/threads/{thread_id}/messages", json={"role": "user", "content": "x"})
    error = error_of(response)
    assert error["message"] == f"Can't add messages to {thread_id} while a run {busy} is active."
    assert texts(http, thread_id)[0] == said


def test_no_second_run_begins(client, http, thread_id, assistant_id, busy, upstream):
    body = {
        "assistant_id": assistant_id,
        "additional_messages": [{"role": "user", "content": "added"}],
    }
    error = error_of(http.post(f"/threads/{thread_id}/runs", json=body))
    assert error["message"] == f"Thread {thread_id} already has an active run {busy}."
    assert ("user", "added") not in texts(http, thread_id)
    assert len(client.beta.threads.runs.list(thread_id).data) == 1


def test_changes_and_deletions_are_allowed(http, thread_id, busy):
    first = http.get(f"/threads/{thread_id}/messages", params={"order": "asc"}).json()["first_id"]
    changed = {"metadata": {"k": "v"}}
    assert http.post(f"/threads/{thread_id}", json=changed).is_success
    assert http.post(f"/threads/{thread_id}/messages/{first}", json=changed).is_success
    assert http.delete(f"/threads/{thread_id}/messages/{first}").is_success


def test_one_of_several_runs_at_once_begins(http, thread_id, assistant_id, upstream, together):
    upstream.reply_with(lambda _: Reply.text("So", " slow").stalled())
    path = f"/threads/{thread_id}/runs"
    answers = together(lambda _: http.post(path, json={"assistant_id": assistant_id}), 5)
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400, 400]
    (run,) = [answer.json() for answer in answers if answer.is_success]
    refusals = {answer.json()["error"]["message"] for answer in answers if not answer.is_success}
    assert refusals == {f"Thread {thread_id} already has an active run {run['id']}."}
    assert upstream.wait_stalled()
    upstream.release()
    assert ended(http, f"{path}/{run['id']}")["status"] == "completed"


def test_runs_of_several_threads_go_side_by_side(client, assistant_id, upstream, together):
    upstream.reply_with(lambda body: Reply.text(body["input"][-1]["content"][0]["text"]))

    def one(number: int) -> str:
        said = {"role": "user", "content": f"number {number}"}
        run = client.beta.threads.create_and_run_poll(
            assistant_id=assistant_id, thread={"messages": [said]}
        )
        (answer,) = client.beta.threads.messages.list(run.thread_id, run_id=run.id).data
        return answer.content[0].text.value

    assert together(one, 12) == [f"number {number}" for number in range(12)]
