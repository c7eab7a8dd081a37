"""What servers leave out of a stream, and what becomes of the answer: the same."""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.engine.translation.events import Projection
from app.engine.translation.usage import usage_of
from tests.support.projections import new_projection
from tests.support.replies import Reply
from tests.support.response_events import stream_events
from tests.unit.test_projection import REPLIES, outcome, projected, without

Events = list[dict[str, Any]]
LONG = "x" * 250


def dropping(*names: str) -> Callable[[Events], Events]:
    def bend(events: Events) -> Events:
        return [{key: value for key, value in e.items() if key not in names} for e in events]

    return bend


def without_ids(events: Events) -> Iterator[dict[str, Any]]:
    for event in dropping("item_id", "output_index")(events):
        event.get("item", {}).pop("id", None)
        for item in event.get("response", {}).get("output", []):
            item.pop("id", None)
        yield event


def with_new_ids(events: Events) -> Iterator[dict[str, Any]]:
    for number, event in enumerate(events):
        if "item_id" in event:
            event["item_id"] = f"id_{number}"
        if "item" in event:
            event["item"]["id"] = f"id_{number}"
        yield event


def one_number(events: Events) -> Events:
    return [event | ({"output_index": 0} if "output_index" in event else {}) for event in events]


def empty_end(events: Events) -> Events:
    events[-1]["response"]["output"] = []
    return events


def no_reasoning_at_the_end(events: Events) -> Events:
    output = events[-1]["response"]["output"]
    output[:] = [item for item in output if item["type"] != "reasoning"]
    return events


def only_whole_parts(events: Events) -> Events:
    """No deltas; text and arguments in their `.done` events alone."""
    events = without(events, ".delta")
    for event in events:
        item = event.get("item", {})
        if item.get("type") == "function_call":
            item["arguments"] = ""
        if item.get("type") == "message":
            item["content"] = []
    return empty_end(events)


def names_come_late(events: Events) -> Events:
    for event in events:
        if event["type"] == "response.output_item.added":
            event["item"].pop("name", None)
    return events


def only_deltas(events: Events) -> Events:
    return empty_end(without(events, ".done", "content_part"))


def parsed_arguments(events: Events) -> Events:
    for item in events[-1]["response"]["output"]:
        if item["type"] == "function_call":
            item["arguments"] = json.loads(item["arguments"])
    return events[-1:]


def content_as_text(events: Events) -> Events:
    for item in events[-1]["response"]["output"]:
        if item["type"] == "message":
            item["content"] = item["content"][0]["text"]
    return events[-1:]


BENDS = {
    "no numbers": dropping("sequence_number", "output_index", "content_index"),
    "no ids": dropping("item_id"),
    "neither": lambda events: list(without_ids(events)),
    "one number for all": one_number,
    "new ids with each event": lambda events: list(with_new_ids(events)),
    "no item at the end": empty_end,
    "reasoning not at the end": no_reasoning_at_the_end,
    "whole parts only": only_whole_parts,
    "names come late": names_come_late,
    "no parts": lambda events: without(events, "content_part", "_text.done", "arguments.done"),
}
BENT = ["text", "call", "parallel calls", "words before a call", "thoughts", "cut short"]


def bent(reply: str, *bends: Callable[[Events], Events]) -> Projection:
    events = copy.deepcopy(stream_events(REPLIES[reply], {}))
    for bend in bends:
        events = bend(events)
    return projected(events)


def seen(projection: Projection) -> dict[str, Any]:
    """Return what matters of an answer: fields that nobody reads may differ."""
    kept = outcome(projection)
    kept["items"] = [
        {name: item.get(name) for name in ("type", "name", "arguments", "call_id")}
        for item in projection.items
    ]
    kept["texts"] = [
        [part["text"] for part in item["content"]]
        for item in projection.items
        if item["type"] == "message" and item["content"]
    ]
    return kept


@pytest.mark.parametrize("reply", BENT)
@pytest.mark.parametrize("bend", BENDS)
def test_what_a_server_leaves_out_does_not_matter(reply: str, bend: str) -> None:
    whole, got = seen(bent(reply)), seen(bent(reply, BENDS[bend]))
    if bend == "whole parts only":
        del whole["texts"], got["texts"]
    assert got == whole


@pytest.mark.parametrize("reply", ["text", "call", "parallel calls"])
def test_an_answer_of_deltas_alone_is_whole(reply: str) -> None:
    assert seen(bent(reply, only_deltas)) == seen(bent(reply))


def test_words_before_a_call_of_deltas_alone_are_replayed() -> None:
    got = bent("words before a call", only_deltas)
    assert [item["type"] for item in got.items] == ["message", "function_call", "function_call"]
    assert seen(got)["texts"] == [["Wait."]]


@pytest.mark.parametrize(
    ("reply", "bend"), [("parallel calls", parsed_arguments), ("text", content_as_text)]
)
def test_other_kinds_of_values_are_read(reply: str, bend: Callable[[Events], Events]) -> None:
    kept = bent(reply, bend)
    expected = bent(reply)
    assert [m.content for m in kept.changes.new_messages.values()] == [
        m.content for m in expected.changes.new_messages.values()
    ]
    assert len(kept.items) == len(expected.items)


def test_ids_may_be_long_and_fields_unknown() -> None:
    events = stream_events(Reply.function_calls((LONG, "f", "{}")), {})
    for event in events:
        event["x_extra"] = {"of": "theirs"}
        for item in (event.get("item"), *event.get("response", {}).get("output", [])):
            if item:
                item |= {"id": LONG, "x_extra": 1}
        if "item_id" in event:
            event["item_id"] = LONG
    projection = projected(events)
    assert projection.tool_step is not None
    (call,) = projection.tool_step.step_details["tool_calls"]
    (item,) = projection.items
    assert (call["id"], item["call_id"]) == (LONG, LONG)


@pytest.mark.parametrize(
    "event",
    [
        {"type": "response.output_item.added"},
        {"type": "response.output_item.added", "item": None},
        {"type": "response.output_item.done", "item": {"type": None}},
        {"type": "response.output_item.done", "item": {"type": "brand_new", "x": 1}},
        {"type": "response.function_call_arguments.delta", "delta": "{}"},
        {"type": "response.function_call_arguments.done", "arguments": None},
    ],
)
def test_an_event_that_says_nothing_changes_nothing(event: dict[str, Any]) -> None:
    events = stream_events(REPLIES["text"], {})
    expected, got = projected(events), projected([event, *without(events, "output_index")])
    assert outcome(got)["messages"] == outcome(expected)["messages"]


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        (None, (0, 0, 0)),
        (5, (0, 0, 0)),
        ({"input_tokens": 3, "output_tokens": 4}, (3, 4, 7)),
        ({"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": None}, (3, 4, 7)),
        ({"input_tokens": "many", "output_tokens": 4.0, "output_tokens_details": 1}, (0, 4, 4)),
        ({"input_tokens": -1, "total_tokens": True}, (0, 0, 1)),
    ],
)
def test_usage_is_read_as_far_as_it_goes(usage: Any, counts: tuple[int, int, int]) -> None:
    found = usage_of({"usage": usage})
    assert (found.prompt_tokens, found.completion_tokens, found.total_tokens) == counts


@pytest.mark.parametrize(
    ("limit", "reason"),
    [(None, None), (4, None), (3, "max_output_tokens"), (2, "max_output_tokens")],
)
def test_usage_tells_of_a_cut_that_the_server_does_not(
    limit: int | None, reason: str | None
) -> None:
    projection = new_projection(streamed=True, cut_from=limit)
    for event in stream_events(Reply.text("one ", "two ", "three"), {}):
        projection.apply(event)
    assert projection.incomplete_reason == reason
    message = projection.message
    assert message is not None
    assert message.status == ("incomplete" if reason else "completed")
    if reason:
        assert message.incomplete_details is not None
        assert message.incomplete_details.reason == "max_tokens"


@pytest.mark.parametrize(
    "end",
    [
        {"type": "response.incomplete", "response": {"incomplete_details": {"reason": "length"}}},
        {"type": "response.completed", "response": {"status": "incomplete"}},
        {"type": "response.incomplete", "response": {"incomplete_details": "length"}},
        {"type": "response.incomplete"},
    ],
)
def test_other_words_for_an_incomplete_answer_are_understood(end: dict[str, Any]) -> None:
    projection = projected([*stream_events(REPLIES["text"], {})[:-1], end])
    assert projection.incomplete_reason is not None
    message = projection.message
    assert message is not None and message.incomplete_details is not None
    assert message.incomplete_details.reason == "max_tokens"
