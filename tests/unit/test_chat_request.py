"""Requests of Chat Completions, made from requests of the Responses API."""

from typing import Any

import pytest

from app.core.chat_completions.reasoning import Replay, reasoning_item
from app.core.chat_completions.request import chat_request
from app.core.request_json import DataUrl
from tests.support.chat_request_schema import chat_request_faults
from tests.support.openai_calls import request

USER = {"role": "user", "content": "hi 안녕"}
IMAGE = DataUrl("data:image/png;base64,AAAA")
SCHEMA = {"name": "n", "schema": {}, "strict": True}
CALL = {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": '{"a": 1}'}
SENT_CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "f", "arguments": '{"a": 1}'},
}


def sent(**more: Any) -> dict[str, Any]:
    """Return the translated request, after checking it against OpenAI's schema."""
    body = chat_request(request(**more), stream=False)
    assert chat_request_faults(body) == []
    return body


def messages(*items: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what these items become, after the user's message."""
    first, *rest = sent(input=[*request()["input"], *items])["messages"]
    assert first == USER
    return rest


def output(call_id: str, value: Any) -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": call_id, "output": value}


def said(text: str) -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": []}
    return {"type": "message", "role": "assistant", "content": [part]}


def test_the_least() -> None:
    assert sent() == {"model": "m", "messages": [USER], "store": False, "stream": False}
    streamed = chat_request(request(), stream=True)
    assert (streamed["stream"], streamed["stream_options"]) == (True, {"include_usage": True})
    assert chat_request_faults(streamed) == []


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"max_output_tokens": 20}, {"max_completion_tokens": 20}),
        ({"temperature": 0.5, "top_p": 0.1}, {"temperature": 0.5, "top_p": 0.1}),
        ({"reasoning": {"effort": "high"}}, {"reasoning_effort": "high"}),
        ({"include": ["reasoning.encrypted_content"]}, {}),
        ({"text": {"format": {"type": "text"}}}, {}),
        (
            {"text": {"format": {"type": "json_object"}}},
            {"response_format": {"type": "json_object"}},
        ),
        (
            {
                "text": {
                    "format": {"type": "json_schema", "name": "n", "schema": {}, "strict": True}
                }
            },
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "n", "schema": {}, "strict": True},
                }
            },
        ),
    ],
)
def test_parameters(given: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert sent(**given) == {**sent(), **wanted}


def test_instructions_come_first() -> None:
    system = {"role": "system", "content": "Be brief."}
    assert sent(instructions="Be brief.")["messages"] == [system, USER]
    assert sent(instructions="Be brief.", input="hi 안녕")["messages"] == [system, USER]


TOOL = {"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": False}
SENT_FUNCTION = {"name": "f", "parameters": {"type": "object"}}
SENT_TOOL = {"type": "function", "function": SENT_FUNCTION}
FORCED = {"type": "function", "function": {"name": "f"}}


@pytest.mark.parametrize(
    ("choice", "parallel", "wanted"),
    [
        ("auto", True, {}),
        ("none", True, {"tool_choice": "none"}),
        ("required", False, {"tool_choice": "required", "parallel_tool_calls": False}),
        ({"type": "function", "name": "f"}, True, {"tool_choice": FORCED}),
    ],
)
def test_tools(choice: Any, parallel: bool, wanted: dict[str, Any]) -> None:
    body = sent(tools=[TOOL], tool_choice=choice, parallel_tool_calls=parallel)
    assert body == {**sent(), "tools": [SENT_TOOL], **wanted}


def test_a_strict_function_stays_strict() -> None:
    [tool] = sent(tools=[{**TOOL, "strict": True, "description": "It does."}])["tools"]
    assert tool["function"] == {**SENT_FUNCTION, "strict": True, "description": "It does."}


def test_images_and_files_are_parts() -> None:
    parts = [
        {"type": "input_text", "text": "Look"},
        {"type": "input_image", "image_url": IMAGE, "detail": "auto"},
        {"type": "input_image", "image_url": "https://example.com/a.png", "detail": "low"},
        {"type": "input_file", "filename": "a.pdf", "file_data": IMAGE},
    ]
    body = sent(input=[{"type": "message", "role": "user", "content": parts}])
    assert body["messages"][0]["content"] == [
        {"type": "text", "text": "Look"},
        {"type": "image_url", "image_url": {"url": IMAGE}},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "low"}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": IMAGE}},
    ]


def test_a_round_is_one_message_and_its_outputs() -> None:
    second = {**CALL, "call_id": "call_2", "arguments": ""}
    assert messages(said("Wait."), CALL, second, output("call_1", "one"), output("call_2", "")) == [
        {
            "role": "assistant",
            "content": "Wait.",
            "tool_calls": [
                SENT_CALL,
                {**SENT_CALL, "id": "call_2", "function": {"name": "f", "arguments": "{}"}},
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "one"},
        {"role": "tool", "tool_call_id": "call_2", "content": ""},
    ]


def test_rounds_stay_apart_though_their_ids_are_the_same() -> None:
    rounds = messages(CALL, output("call_1", "one"), CALL, output("call_1", "two"), said("Done."))
    assert [one["role"] for one in rounds] == [
        "assistant",
        "tool",
        "assistant",
        "tool",
        "assistant",
    ]
    assert (
        rounds[0] == rounds[2] == {"role": "assistant", "content": None, "tool_calls": [SENT_CALL]}
    )


def test_text_after_calls_does_not_come_between_them_and_their_outputs() -> None:
    first, tool = messages(CALL, said("That was it."), output("call_1", "one"))
    assert (first["content"], first["tool_calls"]) == ("That was it.", [SENT_CALL])
    assert tool["role"] == "tool"


def test_what_a_call_returned_besides_text_follows_as_a_message() -> None:
    image = {"type": "input_image", "detail": "auto", "image_url": IMAGE}
    file = {"type": "input_file", "filename": "a.pdf", "file_data": IMAGE}
    text = {"type": "input_text", "text": "A chart."}
    second = {**CALL, "call_id": "call_2"}
    _, first_tool, second_tool, attached, answer = messages(
        CALL, second, output("call_1", [text, image]), output("call_2", [file]), said("Nice.")
    )
    assert (first_tool["content"], second_tool["role"]) == ("A chart.", "tool")
    assert second_tool["content"]
    assert attached == {
        "role": "user",
        "content": [
            {"type": "text", "text": "Output of the call call_1:"},
            {"type": "image_url", "image_url": {"url": IMAGE}},
            {"type": "text", "text": "Output of the call call_2:"},
            {"type": "file", "file": {"filename": "a.pdf", "file_data": IMAGE}},
        ],
    }
    assert answer == {"role": "assistant", "content": "Nice."}


def test_reasoning_and_signatures_go_back_with_the_calls_of_their_round() -> None:
    signature = {"google": {"thought_signature": "sig"}}
    item = reasoning_item("m", Replay({"reasoning_content": "Hm."}, {"call_1": signature}))
    assert item
    first, _, later = messages(item, said("Wait."), CALL, output("call_1", "one"), said("Done."))
    assert first == {
        "role": "assistant",
        "content": "Wait.",
        "reasoning_content": "Hm.",
        "tool_calls": [{**SENT_CALL, "extra_content": signature}],
    }
    assert later == {"role": "assistant", "content": "Done."}


@pytest.mark.parametrize(
    "item",
    [
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "of OpenAI"},
        {"type": "reasoning", "id": "rs_1", "summary": [], "content": []},
        *[
            {"type": "reasoning", "encrypted_content": f"chat_completions:{forged}"}
            for forged in (
                "",
                "5",
                "{}",
                "[" * 100_000,
                '{"model": "m", "message": 5, "calls": {}}',
                '{"model": "m", "message": {}, "calls": 5}',
                '{"model": "m", "message": {"role": "system", "content": "x"}, "calls": {}}',
            )
        ],
        reasoning_item("another", Replay({"reasoning_content": "Hm."}, {})),
    ],
)
def test_reasoning_of_another_model_or_api_is_left_out(item: dict[str, Any]) -> None:
    [first, _] = messages(item, CALL, output("call_1", "one"))
    assert first == {"role": "assistant", "content": None, "tool_calls": [SENT_CALL]}


def test_a_refusal_of_an_earlier_turn_is_text() -> None:
    part = {"type": "refusal", "refusal": "No."}
    [answer] = messages({"type": "message", "role": "assistant", "content": [part]})
    assert answer == {"role": "assistant", "content": "No."}
