"""The model's events as messages, steps and the events sent about them."""

from typing import Any

import pytest

from app.engine.changes import Changes
from app.engine.translation.events import Projection
from app.engine.translation.usage import usage_of
from tests.support.projections import new_projection
from tests.support.replies import Reply
from tests.support.response_events import output_items, response_object, stream_events

CALLS = (("call_a", "weather", '{"city": "서울"}'), ("call_b", "time", "{}"))
REPLIES = {
    "text": Reply.text("안녕", "하세요 ", "😀"),
    "refusal": Reply.refusal("No, ", "thanks."),
    "call": Reply.function_calls(CALLS[0]),
    "parallel calls": Reply.function_calls(*CALLS),
    "words before a call": Reply.function_calls(*CALLS, text="Wait.", reasoning="sealed"),
    "thoughts": Reply.text("Hm.", reasoning="sealed"),
    "cut short": Reply.incomplete("Half ", "an"),
    "filtered": Reply.incomplete("Half ", "an", reason="content_filter"),
    "nothing": Reply(),
    "empty text": Reply.text(""),
}


def projected(events: list[dict[str, Any]], *, streamed: bool = True) -> Projection:
    projection = new_projection(streamed=streamed)
    for event in events:
        projection.apply(event)
    return projection


def shown_by(projection: Projection) -> list[str]:
    return [name.removeprefix("thread.") for name, _ in projection.changes.events]


def outcome(projection: Projection) -> dict[str, Any]:
    """Return what is left of a response, without what differs from time to time."""
    changes: Changes = projection.changes
    steps = changes.new_steps.values()
    return {
        "messages": [
            (item.role, item.status, item.content, item.incomplete_details)
            for item in changes.new_messages.values()
        ],
        "steps": [(step.type, step.status) for step in steps],
        "calls": [step.step_details.get("tool_calls") for step in steps],
        "items": [{**item, "id": None} for item in projection.items],
        "usage": (projection.usage, [step.usage for step in steps]),
        "end": (projection.ended, projection.incomplete_reason),
    }


def without(events: list[dict[str, Any]], *parts: str) -> list[dict[str, Any]]:
    return [event for event in events if not any(part in event["type"] for part in parts)]


@pytest.mark.parametrize("reply", [*REPLIES])
@pytest.mark.parametrize(
    "missing",
    [
        (".delta",),
        ("output_item.added",),
        (".delta", "output_item.added"),
        (".delta", "output_item.done"),
        ("output_item", ".delta"),
        ("output_item.done",),
    ],
    ids=" and ".join,
)
def test_whatever_a_server_leaves_out_comes_with_the_rest(reply, missing):
    events = stream_events(REPLIES[reply], {})
    assert outcome(projected(without(events, *missing))) == outcome(projected(events))


@pytest.mark.parametrize("reply", [*REPLIES])
def test_a_whole_response_is_the_stream_of_it(reply):
    events = stream_events(REPLIES[reply], {})
    assert outcome(projected(events[-1:], streamed=False)) == outcome(projected(events))
    assert projected(events, streamed=False).changes.events == []


def test_an_answer_is_a_message_and_its_step():
    projection = projected(stream_events(REPLIES["text"], {}))
    (message,), (step,) = projection.changes.new_messages.values(), projection.changes.new_steps
    assert message.content == [
        {"type": "text", "text": {"value": "안녕하세요 😀", "annotations": []}}
    ]
    assert (message.status, message.incomplete_at) == ("completed", None)
    assert message.completed_at is not None and message.run_id is not None
    assert message.assistant_id == "asst_none"
    created = projection.changes.new_steps[step]
    assert created.step_details == {
        "type": "message_creation",
        "message_creation": {"message_id": message.id},
    }
    assert created.status == "completed" and created.usage == projection.usage
    assert projection.ended


def test_events_come_in_openais_order():
    assert shown_by(projected(stream_events(REPLIES["text"], {}))) == [
        *("run.step.created", "run.step.in_progress"),
        *("message.created", "message.in_progress"),
        *["message.delta"] * 3,
        *("message.completed", "run.step.completed"),
    ]
    assert shown_by(projected(stream_events(REPLIES["parallel calls"], {}))) == [
        *("run.step.created", "run.step.in_progress"),
        # Each call: that it is there, then its arguments in two pieces.
        *["run.step.delta"] * 6,
    ]
    assert shown_by(projected(stream_events(REPLIES["cut short"], {})))[-2:] == [
        "message.incomplete",
        "run.step.completed",
    ]


def test_calls_wait_for_their_outputs():
    projection = projected(stream_events(REPLIES["parallel calls"], {}))
    step = projection.tool_step
    assert step is not None and (step.status, step.completed_at) == ("in_progress", None)
    assert step.step_details["tool_calls"] == [
        {
            "id": call_id,
            "type": "function",
            "function": {"name": name, "arguments": arguments, "output": None},
        }
        for call_id, name, arguments in CALLS
    ]


def test_a_call_without_an_id_is_given_one():
    (item,) = output_items(Reply.function_calls(("x", "f", "{}")))
    del item["call_id"]
    response = response_object(Reply(), {}, [item])
    projection = projected([{"type": "response.completed", "response": response}])
    assert projection.tool_step is not None
    (call,) = projection.tool_step.step_details["tool_calls"]
    assert call["id"].startswith("call_")
    assert projection.items[0]["call_id"] == call["id"]


def test_deltas_of_parallel_calls_may_be_mixed():
    events = stream_events(REPLIES["parallel calls"], {})
    added = [event for event in events if event["type"] == "response.output_item.added"]
    deltas = [event for event in events if event["type"].endswith("arguments.delta")]
    done = [event for event in events if event["type"] == "response.output_item.done"]
    mixed = [*added, deltas[2], deltas[0], deltas[3], deltas[1], *done, events[-1]]
    assert outcome(projected(mixed)) == outcome(projected(events))


def test_changes_are_taken_piece_by_piece():
    events = stream_events(REPLIES["text"], {})
    projection = new_projection(streamed=True)
    for event in events[:5]:
        projection.apply(event)
    first = projection.changes.take()
    (message_id,) = first.new_messages
    for event in events[5:]:
        projection.apply(event)
    rest = projection.changes.take()
    # What was created before is saved afterwards, not created again.
    assert not rest.new_messages and not rest.new_steps
    assert rest.messages[message_id].status == "completed"
    assert [step.status for step in rest.steps.values()] == ["completed"]
    assert not projection.changes.take().has_rows


@pytest.mark.parametrize(
    ("reason", "told_reason"),
    [("max_output_tokens", "max_tokens"), ("content_filter", "content_filter")],
)
def test_an_answer_that_breaks_off_says_why(reason, told_reason):
    projection = projected(stream_events(Reply.incomplete("Half", reason=reason), {}))
    assert projection.incomplete_reason == reason
    message = projection.message
    assert message is not None and message.incomplete_details is not None
    assert (message.status, message.incomplete_details.reason) == ("incomplete", told_reason)


def test_usage_has_the_assistants_field_names():
    usage = {
        "input_tokens": 7,
        "input_tokens_details": {"cached_tokens": 3},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": 12,
    }
    assert usage_of({"usage": usage}).model_dump() == {
        "prompt_tokens": 7,
        "completion_tokens": 5,
        "total_tokens": 12,
        "prompt_token_details": {"cached_tokens": 3},
        "completion_tokens_details": {"reasoning_tokens": 2},
    }


@pytest.mark.parametrize("usage", [None, {}, {"input_tokens": None, "input_tokens_details": None}])
def test_a_server_may_tell_no_usage(usage):
    assert usage_of({"usage": usage}).total_tokens == 0
