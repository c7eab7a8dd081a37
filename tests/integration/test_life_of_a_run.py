"""Cancelled, expired, out of tokens, waited for, deleted: the ends of a run besides an answer."""

import time

import pytest

from tests.support.replies import Reply
from tests.support.stream_reader import following, names, run_path, streaming
from tests.support.talk import ended, finished
from tests.support.waiting import wait_until

ASSISTANT = {"assistant_id": "asst_default"}
FUNCTION = {"type": "function", "function": {"name": "f"}}
POLLING = {"x-stainless-poll-helper": "true"}
CALL = Reply.function_calls(("call_1", "f", "{}"))


def begun(http, **options) -> str:
    """Create a run on a thread of its own and return its path."""
    thread = {"messages": [{"role": "user", "content": "hello there"}]}
    run = http.post("/threads/runs", json={**ASSISTANT, "thread": thread, **options}).json()
    return f"/threads/{run['thread_id']}/runs/{run['id']}"


def waiting(http, **options) -> str:
    """Return the path of a run that waits for its client."""
    path = begun(http, tools=[FUNCTION], **options)
    wait_until(lambda: http.get(path).json()["status"] == "requires_action")
    return path


def answer(http, path: str):
    outputs = {"tool_outputs": [{"tool_call_id": "call_1", "output": "1"}]}
    return http.post(f"{path}/submit_tool_outputs", json=outputs)


# Cancelling


@pytest.mark.parametrize("stall", [0, 5, 9], ids=["before", "amid", "after"])
def test_a_cancel_hangs_up_on_the_model(http, upstream, stall):
    upstream.reply(Reply.text("One", " two").stalled(after=stall))
    path = begun(http)
    assert upstream.wait_stalled()
    http.post(f"{path}/cancel")
    assert upstream.wait_hang_up()
    assert ended(http, path)["status"] == "cancelled"
    reply = http.post("/chat", json={"message": "again", "thread_id": path.split("/")[2]})
    assert reply.json()["message"] == "Answer to: again"


@pytest.mark.parametrize("stage", ["in_progress", "requires_action"])
def test_a_cancel_by_another_server(start, upstream, stage):
    here, there = start(lease_seconds=1), start(lease_seconds=1)
    if stage == "in_progress":
        upstream.reply(Reply.text("One", " two").stalled(after=5))
        path = begun(here.http)
        assert upstream.wait_stalled()
    else:
        upstream.reply(CALL)
        path = waiting(here.http)
    assert there.http.post(f"{path}/cancel").json()["status"] == "cancelling"
    assert ended(there.http, path)["status"] == "cancelled"
    if stage == "in_progress":
        assert upstream.wait_hang_up()
    assert ended(here.http, path)["cancelled_at"] is not None


def test_followers_learn_that_a_waiting_run_was_cancelled(http, upstream):
    upstream.reply(CALL)
    path = waiting(http)
    last = http.get(path).json()
    http.post(f"{path}/cancel")
    ended(http, path)
    with following(http, path) as reader:
        reported = names(reader.rest())
    assert reported[-5:] == [
        *("run.requires_action", "step.cancelled", "run.cancelling", "run.cancelled", "done")
    ]
    assert reader.events[-5].data == last


# Expiring


@pytest.mark.parametrize("stall", [None, 0, 5], ids=["waiting", "before", "amid"])
def test_followers_learn_that_a_run_expired(start, upstream, stall):
    server = start(run_expires_seconds=1, lease_seconds=0.3)
    upstream.reply(CALL if stall is None else Reply.text("One", " two").stalled(after=stall))
    path = begun(server.http, tools=[FUNCTION])
    run = ended(server.http, path)
    assert (run["status"], run["required_action"]) == ("expired", None)
    with following(server.http, path) as reader:
        assert names(reader.rest())[-2:] == ["run.expired", "done"]


def test_outputs_do_not_prolong_a_run(start, upstream):
    server = start(run_expires_seconds=3, lease_seconds=0.3)
    upstream.reply(CALL, Reply.text("One").stalled())
    path = waiting(server.http)
    expires_at = server.http.get(path).json()["expires_at"]
    assert answer(server.http, path).json()["expires_at"] == expires_at
    assert ended(server.http, path)["status"] == "expired"


# Tokens


def test_the_answers_share_a_budget(http, upstream):
    words = ["word "] * 200
    upstream.reply(
        Reply.function_calls(("call_1", "f", "{}"), text="".join(words)), Reply.text("rest")
    )
    path = waiting(http, max_completion_tokens=256)
    answer(http, path)
    run = ended(http, path)
    assert run["status"] == "completed"
    limits = [request.body["max_output_tokens"] for request in upstream.requests]
    assert limits == [256, 256 - 210]


INCOMPLETE = ("incomplete", {"reason": "max_completion_tokens"})


def end_of(http, path: str) -> tuple[str, object]:
    run = ended(http, path)
    return run["status"], run["incomplete_details"]


@pytest.mark.parametrize(
    ("said", "end"),
    [
        ("six words are just right now", ("completed", None)),
        ("one two three four five six 7", INCOMPLETE),
    ],
)
def test_a_rest_below_what_servers_take_is_raised_and_still_counts(http, upstream, said, end):
    # 250 of 256 tokens are used up; 16 is the least that servers take.
    upstream.reply(
        Reply.function_calls(("call_1", "f", "{}"), text="word " * 240), Reply.text(said)
    )
    path = waiting(http, max_completion_tokens=256)
    answer(http, path)
    assert end_of(http, path) == end
    assert [request.body["max_output_tokens"] for request in upstream.requests] == [256, 16]


@pytest.mark.parametrize("call", [(), (("call_1", "f", "{}"),)], ids=["text", "call"])
def test_an_answer_as_long_as_its_limit_was_cut_whatever_its_server_says(http, upstream, call):
    # llama.cpp says "completed" of an answer that it has cut.
    upstream.reply(Reply.function_calls(*call, text="word " * (256 - 10 * len(call))))
    path = begun(http, max_completion_tokens=256, tools=[FUNCTION])
    assert end_of(http, path) == INCOMPLETE
    assert len(upstream.requests) == 1


def test_prompts_share_a_budget_too(http, upstream):
    upstream.reply(CALL)
    thread = {"messages": [{"role": "user", "content": "word " * 300}]}
    path = waiting(http, thread=thread, max_prompt_tokens=256)
    answer(http, path)
    run = ended(http, path)
    assert (run["status"], run["incomplete_details"]) == (
        "incomplete",
        {"reason": "max_prompt_tokens"},
    )
    assert len(upstream.requests) == 1


def test_a_long_thread_is_trimmed_to_the_models_window(start, upstream):
    server = start(context_window=1024)
    said = [{"role": "user", "content": f"{number} " + "word " * 100} for number in range(20)]
    thread = server.client.beta.threads.create(messages=said)
    run = finished(server.client, thread.id, "asst_default")
    assert run.status == "completed"
    read = [item["content"][0]["text"] for item in upstream.requests[0].body["input"]]
    assert 1 <= len(read) < 8
    newest = [message["content"] for message in said[-len(read) :]]
    assert read == newest, "the newest, in their order"


# Waiting


def test_a_poll_helpers_look_waits_for_the_next_status(start, upstream):
    server = start(poll_wait_seconds=30)
    upstream.reply(Reply.text("One").stalled(after=5))
    path = begun(server.http)
    assert upstream.wait_stalled()
    upstream.release()
    run = server.http.get(path, headers=POLLING).json()
    assert run["status"] == "completed"


def test_a_look_waits_no_longer_than_it_may(start, upstream):
    server = start(poll_wait_seconds=0.3)
    upstream.reply(Reply.text("One").stalled())
    path = begun(server.http)
    assert upstream.wait_stalled()
    began = time.monotonic()
    assert server.http.get(path, headers=POLLING).json()["status"] == "in_progress"
    assert 0.25 < time.monotonic() - began < 3
    assert server.http.get(path).json()["status"] == "in_progress"


def test_a_look_at_what_moves_no_more_answers_at_once(start, upstream):
    server = start(poll_wait_seconds=60)
    upstream.reply(CALL)
    path = waiting(server.http)
    for status in ("requires_action", "completed"):
        assert server.http.get(path, headers=POLLING).json()["status"] == status
        answer(server.http, path)
        ended(server.http, path)


def test_a_look_from_another_server(start, upstream):
    here, there = start(), start(poll_wait_seconds=30)
    upstream.reply(Reply.text("One").stalled(after=5))
    path = begun(here.http)
    assert upstream.wait_stalled()
    upstream.release()
    assert there.http.get(path, headers=POLLING).json()["status"] == "completed"


# Deleting


@pytest.mark.parametrize("stall", [0, 5])
def test_a_thread_may_be_deleted_under_its_run(http, upstream, stall):
    upstream.reply(Reply.text("One", " two").stalled(after=stall))
    with streaming(http, "/threads/runs", ASSISTANT) as reader:
        reader.until("thread.message.delta" if stall else "thread.run.in_progress")
        path = run_path(reader.events)
        assert upstream.wait_stalled()
        assert http.delete(path.split("/runs/")[0]).json()["deleted"] is True
        upstream.release()
        # There is nothing left to tell, but the stream comes to an end.
        rest = names(reader.rest())
    assert rest[-1] == "done"
    assert not any(name.startswith("run.") for name in rest)
    assert http.get(path).status_code == 404
