"""How much a run may read and say."""

import pytest

from tests.support.replies import Reply
from tests.support.talk import finished, text_of

BOTH_APIS = True

FUNCTION = {"type": "function", "function": {"name": "f"}}


def read(upstream, number: int = -1) -> list[str]:
    """Return the texts that the model was shown."""
    items = upstream.requests[number].asked["input"]
    return [item["content"][0]["text"] for item in items if item["type"] == "message"]


def go_on(client, run):
    (call,) = run.required_action.submit_tool_outputs.tool_calls
    return client.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id,
        thread_id=run.thread_id,
        tool_outputs=[{"tool_call_id": call.id, "output": "x"}],
    )


def test_an_answer_that_is_cut_short_is_incomplete(client, http, thread_id, assistant_id, upstream):
    upstream.reply(Reply.incomplete("Half", " an", reason="max_output_tokens"))
    run = finished(client, thread_id, assistant_id, max_completion_tokens=256)
    assert upstream.requests[0].asked["max_output_tokens"] == 256
    assert (run.status, run.incomplete_details.reason) == ("incomplete", "max_completion_tokens")
    assert run.usage.completion_tokens == 2 and run.last_error is None
    message = http.get(f"/threads/{thread_id}/messages").json()["data"][0]
    assert (text_of(message), message["status"]) == ("Half an", "incomplete")
    assert message["incomplete_details"] == {"reason": "max_tokens"}
    (step,) = http.get(f"/threads/{thread_id}/runs/{run.id}/steps").json()["data"]
    assert step["status"] == "completed"
    assert finished(client, thread_id, assistant_id).status == "completed"


def test_the_rounds_of_a_run_share_what_it_may_say(client, thread_id, assistant_id, upstream):
    # The first round says 10 tokens for its call, the second 11.
    upstream.reply(
        Reply.function_calls(("call_1", "f", "{}")),
        Reply.function_calls(("call_2", "f", "{}"), text="Again."),
    )
    run = finished(client, thread_id, assistant_id, tools=[FUNCTION], max_completion_tokens=300)
    assert go_on(client, go_on(client, run)).status == "completed"
    limits = [request.asked["max_output_tokens"] for request in upstream.requests]
    assert limits == [300, 290, 279]


@pytest.mark.parametrize("words", [230, 231, 245])
def test_a_rest_that_servers_do_not_take_is_asked_for_as_the_least_they_do(
    client, thread_id, assistant_id, upstream, words
):
    # What is left is 256 - 10 for the call - the words: 16, 15 and 1.
    text = " ".join(["word"] * words)
    upstream.reply(Reply.function_calls(("call_1", "f", "{}"), text=text), Reply.text("two words"))
    run = finished(client, thread_id, assistant_id, tools=[FUNCTION], max_completion_tokens=256)
    done = go_on(client, run)
    assert upstream.requests[1].asked["max_output_tokens"] == 16
    assert done.status == ("completed" if words < 245 else "incomplete")
    assert done.usage.completion_tokens == words + 10 + 2


def test_a_prompt_budget_that_is_used_up_ends_the_run(client, assistant_id, upstream):
    thread = {"messages": [{"role": "user", "content": " ".join(["word"] * 256)}]}
    upstream.reply(Reply.function_calls(("call_1", "f", "{}")))
    run = client.beta.threads.create_and_run_poll(
        assistant_id=assistant_id, thread=thread, tools=[FUNCTION], max_prompt_tokens=256
    )
    done = go_on(client, run)
    assert (done.status, done.incomplete_details.reason) == ("incomplete", "max_prompt_tokens")
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    ("strategy", "shown"),
    [
        ({"type": "last_messages", "last_messages": 1}, ["three"]),
        ({"type": "last_messages", "last_messages": 2}, ["two", "three"]),
        ({"type": "last_messages", "last_messages": 99}, ["one", "two", "three"]),
        ({"type": "auto"}, ["one", "two", "three"]),
        ({"type": "auto", "last_messages": None}, ["one", "two", "three"]),
    ],
)
def test_a_run_can_read_the_last_messages_only(client, assistant_id, upstream, strategy, shown):
    said = [{"role": "user", "content": word} for word in ("one", "two", "three")]
    client.beta.threads.create_and_run_poll(
        assistant_id=assistant_id, thread={"messages": said}, truncation_strategy=strategy
    )
    assert read(upstream) == shown


def test_a_long_thread_is_trimmed_to_the_models_window(start, upstream):
    # A quarter of the window is kept for the answer; a token is taken for three bytes.
    server = start(context_window=1024, assistant_instructions="")
    said = [{"role": "user", "content": str(number) * 300} for number in range(9)]
    run = server.client.beta.threads.create_and_run_poll(
        assistant_id="asst_default", thread={"messages": said}
    )
    assert run.status == "completed"
    shown = [text[0] for text in read(upstream)]
    assert shown == list("0123456789")[9 - len(shown) : 9]
    assert 5 <= len(shown) < 9


def test_the_newest_message_is_read_however_long_it_is(start, upstream):
    server = start(context_window=1024)
    said = [{"role": "user", "content": word * 10_000} for word in "ab"]
    server.client.beta.threads.create_and_run_poll(
        assistant_id="asst_default", thread={"messages": said}
    )
    assert read(upstream) == ["b" * 10_000]
