"""Every limit and type of threads, messages, runs, tool outputs and chats."""

from typing import Any, NamedTuple

import pytest

from tests.support.sentences import (
    Said,
    above,
    below,
    empty,
    missing,
    no_such_value,
    too_long,
    too_many,
    too_many_pairs,
    unknown,
    wrong_type,
)
from tests.support.talk import error_of

STRING, OBJECT, ARRAY, INTEGER, BOOLEAN = (
    *("a string", "an object", "an array"),
    *("an integer", "a boolean"),
)
LONG = "x" * 256_001
ROLES = "'user' and 'assistant'"
PARTS = "'text', 'image_url', 'image_file'"
LAST = "truncation_strategy.last_messages"
CODE = {"type": "code_interpreter"}


class Call(NamedTuple):
    """A path, and the least that it takes; ids that are there stand in braces."""

    path: str
    body: dict[str, Any]


CALLS = {
    "thread": Call("/threads", {}),
    "update": Call("/threads/{thread}", {}),
    "message": Call("/threads/{thread}/messages", {"role": "user", "content": "x"}),
    "message update": Call("/threads/{thread}/messages/{message}", {}),
    "run": Call("/threads/{thread}/runs", {"assistant_id": "asst_default"}),
    "both": Call("/threads/runs", {"assistant_id": "asst_default"}),
    "outputs": Call("/threads/{thread}/runs/run_x/submit_tool_outputs", {"tool_outputs": []}),
    "chat": Call("/chat", {"message": "x"}),
}


def parts(*content: Any) -> dict[str, Any]:
    return {"content": [*content]}


def text(value: Any, **more: Any) -> dict[str, Any]:
    return parts({"type": "text", "text": value, **more})


def image(**fields: Any) -> dict[str, Any]:
    return parts({"type": "image_url", "image_url": fields})


def attachment(**fields: Any) -> dict[str, Any]:
    return {"attachments": [fields]}


def strategy(**fields: Any) -> dict[str, Any]:
    return {"truncation_strategy": fields}


def output(**fields: Any) -> dict[str, Any]:
    return {"tool_outputs": [fields]}


MESSAGE_CASES: list[tuple[dict[str, Any], Said]] = [
    ({"role": None}, wrong_type("role", STRING, "null")),
    ({"role": "system"}, no_such_value("role", "system", ROLES)),
    ({"role": 1}, wrong_type("role", STRING, INTEGER)),
    ({"content": None}, wrong_type("content", STRING, "null")),
    ({"content": 1}, wrong_type("content", STRING, INTEGER)),
    ({"content": {}}, wrong_type("content", STRING, OBJECT)),
    ({"content": ""}, empty("content")),
    ({"content": LONG}, too_long("content", 256_000, 256_001)),
    (parts(), empty("content", "array")),
    (parts("x"), wrong_type("content[0]", OBJECT, STRING)),
    (parts({}), missing("content[0].type")),
    (parts({"type": "audio"}), no_such_value("content[0].type", "audio", PARTS)),
    (parts({"type": "text"}), missing("content[0].text")),
    (text(""), empty("content[0].text")),
    (text({"value": "x"}), wrong_type("content[0].text", STRING, OBJECT)),
    (text(LONG), too_long("content[0].text", 256_000, 256_001)),
    (text("x", more=1), unknown("content[0].more")),
    (image(), missing("content[0].image_url.url")),
    (image(url=1), wrong_type("content[0].image_url.url", STRING, INTEGER)),
    (
        image(url="u", detail="huge"),
        no_such_value("content[0].image_url.detail", "huge", "'auto', 'low' and 'high'"),
    ),
    (
        parts({"type": "image_file", "image_file": "file-1"}),
        wrong_type("content[0].image_file", OBJECT, STRING),
    ),
    ({"attachments": {}}, wrong_type("attachments", ARRAY, OBJECT)),
    (attachment(), missing("attachments[0].file_id")),
    (
        attachment(file_id="file-1", tools=[{"type": "function"}]),
        no_such_value(
            "attachments[0].tools[0].type", "function", "'code_interpreter' and 'file_search'"
        ),
    ),
    ({"metadata": {"k": "x" * 513}}, too_long("metadata.k", 512, 513)),
    ({"file_ids": []}, unknown("file_ids")),
]

CASES: list[tuple[str, dict[str, Any], Said]] = [
    *[("message", fields, said) for fields, said in MESSAGE_CASES],
    ("thread", {"more": 1}, unknown("more")),
    ("thread", {"messages": {}}, wrong_type("messages", ARRAY, OBJECT)),
    ("thread", {"messages": ["x"]}, wrong_type("messages[0]", OBJECT, STRING)),
    ("thread", {"messages": [{"role": "user"}]}, missing("messages[0].content")),
    ("thread", {"messages": [{"content": "x"}]}, missing("messages[0].role")),
    (
        "thread",
        {"messages": [{"role": "user", "content": "x"}, {"role": "user", "content": ""}]},
        empty("messages[1].content"),
    ),
    ("thread", {"metadata": {"k": []}}, wrong_type("metadata.k", STRING, ARRAY)),
    (
        "thread",
        {"tool_resources": {"file_search": {"vector_store_ids": ["a", "b"]}}},
        too_many("tool_resources.file_search.vector_store_ids", 1, 2),
    ),
    ("update", {"messages": []}, unknown("messages")),
    ("update", {"metadata": {str(n): "" for n in range(17)}}, too_many_pairs("metadata", 16, 17)),
    ("message update", {"content": "x"}, unknown("content")),
    ("message update", {"metadata": "x"}, wrong_type("metadata", OBJECT, STRING)),
    ("run", {"assistant_id": None}, wrong_type("assistant_id", STRING, "null")),
    ("run", {"assistant_id": 1}, wrong_type("assistant_id", STRING, INTEGER)),
    ("run", {"model": ""}, empty("model")),
    ("run", {"tools": [CODE] * 129}, too_many("tools", 128, 129)),
    ("run", {"temperature": 2.1}, above("temperature", "decimal", 2, 2.1)),
    ("run", {"top_p": 1.1}, above("top_p", "decimal", 1, 1.1)),
    ("run", {"max_prompt_tokens": 255}, below("max_prompt_tokens", "integer", 256, 255)),
    ("run", {"max_completion_tokens": 0}, below("max_completion_tokens", "integer", 1, 0)),
    ("run", {"max_prompt_tokens": 256.5}, wrong_type("max_prompt_tokens", INTEGER, "a decimal")),
    ("run", {"max_prompt_tokens": "256"}, wrong_type("max_prompt_tokens", INTEGER, STRING)),
    ("run", strategy(), missing("truncation_strategy.type")),
    ("run", strategy(type="last_messages"), missing(LAST)),
    ("run", strategy(type="last_messages", last_messages=0), below(LAST, "integer", 1, 0)),
    (
        "run",
        {"max_completion_tokens": 10**30},
        above("max_completion_tokens", "integer", 2**31 - 1, 10**30),
    ),
    (
        "run",
        strategy(type="first"),
        no_such_value("truncation_strategy.type", "first", "'auto' and 'last_messages'"),
    ),
    ("run", {"truncation_strategy": "auto"}, wrong_type("truncation_strategy", OBJECT, STRING)),
    (
        "run",
        {"tool_choice": "any"},
        no_such_value("tool_choice", "any", "'none', 'auto' and 'required'"),
    ),
    ("run", {"tool_choice": 1}, wrong_type("tool_choice", OBJECT, INTEGER)),
    ("run", {"tool_choice": {"type": "function"}}, missing("tool_choice.function")),
    (
        "run",
        {"tool_choice": {"type": "function", "function": {}}},
        missing("tool_choice.function.name"),
    ),
    ("run", {"parallel_tool_calls": 1}, wrong_type("parallel_tool_calls", BOOLEAN, INTEGER)),
    ("run", {"stream": "true"}, wrong_type("stream", BOOLEAN, STRING)),
    ("run", {"instructions": LONG}, too_long("instructions", 256_000, 256_001)),
    (
        "run",
        {"additional_instructions": LONG},
        too_long("additional_instructions", 256_000, 256_001),
    ),
    (
        "run",
        {"additional_messages": [{"role": "user"}]},
        missing("additional_messages[0].content"),
    ),
    ("run", {"thread": {}}, unknown("thread")),
    ("both", {"assistant_id": None}, wrong_type("assistant_id", STRING, "null")),
    ("both", {"additional_instructions": "x"}, unknown("additional_instructions")),
    ("both", {"additional_messages": []}, unknown("additional_messages")),
    ("both", {"thread": []}, wrong_type("thread", OBJECT, ARRAY)),
    ("both", {"thread": {"more": 1}}, unknown("thread.more")),
    ("both", {"thread": {"messages": [{"role": "user"}]}}, missing("thread.messages[0].content")),
    ("outputs", {"tool_outputs": None}, wrong_type("tool_outputs", ARRAY, "null")),
    ("outputs", output(), missing("tool_outputs[0].tool_call_id")),
    (
        "outputs",
        output(tool_call_id=1),
        wrong_type("tool_outputs[0].tool_call_id", STRING, INTEGER),
    ),
    (
        "outputs",
        output(tool_call_id="c", output=1),
        wrong_type("tool_outputs[0].output", STRING, INTEGER),
    ),
    ("outputs", output(tool_call_id="c", more=1), unknown("tool_outputs[0].more")),
    ("chat", {"message": None}, wrong_type("message", STRING, "null")),
    (
        "chat",
        {"message": ""},
        Said("Invalid 'message': the text is blank.", "message", "empty_string"),
    ),
    ("chat", {"message": LONG}, too_long("message", 256_000, 256_001)),
    ("chat", {"thread_id": 1}, wrong_type("thread_id", STRING, INTEGER)),
    ("chat", {"metadata": {"k": 1}}, wrong_type("metadata.k", STRING, INTEGER)),
    ("chat", {"messages": []}, unknown("messages")),
]


@pytest.mark.parametrize(
    ("call", "fields", "said"),
    CASES,
    ids=[f"{call} {str(fields)[:50]}" for call, fields, _ in CASES],
)
def test_a_bad_field_is_named(http, places, upstream, call, fields, said):
    path, body = CALLS[call]
    response = http.post(path.format_map(places), json={**body, **fields})
    assert error_of(response) == said.as_error()
    # Nothing has come of it.
    assert upstream.requests == []
    thread = f"/threads/{places['thread']}"
    assert len(http.get(f"{thread}/messages").json()["data"]) == 1
    assert http.get(f"{thread}/runs").json()["data"] == []


NEEDED = {
    "message": "role",
    "run": "assistant_id",
    "both": "assistant_id",
    "outputs": "tool_outputs",
    "chat": "message",
}


@pytest.mark.parametrize("call", [*NEEDED])
def test_what_is_needed_is_named(http, places, call):
    response = http.post(CALLS[call].path.format_map(places), json={})
    assert error_of(response) == missing(NEEDED[call]).as_error()


# Not a run: without a body it is one of the default assistant.
@pytest.mark.parametrize("call", sorted(NEEDED.keys() - {"run"}))
@pytest.mark.parametrize("headers", [{}, {"content-type": "application/json"}])
def test_what_is_needed_is_named_without_a_body(http, places, call, headers):
    response = http.post(CALLS[call].path.format_map(places), headers=headers)
    assert error_of(response) == missing(NEEDED[call]).as_error()
