"""Streams and answers of Chat Completions as real servers send them, each of which deviates."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import respx

from app.core import openai_client
from app.core.model import Event
from app.core.openai_client import OpenAIClient
from tests.support.httpx_transport import HttpxTransport
from tests.support.openai_calls import client, failure, flat, read, request, spoken
from tests.support.openai_spec import assert_valid

URL = "http://127.0.0.1:9/v1"
PATH = f"{URL}/chat/completions"
USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
DONE = "data: [DONE]\n\n"


@pytest.fixture
async def mocked() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as http_client:
        yield http_client


@pytest.fixture
def model(mocked: httpx.AsyncClient) -> OpenAIClient:
    return client(URL, kind="chat_completions", transport=HttpxTransport(mocked))


def data(chunk: Any) -> str:
    return f"data: {json.dumps(chunk)}\n\n"


def delta(finish: str | None = None, **content: Any) -> str:
    return data({"choices": [{"index": 0, "delta": content, "finish_reason": finish}]})


def text(*pieces: str) -> str:
    return "".join(delta(content=piece) for piece in pieces)


END = delta("stop") + DONE


def answers(*lines: str) -> None:
    respx.post(PATH).return_value = httpx.Response(200, text="".join(lines))


async def response(model: OpenAIClient, *lines: str) -> dict[str, Any]:
    """Return the response at the end of a stream; its deltas say the same as its items."""
    answers(*lines)
    events = flat(await read(model))
    last = events[-1]["response"]
    done = [event["item"] for event in events if event["type"] == "response.output_item.done"]
    assert done == [item for item in last["output"] if item["type"] != "reasoning"]
    for item in last["output"]:
        assert_valid("OutputItem", item)
    whole: dict[int, str] = {}
    for event in events:
        if "delta" in event:
            place = event["output_index"]
            whole[place] = whole.get(place, "") + event["delta"]
    assert [whole.get(place, "") for place in range(len(done))] == [*map(_said, done)]
    return dict(last)


def _said(item: dict[str, Any]) -> str:
    if item["type"] == "function_call":
        return str(item["arguments"])
    return "".join(part.get("text") or part["refusal"] for part in item["content"])


def calls(response: dict[str, Any]) -> list[tuple[str, str]]:
    items = [item for item in response["output"] if item["type"] == "function_call"]
    ids = [item["call_id"] for item in items]
    assert all(ids) and len(set(ids)) == len(ids)
    return [(item["name"], item["arguments"]) for item in items]


def fragment(name: str | None = None, arguments: Any = None, **more: Any) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {
        **more,
        "function": {key: value for key, value in function.items() if value is not None},
    }


# Text


@respx.mock
@pytest.mark.parametrize(
    "lines",
    [
        (text("a", "b"), END),
        # Comments, other line ends, a role alone, content that is null.
        (": ping\r\n\r\n", delta(role="assistant", content=None), text("ab"), END),
        (text("a").replace("\n", "\r\n"), text("b"), END),
        # Chunks without choices, before and between.
        (data({"choices": []}), text("a"), data({"choices": None}), data({}), text("b"), END),
        # Content in parts, one of them a thought.
        (
            delta(content=[{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}]),
            delta(content=[{"type": "text", "text": "a"}, {"text": "b"}]),
            END,
        ),
        # No `[DONE]`, and no blank line at the end.
        (text("ab"), delta("stop")),
        (text("ab"), delta("stop").rstrip("\n")),
        # No reason to end.
        (text("ab"), DONE),
        # The reason with the last text; other words for it.
        (text("a"), delta("stop", content="b"), DONE),
        (text("a"), delta("eos", content="b"), DONE),
        (data({"choices": [{"delta": {"content": "ab"}, "finish_reason": ""}]}), END),
        # The message as a whole.
        (data({"choices": [{"message": {"content": "ab"}, "finish_reason": "stop"}]}), DONE),
        # Named events, errors that are null.
        ("event: message\n" + text("a"), data({"error": None, "choices": []}), text("b"), END),
    ],
)
async def test_text(model: OpenAIClient, lines: tuple[str, ...]) -> None:
    found = await response(model, *lines)
    [item] = found["output"]
    assert [part["text"] for part in item["content"]] == ["ab"]
    assert (found["status"], item["status"]) == ("completed", "completed")


@respx.mock
async def test_an_empty_answer_is_an_answer(model: OpenAIClient) -> None:
    assert (await response(model, END))["output"] == []


@respx.mock
async def test_a_refusal_is_a_part_of_its_own(model: OpenAIClient) -> None:
    found = await response(model, text("Well. "), delta(refusal="No"), delta(refusal="."), END)
    [item] = found["output"]
    assert [part["type"] for part in item["content"]] == ["output_text", "refusal"]
    assert item["content"][1]["refusal"] == "No."


@respx.mock
@pytest.mark.parametrize(
    ("reason", "wanted"),
    [
        ("length", "max_output_tokens"),
        ("model_length", "max_output_tokens"),
        ("MAX_TOKENS", "max_output_tokens"),
        ("content_filter", "content_filter"),
        ("content_filter: SAFETY", "content_filter"),
        ("sensitive", "content_filter"),
    ],
)
async def test_an_answer_that_ended_early(model: OpenAIClient, reason: str, wanted: str) -> None:
    found = await response(model, text("ab"), delta(reason), DONE)
    assert (found["status"], found["incomplete_details"]) == ("incomplete", {"reason": wanted})
    assert found["output"][0]["status"] == "incomplete"


# Usage


@respx.mock
@pytest.mark.parametrize(
    "lines",
    [
        (text("ab"), delta("stop"), data({"choices": [], "usage": USAGE}), DONE),
        (text("ab"), delta("stop"), data({"choices": [], "usage": USAGE})),
        (text("ab"), data({"choices": [{"finish_reason": "stop"}], "usage": USAGE}), DONE),
        # In each chunk, growing.
        (
            data({"choices": [{"delta": {"content": "a"}}], "usage": {"prompt_tokens": 3}}),
            data(
                {"choices": [{"delta": {"content": "b"}, "finish_reason": "stop"}], "usage": USAGE}
            ),
            data({"choices": [], "usage": None}),
            DONE,
        ),
        # Before the reason to end.
        (text("ab"), data({"usage": USAGE}), END),
    ],
)
async def test_usage_comes_at_different_places(model: OpenAIClient, lines: tuple[str, ...]) -> None:
    usage = (await response(model, *lines))["usage"]
    assert (usage["input_tokens"], usage["output_tokens"], usage["total_tokens"]) == (3, 2, 5)


@respx.mock
@pytest.mark.parametrize(
    ("more", "cached", "reasoning"),
    [
        ({}, 0, 0),
        (
            {
                "prompt_tokens_details": {"cached_tokens": 2, "audio_tokens": 0},
                "completion_tokens_details": {"reasoning_tokens": 1},
            },
            2,
            1,
        ),
        ({"prompt_tokens_details": None, "prompt_cache_hit_tokens": 2}, 2, 0),
        ({"cached_tokens": 1}, 1, 0),
        ({"prompt_tokens_details": {"cached_tokens": None}}, 0, 0),
    ],
)
async def test_tokens_that_were_cached_or_thought(
    model: OpenAIClient, more: dict[str, Any], cached: int, reasoning: int
) -> None:
    found = await response(model, text("ab"), data({"choices": [], "usage": USAGE | more}), END)
    assert found["usage"]["input_tokens_details"] == {"cached_tokens": cached}
    assert found["usage"]["output_tokens_details"] == {"reasoning_tokens": reasoning}


@respx.mock
async def test_without_usage_there_is_none(model: OpenAIClient) -> None:
    assert (await response(model, text("ab"), END))["usage"] is None


# Calls

TWO = [("f", '{"a": 1}'), ("g", "{}")]
SAME = [("f", '{"a": 1}'), ("f", '{"a": 2}')]


@respx.mock
@pytest.mark.parametrize(
    ("deltas", "wanted"),
    [
        # As OpenAI sends them.
        (
            [
                [fragment("f", "", index=0, id="call_1", type="function")],
                [fragment(None, '{"a"', index=0)],
                [fragment(None, ": 1}", index=0)],
                [fragment("g", "", index=1, id="call_2", type="function")],
                [fragment(None, "{}", index=1)],
            ],
            TWO,
        ),
        # Mixed, in one chunk.
        (
            [
                [fragment("f", "", index=0, id="x"), fragment("g", "", index=1, id="y")],
                [fragment(None, '{"a"', index=0), fragment(None, "{", index=1)],
                [fragment(None, "}", index=1), fragment(None, ": 1}", index=0)],
            ],
            TWO,
        ),
        # No index.
        (
            [
                [fragment("f", '{"a"', id="x")],
                [fragment(None, ": 1}", id="x")],
                [fragment("g", "{}", id="y")],
            ],
            TWO,
        ),
        # No id.
        (
            [
                [fragment("f", '{"a"', index=0)],
                [fragment(None, ": 1}", index=0)],
                [fragment("g", "{}", index=1)],
            ],
            TWO,
        ),
        # Neither, and each call whole: in one chunk, or in one each.
        ([[fragment("f", '{"a": 1}'), fragment("g", "{}")]], TWO),
        ([[fragment("f", '{"a": 1}')], [fragment("g", "{}")]], TWO),
        ([[fragment("f", '{"a": 1}')], [fragment("f", '{"a": 2}')]], SAME),
        ([[fragment("f", '{"a": 1}', id=""), fragment("f", '{"a": 2}', id="")]], SAME),
        # Neither, in pieces.
        ([[fragment("f", '{"a"')], [fragment(None, ": 1}")], [fragment("g", "{}")]], TWO),
        # One index for all.
        (
            [
                [fragment("f", '{"a": 1}', index=0, id="x")],
                [fragment("f", '{"a": 2}', index=0, id="y")],
            ],
            SAME,
        ),
        ([[fragment("f", '{"a": 1}', index=0)], [fragment("f", '{"a": 2}', index=0)]], SAME),
        # One id for both.
        (
            [[fragment("f", '{"a": 1}', index=0, id="x")], [fragment("g", "{}", index=1, id="x")]],
            TWO,
        ),
        ([[fragment("f", '{"a": 1}', id="x")], [fragment("f", '{"a": 2}', id="x")]], SAME),
        # The id and the name in each fragment.
        (
            [
                [fragment("f", "", index=0, id="x")],
                [fragment("f", '{"a"', index=0, id="x")],
                [fragment("f", ": 1}", index=0, id="x")],
                [fragment("f", "", index=0, id="x")],
                [fragment("g", "{}", index=1, id="y")],
            ],
            TWO,
        ),
        # A new id with each fragment.
        (
            [
                [fragment("f", '{"a"', index=0, id="x")],
                [fragment(None, ": 1}", index=0, id="y")],
                [fragment("", "{}", index=1, id="z")],
                [fragment("g", "", index=1, id="w")],
            ],
            TWO,
        ),
        # The name after the arguments.
        ([[fragment(None, '{"a": 1}', index=0, id="x")], [fragment("f", index=0)]], [TWO[0]]),
        # Arguments as an object, and none at all.
        ([[fragment("f", {"a": 1}, id="x")]], [TWO[0]]),
        ([[{"id": "x", "function": {"name": "f", "arguments": None}}]], [("f", "")]),
    ],
)
async def test_calls(
    model: OpenAIClient, deltas: list[list[dict[str, Any]]], wanted: list[tuple[str, str]]
) -> None:
    lines = [delta(tool_calls=fragments, content=None) for fragments in deltas]
    found = await response(model, *lines, delta("tool_calls"), DONE)
    assert calls(found) == wanted


@respx.mock
async def test_text_before_and_after_calls(model: OpenAIClient) -> None:
    found = await response(
        model, text("Wait."), delta(tool_calls=[fragment("f", "{}", id="x")]), text("So."), END
    )
    assert [item["type"] for item in found["output"]] == ["message", "function_call", "message"]


@respx.mock
@pytest.mark.parametrize("stream", [True, False])
async def test_blank_lines_around_calls_are_no_message(model: OpenAIClient, stream: bool) -> None:
    call = fragment("f", "{}", id="x", index=0)
    if stream:
        answers(text("\n", "\n "), delta(tool_calls=[call]), text("\n"), END)
    else:
        message = {"content": "\n\n", "tool_calls": [call]}
        respx.post(PATH).respond(json={"choices": [{"message": message}]})
    [item] = flat(await read(model, stream=stream))[-1]["response"]["output"]
    assert item["type"] == "function_call"


@respx.mock
@pytest.mark.parametrize("pieces", [("\n", " ", "a\n"), (" ", "\n")])
async def test_blank_lines_of_an_answer_are_kept(
    model: OpenAIClient, pieces: tuple[str, ...]
) -> None:
    [item] = (await response(model, text(*pieces), END))["output"]
    assert item["content"][0]["text"] == "".join(pieces)


@respx.mock
async def test_a_message_ends_before_calls_begin(model: OpenAIClient) -> None:
    answers(text("Wait."), delta(tool_calls=[fragment("f", "{}", id="x")]), END)
    kinds = [event["type"].removeprefix("response.") for event in flat(await read(model))]
    assert kinds == [
        "output_item.added",
        "output_text.delta",
        "output_item.done",
        "output_item.added",
        "function_call_arguments.delta",
        "output_item.done",
        "completed",
    ]


@respx.mock
async def test_a_server_that_repeats_names_costs_no_more_than_its_answer(
    model: OpenAIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = 0
    loads = json.loads

    def counted(arguments: str) -> Any:
        nonlocal looked
        looked += 1
        return loads(arguments)

    monkeypatch.setattr(json, "loads", counted)
    pieces = [delta(tool_calls=[fragment("f", '{"}', index=0)]) for _ in range(2_000)]
    await response(model, *pieces, END)
    assert looked <= 200


@respx.mock
@pytest.mark.parametrize(
    "fragments", ["f", ["f"], [{"function": "f"}], [{"id": "x", "function": {"arguments": "{}"}}]]
)
async def test_what_is_no_call(model: OpenAIClient, fragments: Any) -> None:
    answers(delta(tool_calls=fragments), END)
    assert "can't be read" in (await failure(model, stream=True)).message


# Reasoning


@respx.mock
@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
@pytest.mark.parametrize("stream", [True, False])
async def test_reasoning_is_kept_for_the_next_round_and_never_text(
    model: OpenAIClient, field: str, stream: bool
) -> None:
    signature = {"google": {"thought_signature": "s"}}
    call = fragment("f", "{}", id="x", index=0, extra_content=signature)
    whole = {"content": None, field: "Hm, let me see.", "tool_calls": [call]}
    if stream:
        answers(
            delta(**{field: "Hm, "}),
            delta(**{field: "let me see."}, content=None),
            delta(tool_calls=[call], content=""),
            END,
        )
    else:
        body = {"choices": [{"message": whole, "finish_reason": "tool_calls"}]}
        respx.post(PATH).respond(json=body)
    events = flat(await read(model, stream=stream))
    assert "let me see" not in spoken([events])
    output = events[-1]["response"]["output"]
    assert [item["type"] for item in output] == ["reasoning", "function_call"]
    answered = {"type": "function_call_output", "call_id": "x", "output": "1"}
    await read(model, request(input=[*request()["input"], *output, answered]), stream=stream)
    sent = json.loads(respx.calls.last.request.content)["messages"][1]
    assert sent[field] == "Hm, let me see."
    assert sent["tool_calls"][0]["extra_content"] == signature


@respx.mock
async def test_reasoning_is_bounded(model: OpenAIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.core.answer_bounds.SAID_CHARACTERS", 1_000)
    call = fragment(None, None, id="x", index=0, extra_content={"a": "x" * 100})
    blank = delta(content=" " * 100)
    for chunk in (delta(reasoning_content="x" * 100), delta(tool_calls=[call]), blank):
        answers(*[chunk] * 11, END)
        assert "too long" in (await failure(model, stream=True)).message


# Faults


@respx.mock
@pytest.mark.parametrize(
    "lines",
    [
        "",
        DONE,
        data(5),
        "data: {oops}\n\n",
        data({"choices": {}}),
        data({"choices": ["x"]}),
        data({"choices": [{"delta": "x"}]}),
        delta(content=5),
        text("ab"),
        text("ab") + delta("stop")[:-9],
        delta(content=""),
    ],
)
async def test_no_end_is_a_server_error(model: OpenAIClient, lines: str) -> None:
    answers(lines)
    error = await failure(model, stream=True)
    assert (error.code, error.message) == (
        "server_error",
        "The upstream custom sent an answer that was interrupted or can't be read.",
    )


@respx.mock
@pytest.mark.parametrize(
    "line",
    [
        data({"error": {"message": "Full.", "code": 500}}),
        data({"error": "Full."}),
        data({"choices": [], "error": {"message": "Full."}}),
        data({"choices": [{"delta": {}, "error": {"message": "Full."}}]}),
        data({"object": "error", "message": "Full.", "code": 50001}),
        "event: error\n" + data({"message": "Full."}),
        "event: error\n" + data({"error": {"message": "Full."}}),
    ],
)
async def test_errors_in_the_stream(model: OpenAIClient, line: str) -> None:
    answers(text("ab"), line)
    reported: list[list[Event]] = []
    with pytest.raises(Exception, match=r"The upstream custom failed: Full\."):
        async for batch in model.events(request(), stream=True):
            reported.append(batch)
    assert spoken(reported) == "ab"


@respx.mock
async def test_too_many_requests_in_the_stream(model: OpenAIClient) -> None:
    answers(data({"error": {"message": "Slow down.", "code": 429}}))
    assert (await failure(model, stream=True)).code == "rate_limit_exceeded"


@respx.mock
@pytest.mark.parametrize("reason", ["error", "insufficient_system_resource", "abort"])
@pytest.mark.parametrize("stream", [True, False])
async def test_an_answer_that_the_server_could_not_finish(
    model: OpenAIClient, reason: str, stream: bool
) -> None:
    if stream:
        answers(text("ab"), delta(reason), DONE)
    else:
        body = {"choices": [{"message": {"content": "ab"}, "finish_reason": reason}]}
        respx.post(PATH).respond(json=body)
    assert reason in (await failure(model, stream=stream)).message


@respx.mock
@pytest.mark.parametrize("body", [{}, {"choices": []}, {"choices": [5]}, [], 5, {"object": "x"}])
async def test_a_whole_answer_that_is_none(model: OpenAIClient, body: Any) -> None:
    respx.post(PATH).respond(json=body)
    assert "can't be read" in (await failure(model)).message


@respx.mock
async def test_a_whole_answer_that_deviates(model: OpenAIClient) -> None:
    message = {
        "content": [{"type": "text", "text": "ab"}],
        "tool_calls": [fragment("f", {"a": 1}), fragment("f", {"a": 2}, id="x", index=0)],
        "refusal": None,
    }
    respx.post(PATH).respond(json={"choices": [{"message": message}], "usage": USAGE})
    [[event]] = await read(model, stream=False)
    assert calls(event["response"]) == SAME
    assert event["response"]["output"][0]["content"][0]["text"] == "ab"


@respx.mock
async def test_a_connection_left_open_after_the_answer_is_not_waited_for(
    model: OpenAIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openai_client, "_USAGE_SECONDS", 0.05)

    async def body() -> AsyncIterator[bytes]:
        yield (text("ab") + delta("stop")).encode()
        await asyncio.Event().wait()

    respx.post(PATH).return_value = httpx.Response(200, content=body())
    assert spoken(await read(model)) == "ab"
