"""A run and what it reads, as the Responses API is asked: the table, row by row."""

from typing import Any

import pytest

from app.engine.tools.functions.registry import FunctionRegistry
from app.engine.tools.functions.tool import Functions
from app.engine.tools.tool import Text
from app.engine.tools.toolbox import Toolbox
from app.engine.translation.items import call_output, replayable
from app.engine.translation.request import build_request
from app.schemas.messages import Said, text_part
from tests.support import openai_spec
from tests.support.rows import run_row

TOOLS = Toolbox([Functions(FunctionRegistry({}, timeout=1))])
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
URL = "https://example.org/cat.png"


def function(**fields: Any) -> dict[str, Any]:
    whole = {"name": "f", "parameters": SCHEMA, "strict": False, **fields}
    return {"type": "function", "function": whole}


def asked(
    *history: Said,
    items: tuple[dict[str, Any], ...] = (),
    max_output_tokens: int | None = None,
    summary: str | None = None,
    **run: Any,
) -> dict[str, Any]:
    wanted = run_row("thread_1", **run)
    request = build_request(
        wanted,
        list(history),
        list(items),
        max_output_tokens=max_output_tokens,
        model=wanted.model,
        tools=TOOLS.of(wanted, []).offers(),
        images={"file-kept": "data:image/png;base64,AA=="},
        summary=summary,
    )
    if openai_spec.are_present():
        assert openai_spec.request_faults(request) == []
    return request


def message(role: str, *content: dict[str, Any]) -> Said:
    return Said(role, list(content))


def test_a_bare_run_asks_for_no_more_than_it_must():
    assert asked() == {
        "model": "m",
        "input": [],
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "prompt_cache_key": "thread_1",
    }


@pytest.mark.parametrize(
    ("run", "part"),
    [
        ({"instructions": "Be kind."}, {"instructions": "Be kind."}),
        ({"temperature": 0.0}, {"temperature": 0.0}),
        ({"temperature": 2.0}, {"temperature": 2.0}),
        ({"temperature": 1.0}, {}),
        ({"temperature": None}, {}),
        ({"top_p": 0.1}, {"top_p": 0.1}),
        ({"top_p": 1.0}, {}),
        ({"top_p": None}, {}),
        ({"reasoning_effort": "low"}, {"reasoning": {"effort": "low"}}),
        ({"max_output_tokens": 16}, {"max_output_tokens": 16}),
        # The whole run's limits are the executor's to share out.
        ({"max_completion_tokens": 300, "max_prompt_tokens": 300}, {}),
        ({"metadata": {"k": "v"}, "truncation_strategy": {"type": "auto"}}, {}),
        ({"response_format": "auto"}, {}),
        ({"response_format": {"type": "text"}}, {"text": {"format": {"type": "text"}}}),
        (
            {"response_format": {"type": "json_object"}},
            {"text": {"format": {"type": "json_object"}}},
        ),
        (
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "n", "schema": SCHEMA, "strict": True},
                }
            },
            {
                "text": {
                    "format": {
                        "type": "json_schema",
                        "name": "n",
                        "schema": SCHEMA,
                        "strict": True,
                    }
                }
            },
        ),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "n"}}},
            {"text": {"format": {"type": "json_schema", "name": "n", "schema": {}}}},
        ),
    ],
)
def test_a_runs_settings(run, part):
    assert asked(**run) == {**asked(), **part}


@pytest.mark.parametrize(
    ("tool", "flat"),
    [
        (function(), {"parameters": SCHEMA, "strict": False}),
        (
            function(description="Does.", strict=True),
            {"parameters": SCHEMA, "strict": True, "description": "Does."},
        ),
        (
            function(parameters={"type": "object", "properties": {}}),
            {"parameters": {"type": "object", "properties": {}}, "strict": False},
        ),
    ],
)
def test_a_function_is_flattened(tool, flat):
    assert asked(tools=[tool]) == {
        **asked(),
        "tools": [{"type": "function", "name": "f", **flat}],
        "tool_choice": "auto",
        "parallel_tool_calls": True,
    }


@pytest.mark.parametrize(
    ("choice", "reported", "later"),
    [
        ("auto", "auto", "auto"),
        ("none", "none", "none"),
        ("required", "required", "auto"),
        (
            {"type": "function", "function": {"name": "f"}},
            {"type": "function", "name": "f"},
            "auto",
        ),
        ({"type": "file_search"}, "auto", "auto"),
        ({"type": "code_interpreter"}, "auto", "auto"),
    ],
)
def test_a_choice_of_tool_binds_the_first_round(choice, reported, later):
    first = asked(tools=[function()], tool_choice=choice, parallel_tool_calls=False)
    assert (first["tool_choice"], first["parallel_tool_calls"]) == (reported, False)
    # Forced again, the calls would never end.
    items = (call_output("call_1", [Text("x")]),)
    assert asked(tools=[function()], tool_choice=choice, items=items)["tool_choice"] == later


def test_tools_that_do_not_run_here_are_left_out():
    tools = [{"type": "code_interpreter"}, {"type": "file_search"}]
    assert asked(tools=tools, tool_choice="required") == asked()
    assert [tool["type"] for tool in asked(tools=[*tools, function()])["tools"]] == ["function"]
    assert TOOLS.of(run_row("thread_1", tools=[*tools, function()]), []).left_out() == [
        "code_interpreter",
        "file_search",
    ]


@pytest.mark.parametrize(
    ("part", "reported"),
    [
        (text_part("안녕"), {"type": "input_text", "text": "안녕"}),
        (
            {"type": "image_url", "image_url": {"url": URL, "detail": "low"}},
            {"type": "input_image", "image_url": URL, "detail": "low"},
        ),
        (
            {"type": "image_url", "image_url": {"url": URL}},
            {"type": "input_image", "image_url": URL, "detail": "auto"},
        ),
        (
            {"type": "image_file", "image_file": {"file_id": "file-kept", "detail": "high"}},
            {"type": "input_image", "image_url": "data:image/png;base64,AA==", "detail": "high"},
        ),
        # The upstream can't know a file that is kept here.
        (
            {"type": "image_file", "image_file": {"file_id": "file-kept"}},
            {
                "type": "input_image",
                "image_url": "data:image/png;base64,AA==",
                "detail": "auto",
            },
        ),
    ],
)
def test_what_a_user_said(part, reported):
    (item,) = asked(message("user", part))["input"]
    assert item == {"type": "message", "role": "user", "content": [reported]}


@pytest.mark.parametrize(
    ("part", "reported"),
    [
        (text_part("Hi."), {"type": "output_text", "text": "Hi.", "annotations": []}),
        (
            {"type": "refusal", "refusal": "No."},
            {"type": "refusal", "refusal": "No."},
        ),
    ],
)
def test_what_an_assistant_said(part, reported):
    (item,) = asked(message("assistant", part))["input"]
    assert item == {"type": "message", "role": "assistant", "content": [reported]}


def test_an_empty_message_is_not_sent():
    image = {"type": "image_url", "image_url": {"url": URL}}
    assert asked(message("assistant"), message("assistant", text_part("")))["input"] == []
    # The Responses API takes no image that an assistant said.
    assert asked(message("assistant", image))["input"] == []


def test_a_summary_comes_before_all_messages_with_no_more_authority_than_a_user():
    said = asked(message("user", text_part("?")), summary="- Mina", instructions="Be kind.")
    assert said["instructions"] == "Be kind."
    assert [item["role"] for item in said["input"]] == ["user", "user"]
    assert said["input"][0]["content"] == [{"type": "input_text", "text": "- Mina"}]


def test_a_round_is_replayed_in_its_order():
    call = {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"}
    sealed = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"}
    kept = replayable(
        [
            {**sealed, "status": "completed"},
            {"type": "reasoning", "id": "rs_2", "summary": []},
            {**call, "id": "fc_1", "status": "completed"},
            {"type": "web_search_call", "id": "ws_1", "status": "completed"},
            {"type": "message", "id": "msg_1", "role": "assistant", "content": []},
        ]
    )
    items = (*kept, call_output("call_1", [Text("sunny")]))
    said = asked(message("user", text_part("?")), items=items)["input"]
    assert said[1:] == [
        sealed,
        call,
        {"type": "function_call_output", "call_id": "call_1", "output": "sunny"},
    ]
