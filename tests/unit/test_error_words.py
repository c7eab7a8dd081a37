"""Errors of servers that do not write them as OpenAI does: what they say, what they refuse."""

from typing import Any

import pytest

from app.core.error_words import words_of
from app.core.openai_client import OpenAIClient
from app.core.refusals import Refusals
from app.core.refused_parameters import refusal_of
from tests.support.fake_upstream import FakeUpstream
from tests.support.openai_calls import KEY, failure, read, request, upstream_at
from tests.support.replies import Reply

ENCRYPTED = "reasoning.encrypted_content"
NGINX = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><h1>x</h1></body></html>"

LLAMA_STACK = f"{ENCRYPTED} is not supported by Llama Stack."
PYDANTIC = {
    "type": "extra_forbidden",
    "loc": ["body", "include", 0],
    "msg": "Extra inputs are not permitted",
    "input": "the whole request",
}
LITERAL = {"type": "literal_error", "loc": ["body", "include", 0], "msg": "Input should be 'x'"}
EXTRA = "include.0: Extra inputs are not permitted"
MISSING = {"type": "missing", "loc": ["body", "model"], "msg": "Field required"}
LITELLM = (
    "litellm.UnsupportedParamsError: llamafile does not support parameters: "
    "{'include': ['reasoning.encrypted_content'], 'top_p': 0.5}, for model=m. To drop these, set "
    "`litellm.drop_params=True` or for proxy:\n\n`litellm_settings:\n drop_params: true`\n"
)
NESTED = (
    'litellm.BadRequestError: OpenAIException - {\n  "error": {\n    "message": "Unsupported '
    'parameter: \'temperature\' is not supported with this model.",\n    "param": "temperature"}}'
)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": {"message": "Why.", "code": 400}}, "Why."),
        ({"error": {"message": {"detail": "Why."}}}, "Why."),
        ({"error": "Why."}, "Why."),
        ({"error": ["Why.", "And that."]}, "Why.; And that."),
        ({"error": {"code": 404, "type": "x"}}, ""),
        ({"detail": "Why."}, "Why."),
        ({"detail": [PYDANTIC]}, EXTRA),
        (
            {"detail": [MISSING, PYDANTIC, LITERAL, MISSING]},
            f"model: Field required; {EXTRA}; include.0: Input should be 'x'; …",
        ),
        ({"errors": [PYDANTIC]}, EXTRA),
        ({"error": {"detail": {"errors": [PYDANTIC]}}}, EXTRA),
        # llama-stack and vLLM put Python's own notation into the message.
        ({"error": {"message": str({"errors": [PYDANTIC]})}}, EXTRA),
        ({"error": {"message": str([{**PYDANTIC, "loc": ("body", "include", 0)}])}}, EXTRA),
        ({"error": {"message": f"1 validation error:\n  {PYDANTIC}\n\n  File x"}}, EXTRA),
        ({"message": "Why."}, "Why."),
        (
            {"message": ["Why.", "And that."], "error": "Bad Request", "statusCode": 400},
            "Why.; And that.",
        ),
        ({"code": "invalid", "error": "Why."}, "Why."),
        ({"type": "about:blank", "title": "Bad Request", "detail": "Why."}, "Why."),
        ([{"error": {"code": 400, "message": "Why.", "status": "INVALID_ARGUMENT"}}], "Why."),
        ("Why.", "Why."),
        (NGINX, "502 Bad Gateway"),
        ("<!DOCTYPE html><body><h1>Not\n <b>here</b></h1>", "Not"),
        ("<html>nothing", ""),
        ("", ""),
        (None, ""),
        (5, ""),
        ([], ""),
        ({"error": {"message": "'loc': [" * 9999}}, "'loc': [" * 9999),
    ],
)
def test_an_error_is_read_for_what_it_says(body: Any, said: str) -> None:
    assert words_of(body).message == said


@pytest.mark.parametrize(
    ("code", "read_as"), [(400, "400"), ("x", "x"), (None, None), (True, None), ({}, None)]
)
def test_a_code_may_be_anything(code: Any, read_as: str | None) -> None:
    assert words_of({"error": {"message": "Why.", "code": code}}).code == read_as


SENT = request(
    include=[ENCRYPTED],
    temperature=0.5,
    top_p=0.5,
    reasoning={"effort": "low"},
    tools=[],
    parallel_tool_calls=True,
)


@pytest.mark.parametrize(
    ("body", "lost"),
    [
        ({"detail": LLAMA_STACK}, ["include"]),
        ({"error": {"message": LLAMA_STACK}}, ["include"]),
        ({"detail": [PYDANTIC]}, ["include"]),
        ({"detail": [LITERAL]}, ["include"]),
        ({"detail": [{**PYDANTIC, "type": "value_error.extra"}]}, ["include"]),
        ({"detail": [{**PYDANTIC, "loc": ["include"], "type": ""}]}, ["include"]),
        ({"detail": [PYDANTIC, {**PYDANTIC, "loc": ["body", "top_p"]}]}, ["include", "top_p"]),
        ({"error": {"message": str([PYDANTIC]), "code": 400, "param": None}}, ["include"]),
        ({"error": {"message": LITELLM, "code": "400"}}, ["include", "top_p"]),
        (
            {"error": {"message": NESTED, "param": None, "code": "400"}},
            ["temperature"],
        ),
        ({"error": '"m" does not support thinking'}, ["reasoning"]),
        ({"error": "Argument not supported on this model: reasoningEffort"}, ["reasoning"]),
        ({"error": "Unrecognized request argument supplied: include"}, ["include"]),
        (
            {"error": "Unrecognized request arguments supplied: include, top_p"},
            ["include", "top_p"],
        ),
        ({"error": {"message": "Unrecognized key(s) in object: 'include'"}}, ["include"]),
        ({"message": ["property include should not exist"], "error": "Bad Request"}, ["include"]),
        ({"message": "temperature is not supported."}, ["temperature"]),
        ("Unknown field: parallel_tool_calls", ["parallel_tool_calls"]),
        (
            {"error": {"message": "Unsupported value: 'reasoning.effort' does not support 'low'."}},
            ["reasoning"],
        ),
    ],
)
@pytest.mark.parametrize("status", [400, 422])
async def test_what_is_refused_in_other_words_is_left_out_and_remembered(
    responses: OpenAIClient, upstream: FakeUpstream, body: Any, lost: list[str], status: int
) -> None:
    upstream.reply(Reply.http_error(status, body))
    await read(responses, SENT)
    await read(responses, SENT)
    kept = {key: value for key, value in SENT.items() if key not in lost}
    assert [recorded.body for recorded in upstream.requests[1:]] == [{**kept, "stream": True}] * 2


@pytest.mark.parametrize(
    "body",
    [
        {"detail": "tools are not supported by this model."},
        {"detail": [{**PYDANTIC, "loc": ["body", "tools", 0, "strict"]}]},
        {"detail": [MISSING]},
        {"detail": [PYDANTIC, MISSING]},
        {"detail": [PYDANTIC, {**PYDANTIC, "loc": ["body", "store"]}]},
        {"detail": [{**MISSING, "loc": ["body", "temperature"], "type": "less_than_equal"}]},
        {"error": "llamafile does not support parameters: ['tools', 'include'], for model=m"},
        {"error": "Unknown parameter: 'text.format'."},
        {"error": "Requests that include pictures are not supported."},
        {"error": "temperature must be below 1."},
        {"error": "The image is too large. Set temperature to 1."},
        {"detail": "Not supported."},
        "",
    ],
)
def test_what_makes_the_question_is_kept_in_other_words_too(body: Any) -> None:
    sent = {**SENT, "text": {"format": {"type": "text"}}}
    assert Refusals().adapt(sent, refusal_of(body)) is None


def test_reasoning_of_another_server_is_dropped_before_the_parameter() -> None:
    refusal = refusal_of({"error": {"message": "Encrypted content is not supported.", "code": 400}})
    item = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"}
    refusals = Refusals()
    first = refusals.adapt({**SENT, "input": [item, *SENT["input"]]}, refusal)
    assert first == SENT
    assert "include" not in (refusals.adapt(first, refusal) or {"include": ""})


@pytest.mark.parametrize(
    ("status", "body", "code", "message"),
    [
        (400, {"detail": f"Bad {KEY}"}, "invalid_prompt", "HTTP 400: Bad [key]"),
        (422, {"detail": [MISSING]}, "invalid_prompt", "HTTP 422: model: Field required"),
        (500, {"detail": "x" * 600}, "server_error", "HTTP 500: " + "x" * 500 + "…"),
        (502, NGINX, "server_error", "HTTP 502: 502 Bad Gateway"),
        (503, "Loading model", "server_error", "HTTP 503: Loading model"),
        (
            404,
            {"detail": "Not Found"},
            "server_error",
            "HTTP 404: Not Found. Check ",
        ),
        (403, {"message": "No."}, "server_error", "HTTP 403: No."),
        (
            400,
            {"error": {"message": "Too long", "code": 400, "type": "exceed_context_size_error"}},
            "invalid_prompt",
            "Too long",
        ),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
async def test_the_person_sees_the_reason(
    upstream: FakeUpstream, status: int, body: Any, code: str, message: str, stream: bool
) -> None:
    from_server = OpenAIClient(upstream_at(upstream.base_url))
    upstream.reply(Reply.http_error(status, body))
    error = await failure(from_server, stream=stream)
    assert (error.code, message in error.message) == (code, True)
    await from_server.close()


async def test_an_endless_error_is_read_to_a_limit(
    real: OpenAIClient, upstream: FakeUpstream
) -> None:
    upstream.reply(Reply.http_error(400, "word " * 400_000))
    assert len((await failure(real)).message) < 600
