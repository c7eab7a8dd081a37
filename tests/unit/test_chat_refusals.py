"""What is left out, or named as it was named before, when a server refuses it."""

import logging
from typing import Any

import pytest

from app.core.openai_client import OpenAIClient
from tests.support.fake_upstream import FakeUpstream
from tests.support.openai_calls import failure, flat, read, request
from tests.support.replies import Reply

LIMITED = request(max_output_tokens=20)


def refused(body: Any, status: int = 400) -> Reply:
    return Reply.http_error(status, body)


def openai_error(message: str, param: str | None = None, code: str | None = None) -> Reply:
    error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    return refused({"error": error})


def extra_forbidden(*names: str) -> Reply:
    """Mistral's error."""
    message = "Extra inputs are not permitted"
    faults = [
        {"type": "extra_forbidden", "loc": ["body", name], "msg": message, "input": 1}
        for name in names
    ]
    return refused({"object": "error", "message": {"detail": faults}, "code": "3051"}, 422)


def unknown_names(*names: str) -> Reply:
    """Gemini's error."""
    message = "\n".join(
        f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.'
        for name in names
    )
    return refused([{"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}}])


@pytest.mark.parametrize(
    "reply",
    [
        openai_error(
            "Unsupported parameter: 'max_completion_tokens' is not supported with this model. Use "
            "'max_tokens' instead.",
            "max_completion_tokens",
            "unsupported_parameter",
        ),
        openai_error("Unrecognized request argument supplied: max_completion_tokens"),
        extra_forbidden("max_completion_tokens"),
        unknown_names("max_completion_tokens"),
        refused({"detail": "max_completion_tokens is not supported"}),
        refused(
            {
                "object": "error",
                "message": "[{'type': 'extra_forbidden', 'loc': ('body', 'max_completion_tokens'), "
                "'msg': 'Extra inputs are not permitted', 'input': 20}]",
                "code": 400,
            }
        ),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
async def test_the_older_name_of_the_limit_is_used_and_remembered(
    chat: OpenAIClient, upstream: FakeUpstream, reply: Reply, stream: bool
) -> None:
    upstream.reply(reply)
    for _ in range(2):
        await read(chat, LIMITED, stream=stream)
    first, second, third = [recorded.body for recorded in upstream.requests]
    assert first["max_completion_tokens"] == 20
    assert second == third
    assert second["max_tokens"] == 20
    assert "max_completion_tokens" not in second
    # Another model may know the newer name.
    await read(chat, {**LIMITED, "model": "another"}, stream=stream)
    assert upstream.requests[-1].body["max_completion_tokens"] == 20


async def test_a_server_that_accepts_neither_name_gets_an_error(
    chat: OpenAIClient, upstream: FakeUpstream
) -> None:
    upstream.reply(extra_forbidden("max_completion_tokens"), extra_forbidden("max_tokens"))
    error = await failure(chat, LIMITED)
    assert (error.code, "max_tokens" in error.message) == ("invalid_prompt", True)


@pytest.mark.parametrize("stream", [True, False])
async def test_a_limit_that_was_ignored_is_sent_by_its_older_name(
    chat: OpenAIClient, upstream: FakeUpstream, stream: bool
) -> None:
    upstream.reply(Reply.text("word " * 100))
    for _ in range(2):
        await read(chat, LIMITED, stream=stream)
    first, second = [recorded.body for recorded in upstream.requests]
    assert "max_completion_tokens" in first
    assert second["max_tokens"] == 20


EVERYTHING = request(
    temperature=0.5,
    top_p=0.5,
    reasoning={"effort": "low"},
    tools=[{"type": "function", "name": "f", "parameters": {}, "strict": False}],
    parallel_tool_calls=False,
)


@pytest.mark.parametrize(
    "name",
    ["temperature", "top_p", "reasoning_effort", "parallel_tool_calls", "stream_options", "store"],
)
@pytest.mark.parametrize("how", ["openai", "mistral", "gemini"])
async def test_what_is_dispensable_is_left_out_and_remembered(
    chat: OpenAIClient,
    upstream: FakeUpstream,
    caplog: pytest.LogCaptureFixture,
    name: str,
    how: str,
) -> None:
    caplog.set_level(logging.WARNING)
    message = f"Unsupported parameter: '{name}' is not supported with this model."
    upstream.reply(
        {
            "openai": openai_error(message, name, "unsupported_parameter"),
            "mistral": extra_forbidden(name),
            "gemini": unknown_names(name),
        }[how]
    )
    for _ in range(2):
        await read(chat, EVERYTHING)
    first, second, third = [recorded.body for recorded in upstream.requests]
    assert first.keys() - second.keys() == {name}
    assert second == third
    assert caplog.messages == [f"A model refused {name}: trying again without it"]


async def test_several_refused_at_once_cost_one_retry(
    chat: OpenAIClient, upstream: FakeUpstream
) -> None:
    names = ("store", "stream_options", "parallel_tool_calls", "max_completion_tokens")
    upstream.reply(unknown_names(*names))
    await read(chat, EVERYTHING | LIMITED | {"input": request()["input"]})
    first, second = [recorded.body for recorded in upstream.requests]
    assert first.keys() - second.keys() == {*names}
    assert second["max_tokens"] == 20


@pytest.mark.parametrize("name", ["response_format", "tools", "messages", "tool_choice"])
async def test_a_refused_question_fails(
    chat: OpenAIClient, upstream: FakeUpstream, name: str
) -> None:
    upstream.reply(openai_error(f"Unsupported parameter: '{name}'", name, "unsupported_parameter"))
    body = request(text={"format": {"type": "json_object"}})
    assert name in (await failure(chat, body)).message
    assert len(upstream.requests) == 1


async def test_reasoning_that_is_refused_is_not_sent_back(
    chat: OpenAIClient, upstream: FakeUpstream
) -> None:
    upstream.reply(Reply.function_calls(("call_1", "f", "{}"), reasoning="Hm."))
    items = flat(await read(chat))[-1]["response"]["output"]
    output = {"type": "function_call_output", "call_id": "call_1", "output": "1"}
    body = request(input=[*request()["input"], *items, output])
    upstream.reply(openai_error("The field reasoning_content is not allowed in messages."))
    await read(chat, body)
    first, second = [recorded.body["messages"][1] for recorded in upstream.requests[1:]]
    assert first == {**second, "reasoning_content": "Hm."}
