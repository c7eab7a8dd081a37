"""What a run's stream tells, and in which order: each way a run can go."""

import pytest

from tests.support.replies import Reply
from tests.support.stream_reader import delta_text, events_of, names, run_path, streaming
from tests.support.talk import ended, text_of

BOTH_APIS = True

WEATHER = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}},
}
CALL = ("call_1", "weather", '{"city": "서울"}')

BEGUN = ["run.created", "run.queued", "run.in_progress"]
STEP = ["step.created", "step.in_progress"]
MESSAGE = ["message.created", "message.in_progress"]
# A call's name, then its arguments in two pieces.
ONE_CALL = ["step.delta"] * 3


def said(deltas: int) -> list[str]:
    return [*STEP, *MESSAGE, *["message.delta"] * deltas, "message.completed", "step.completed"]


@pytest.fixture
def runs(thread_id):
    return f"/threads/{thread_id}/runs"


@pytest.fixture
def body(assistant_id):
    return {"assistant_id": assistant_id}


def test_a_plain_answer(http, runs, body, upstream):
    upstream.reply(Reply.text("Hel", "lo", "!"))
    events = events_of(http, runs, body)
    assert names(events) == [*BEGUN, *said(3), "run.completed", "done"]
    assert delta_text(events) == "Hello!"
    created = next(event for event in events if event.name == "thread.message.created")
    assert (created.data["content"], created.data["status"]) == ([], "in_progress")
    completed = next(event for event in events if event.name == "thread.message.completed")
    assert text_of(completed.data) == "Hello!"
    run, step = events[-2].data, events[-3].data
    assert run["usage"] == step["usage"] != None  # noqa: E711
    path = run_path(events)
    assert http.get(path).json() == run
    assert http.get(f"{path}/steps/{step['id']}").json() == step
    assert http.get(f"/threads/{run['thread_id']}/messages").json()["data"][0] == completed.data


def test_each_status_event_has_the_run_as_it_was(http, runs, body):
    events = events_of(http, runs, body)
    statuses = [event.data["status"] for event in events if event.name.startswith("thread.run.")]
    assert [status for status in statuses if status] == [
        *("queued", "queued", "in_progress"),
        *("in_progress", "in_progress", "completed"),
        "completed",
    ]


def test_the_first_delta_alone_opens_its_part(http, runs, body, upstream):
    upstream.reply(Reply.text("a", "b"))
    deltas = [
        event.data["delta"]["content"]
        for event in events_of(http, runs, body)
        if event.name == "thread.message.delta"
    ]
    assert deltas == [
        [{"index": 0, "type": "text", "text": {"value": "a", "annotations": []}}],
        [{"index": 0, "type": "text", "text": {"value": "b"}}],
    ]


def test_a_thread_and_its_run(http, body):
    thread = {"messages": [{"role": "user", "content": "hi there"}], "metadata": {"a": "b"}}
    events = events_of(http, "/threads/runs", {**body, "thread": thread})
    assert names(events) == ["thread.created", *BEGUN, *said(4), "run.completed", "done"]
    assert events[0].data["metadata"] == {"a": "b"}
    assert events[1].data["thread_id"] == events[0].data["id"]
    assert delta_text(events) == "Answer to: hi there"


def test_a_function_call_and_its_output(http, runs, body, upstream):
    upstream.reply(Reply.function_calls(CALL), Reply.text("맑", "음"))
    events = events_of(http, runs, {**body, "tools": [WEATHER]})
    assert names(events) == [*BEGUN, *STEP, *ONE_CALL, "run.requires_action", "done"]
    assert events[3].data["step_details"] == {"type": "tool_calls", "tool_calls": []}
    deltas = [event.data["delta"]["step_details"]["tool_calls"] for event in events[5:8]]
    assert deltas == [
        [
            {
                "index": 0,
                "id": "call_1",
                "type": "function",
                "function": {"name": "weather", "arguments": "", "output": None},
            }
        ],
        [{"index": 0, "type": "function", "function": {"arguments": '{"city"'}}],
        [{"index": 0, "type": "function", "function": {"arguments": ': "서울"}'}}],
    ]
    (call,) = events[-2].data["required_action"]["submit_tool_outputs"]["tool_calls"]
    assert call["function"] == {"name": "weather", "arguments": '{"city": "서울"}'}

    outputs = {"tool_outputs": [{"tool_call_id": "call_1", "output": "sunny"}]}
    more = events_of(http, f"{run_path(events)}/submit_tool_outputs", outputs)
    assert names(more) == [
        *("step.completed", "run.queued", "run.in_progress"),
        *said(2),
        *("run.completed", "done"),
    ]
    (answered,) = more[0].data["step_details"]["tool_calls"]
    assert (more[0].data["id"], answered["function"]["output"]) == (events[3].data["id"], "sunny")


def test_parallel_calls_share_a_step(http, runs, body, upstream):
    upstream.reply(Reply.function_calls(CALL, ("call_2", "weather", "{}")))
    events = events_of(http, runs, {**body, "tools": [WEATHER]})
    assert names(events) == [*BEGUN, *STEP, *ONE_CALL, *ONE_CALL, "run.requires_action", "done"]
    deltas = [event.data["delta"] for event in events if event.name.endswith("step.delta")]
    calls = [delta["step_details"]["tool_calls"][0] for delta in deltas]
    assert [call["index"] for call in calls] == [0, 0, 0, 1, 1, 1]
    assert [call.get("id") for call in calls] == ["call_1", None, None, "call_2", None, None]


def test_a_call_without_arguments_is_sent_once(http, runs, body, upstream):
    upstream.reply(Reply.function_calls(("call_1", "weather", "")))
    events = events_of(http, runs, {**body, "tools": [WEATHER]})
    assert names(events) == [*BEGUN, *STEP, "step.delta", "run.requires_action", "done"]


def test_words_before_a_call(http, runs, body, upstream):
    upstream.reply(Reply.function_calls(CALL, text="One moment."))
    events = events_of(http, runs, {**body, "tools": [WEATHER]})
    assert names(events) == [
        *BEGUN,
        # A step is open at a time: OpenAI's helpers take any step's end for that of the call.
        *said(1),
        *(*STEP, *ONE_CALL),
        *("run.requires_action", "done"),
    ]
    completed = events[len(BEGUN + said(1)) - 1].data
    assert completed["type"] == "message_creation"
    assert completed["usage"]["total_tokens"] == 0


def test_an_answer_that_is_cut_short(http, runs, body, upstream):
    upstream.reply(Reply.incomplete("Half", " of"))
    events = events_of(http, runs, {**body, "max_completion_tokens": 256})
    assert names(events) == [
        *(*BEGUN, *STEP, *MESSAGE, "message.delta", "message.delta"),
        *("message.incomplete", "step.completed", "run.incomplete", "done"),
    ]
    assert events[-4].data["incomplete_details"] == {"reason": "max_tokens"}
    assert events[-2].data["incomplete_details"] == {"reason": "max_completion_tokens"}


def test_an_answer_that_the_filter_stopped(http, runs, body, upstream):
    upstream.reply(Reply.incomplete("Half", reason="content_filter"))
    events = events_of(http, runs, body)
    assert names(events) == [
        *(*BEGUN, *STEP, *MESSAGE, "message.delta"),
        *("message.incomplete", "step.failed", "run.failed", "done"),
    ]
    assert events[-4].data["incomplete_details"] == {"reason": "content_filter"}
    assert events[-2].data["last_error"]["code"] == "invalid_prompt"


def test_a_failure_before_the_first_word(http, runs, body, upstream):
    upstream.reply(Reply.http_error(429, {"error": {"message": "Slow down."}}))
    events = events_of(http, runs, body)
    assert names(events) == [*BEGUN, "run.failed", "done"]
    assert events[-2].data["last_error"]["code"] == "rate_limit_exceeded"


@pytest.mark.parametrize(
    "reply",
    [
        Reply.failed("server_error", "It broke.", "Half"),
        Reply.failed("server_error", "It broke.", "Half", event=True),
        Reply.text("Half").cut(after=6),
        Reply.text("Half").garbage(after=5),
    ],
    ids=["failed", "error event", "cut", "garbage"],
)
def test_a_failure_in_mid_answer(http, runs, body, upstream, reply):
    upstream.reply(reply.stalled(after=5))
    with streaming(http, runs, body) as reader:
        reader.until("thread.message.delta")
        upstream.release()
        rest = reader.rest()
    assert names(rest) == ["message.incomplete", "step.failed", "run.failed", "done"]
    message, step, run = (event.data for event in rest[:-1])
    assert (text_of(message), message["incomplete_details"]) == ("Half", {"reason": "run_failed"})
    assert run["last_error"] == step["last_error"]
    assert run["last_error"]["code"] == "server_error"


def test_a_refusal(http, runs, body, upstream):
    upstream.reply(Reply.refusal("I can't", " do that."))
    events = events_of(http, runs, body)
    assert names(events) == [*BEGUN, *said(2), "run.completed", "done"]
    assert delta_text(events) == "I can't do that."
    completed = next(event for event in events if event.name == "thread.message.completed")
    assert completed.data["content"] == [{"type": "refusal", "refusal": "I can't do that."}]


def test_a_cancel_in_mid_answer(http, runs, body, upstream):
    upstream.reply(Reply.text("One", " two").stalled(after=5))
    with streaming(http, runs, body) as reader:
        reader.until("thread.message.delta")
        path = run_path(reader.events)
        assert http.post(f"{path}/cancel").json()["status"] == "cancelling"
        rest = reader.rest()
    assert names(rest) == [
        *("message.incomplete", "step.cancelled", "run.cancelling", "run.cancelled", "done"),
    ]
    assert text_of(rest[0].data) == "One"
    assert rest[0].data["incomplete_details"] == {"reason": "run_cancelled"}
    assert ended(http, path) == rest[-2].data


def test_a_cancel_before_the_first_word(http, runs, body, upstream):
    upstream.reply(Reply.text("Never").stalled())
    with streaming(http, runs, body) as reader:
        reader.until("thread.run.in_progress")
        assert upstream.wait_stalled()
        http.post(f"{run_path(reader.events)}/cancel")
        assert names(reader.rest()) == ["run.cancelling", "run.cancelled", "done"]


def test_an_expiry_in_mid_answer(start, upstream):
    # Times are whole seconds: of one, hardly anything might be left when the run begins.
    server = start(run_expires_seconds=3)
    upstream.reply(Reply.text("One", " two").stalled(after=5))
    events = events_of(server.http, "/threads/runs", {"assistant_id": "asst_default"})
    assert names(events) == [
        *("thread.created", *BEGUN, *STEP, *MESSAGE, "message.delta"),
        *("message.incomplete", "step.expired", "run.expired", "done"),
    ]
    assert events[-4].data["incomplete_details"] == {"reason": "run_expired"}
