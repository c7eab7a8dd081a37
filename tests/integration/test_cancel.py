"""Cancelling a run, and letting one expire, in each of its states."""

import pytest

from app.db import workers
from app.domain.run_status import TERMINAL
from tests.support.replies import Reply
from tests.support.rows import connected, insert_run
from tests.support.talk import ended, error_of, finished, text_of
from tests.support.waiting import wait_until

FUNCTION = {"type": "function", "function": {"name": "f"}}


def begun(http, thread_id: str, assistant_id: str, **options) -> str:
    """Create a run and return its path."""
    body = {"assistant_id": assistant_id, **options}
    run = http.post(f"/threads/{thread_id}/runs", json=body).json()
    return f"/threads/{thread_id}/runs/{run['id']}"


def test_a_run_at_work_is_stopped_with_what_it_has_said(http, thread_id, assistant_id, upstream):
    # Two words are out when the model falls silent.
    upstream.reply(Reply.text("One", " two", " three").stalled(after=6))
    path = begun(http, thread_id, assistant_id)
    with http.stream("GET", f"{path}/events") as reported:
        assert any("two" in line for line in reported.iter_lines())
    cancelling = http.post(f"{path}/cancel").json()
    assert cancelling["status"] == "cancelling"
    run = ended(http, path)
    assert run["status"] == "cancelled"
    assert run["cancelled_at"] >= run["created_at"]
    assert upstream.wait_hang_up(), "the model works on"
    message = http.get(f"/threads/{thread_id}/messages").json()["data"][0]
    assert (message["status"], message["incomplete_details"]) == (
        "incomplete",
        {"reason": "run_cancelled"},
    )
    assert text_of(message) == "One two"
    (step,) = http.get(f"{path}/steps").json()["data"]
    assert step["status"] == "cancelled" and step["cancelled_at"] is not None


def test_a_waiting_run_is_cancelled(client, http, thread_id, assistant_id, upstream):
    upstream.reply(Reply.function_calls(("call_1", "f", "{}")))
    run = finished(client, thread_id, assistant_id, tools=[FUNCTION])
    path = f"/threads/{thread_id}/runs/{run.id}"
    assert http.post(f"{path}/cancel").json()["status"] == "cancelling"
    cancelled = ended(http, path)
    assert (cancelled["status"], cancelled["required_action"]) == ("cancelled", None)
    (step,) = http.get(f"{path}/steps").json()["data"]
    assert step["status"] == "cancelled"
    outputs = {"tool_outputs": [{"tool_call_id": "call_1", "output": "x"}]}
    error = error_of(http.post(f"{path}/submit_tool_outputs", json=outputs))
    assert error["message"] == 'Runs in status "cancelled" do not accept tool outputs.'


def test_a_cancelled_thread_goes_on(client, http, thread_id, assistant_id, upstream):
    upstream.reply(Reply.text("Never").stalled())
    path = begun(http, thread_id, assistant_id)
    assert upstream.wait_stalled()
    http.post(f"{path}/cancel", content=b"", headers={"content-type": "application/json"})
    ended(http, path)
    client.beta.threads.messages.create(thread_id, role="user", content="go on")
    assert finished(client, thread_id, assistant_id).status == "completed"


@pytest.mark.parametrize("status", sorted(TERMINAL))
def test_a_run_that_has_ended_can_not_be_cancelled(start, database_url, status):
    server = start()
    with connected(database_url) as connection:
        run = insert_run(connection, status)
    path = f"/threads/{run.thread_id}/runs/{run.id}"
    error = error_of(server.http.post(f"{path}/cancel"))
    assert error["message"] == f"Cannot cancel run with status '{status}'."
    assert server.http.get(path).json()["status"] == status


@pytest.mark.parametrize("status", ["queued", "in_progress"])
def test_a_run_of_another_process_is_cancelled(start, database_url, status):
    server = start()
    with connected(database_url) as connection:
        workers.renew(connection, "worker_elsewhere", 60)
        # Queued once more: its outputs came to that process. One that never started is cancelled
        # by any (`test_hand_over.py`).
        run = insert_run(connection, status, worker_id="worker_elsewhere", started_at=1)
    path = f"/threads/{run.thread_id}/runs/{run.id}"
    assert server.http.post(f"{path}/cancel").json()["status"] == "cancelling"
    error = error_of(server.http.post(f"{path}/cancel"))
    assert error["message"] == "Cannot cancel run with status 'cancelling'."
    # It is the other's to finish, and anybody's when that one is gone.
    assert server.http.get(path).json()["status"] == "cancelling"
    with connected(database_url) as connection:
        workers.remove(connection, "worker_elsewhere")
    assert ended(server.http, path)["status"] == "cancelled"


@pytest.mark.parametrize(
    "reply",
    [
        # Made in the test: a stalled reply stalls once.
        lambda: Reply.text("Half", " of it").stalled(after=5),
        lambda: Reply.text("Nothing").stalled(),
        lambda: Reply.function_calls(("call_1", "f", "{}")),
    ],
    ids=["in mid-answer", "before its answer", "waiting for its client"],
)
def test_a_run_expires(start, upstream, reply):
    server = start(run_expires_seconds=1, lease_seconds=0.3)
    upstream.reply(reply())
    body = {
        "assistant_id": "asst_default",
        "tools": [FUNCTION],
        "thread": {"messages": [{"role": "user", "content": "x"}]},
    }
    created = server.http.post("/threads/runs", json=body).json()
    path = f"/threads/{created['thread_id']}/runs/{created['id']}"
    run = ended(server.http, path)
    assert (run["status"], run["required_action"]) == ("expired", None)
    assert run["expires_at"] == created["created_at"] + 1
    page = server.http.get(f"{path}/steps").json()
    assert all(step["status"] == "expired" and step["expired_at"] for step in page["data"])
    outputs = {"tool_outputs": [{"tool_call_id": "call_1", "output": "x"}]}
    error = error_of(server.http.post(f"{path}/submit_tool_outputs", json=outputs))
    assert error["message"] == 'Runs in status "expired" do not accept tool outputs.'
    added = {"role": "user", "content": "still there?"}
    assert server.http.post(f"/threads/{run['thread_id']}/messages", json=added).is_success


def test_cancelling_takes_one_of_two_at_once(http, thread_id, assistant_id, upstream, together):
    upstream.reply(Reply.text("Never").stalled())
    path = begun(http, thread_id, assistant_id)
    assert upstream.wait_stalled()
    answers = together(lambda _: http.post(f"{path}/cancel"), 4)
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]
    wait_until(lambda: http.get(path).json()["status"] == "cancelled")
