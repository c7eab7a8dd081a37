"""Which API of an upstream is called, if it is found out."""

import logging
from collections.abc import AsyncIterator
from typing import cast

import pytest

from app.core.apis import RouteChoice, routes_of
from app.core.openai_client import OpenAIClient
from app.core.reachability import lacks_path, look_at
from app.core.upstream_http import UpstreamHttp
from tests.support.fake_upstream import FakeUpstream
from tests.support.openai_calls import client, failure, read, spoken, upstream_at
from tests.support.replies import Reply


@pytest.fixture
async def auto(upstream: FakeUpstream) -> AsyncIterator[OpenAIClient]:
    model = client(upstream.base_url, kind="auto")
    yield model
    await model.close()


def called(upstream: FakeUpstream) -> list[str]:
    return [recorded.api for recorded in upstream.requests]


@pytest.mark.parametrize("stream", [True, False])
async def test_the_responses_api_is_preferred(
    auto: OpenAIClient, upstream: FakeUpstream, stream: bool
) -> None:
    await read(auto, stream=stream)
    assert (called(upstream), auto.api) == (["responses"], "responses")


@pytest.mark.parametrize("stream", [True, False])
async def test_the_other_api_is_called_and_remembered_if_one_is_missing(
    auto: OpenAIClient, upstream: FakeUpstream, stream: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "app.core.apis")
    upstream.lacks("responses")
    assert "hi 안녕" in spoken(await read(auto)) or not stream
    await read(auto, stream=stream)
    assert (called(upstream), auto.api) == (["chat_completions"] * 2, "chat_completions")
    assert [message for message in caplog.messages if "/chat/completions" in message] == [
        f"The upstream custom ({upstream.base_url}) is called by /chat/completions"
    ]


@pytest.mark.parametrize("status", [404, 405, 501])
@pytest.mark.parametrize(
    "body", ["404 page not found", {"detail": "Not Found"}, "", "<html><title>No</title></html>"]
)
async def test_many_ways_to_have_no_path(
    auto: OpenAIClient, upstream: FakeUpstream, status: int, body: object
) -> None:
    upstream.reply(Reply.http_error(status, body))
    await read(auto)
    assert called(upstream) == ["responses", "chat_completions"]


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "The model `m` does not exist", "code": "model_not_found"}},
        {"error": {"message": "m was not found", "code": "model_not_found"}},
        {"error": {"message": 'model "m" not found, try pulling it first'}},
        "model 'm' not found",
        {"error": {"code": "DeploymentNotFound", "message": "The API deployment doesn't exist."}},
    ],
)
async def test_an_unknown_model_is_no_missing_path(
    auto: OpenAIClient, upstream: FakeUpstream, body: object
) -> None:
    upstream.reply(Reply.http_error(404, body))
    assert "HTTP 404" in (await failure(auto)).message
    assert (called(upstream), auto.api) == (["responses"], None)


def test_a_link_to_a_list_of_models_says_nothing_of_the_model() -> None:
    text = "Unknown request URL: POST /v1/responses. See https://example.com/docs/models"
    assert lacks_path(404, {"error": {"message": text}})


@pytest.mark.parametrize("status", [400, 401, 403, 429, 500])
async def test_other_errors_do_not_turn(
    auto: OpenAIClient, upstream: FakeUpstream, status: int
) -> None:
    upstream.reply(Reply.http_error(status, {"error": {"message": "No."}}))
    await failure(auto)
    assert called(upstream) == ["responses"]


async def test_with_neither_the_error_names_the_address(
    auto: OpenAIClient, upstream: FakeUpstream
) -> None:
    upstream.lacks("responses", "chat_completions")
    for stream in (True, False):
        assert "OPENAI_BASE_URL" in (await failure(auto, stream=stream)).message
    assert auto.api is None
    assert await auto.reach(10) == "not_found"


async def test_an_api_that_vanishes_is_replaced_at_once(
    auto: OpenAIClient, upstream: FakeUpstream
) -> None:
    found = []
    for lacking in ("chat_completions", "responses", "chat_completions"):
        upstream.lacks(lacking)
        await read(auto)
        found.append(auto.api)
    assert found == ["responses", "chat_completions", "responses"]


def test_the_preferred_one_is_asked_for_again_after_an_hour_by_one_call() -> None:
    moment = 0.0
    upstream = upstream_at("http://127.0.0.1:1/v1", kind="auto")

    def connect(path: str) -> UpstreamHttp:
        return cast(UpstreamHttp, path)

    preferred, other = routes = routes_of(upstream, connect, 0.0)
    choice = RouteChoice(upstream, routes, lambda: moment)
    choice.answered(other)
    moment = 3599.0
    assert choice.first() is other
    moment = 3601.0
    assert [choice.first(), choice.first()] == [preferred, other]
    # It is still missing.
    choice.answered(other)
    moment = 7203.0
    assert choice.first() is preferred
    choice.answered(preferred)
    assert (choice.first(), choice.api) == (preferred, "responses")


async def test_a_check_finds_it_out_before_the_first_call(
    auto: OpenAIClient, upstream: FakeUpstream
) -> None:
    upstream.lacks("responses")
    assert await auto.reach(10) == "ok"
    assert auto.api == "chat_completions"
    await read(auto)
    assert called(upstream) == ["chat_completions"]


@pytest.mark.parametrize(
    ("kind", "lacking", "reach", "api"),
    [
        ("auto", (), "ok", "responses"),
        ("auto", ("responses",), "ok", "chat_completions"),
        ("auto", ("responses", "chat_completions"), "not_found", None),
        ("responses", ("chat_completions",), "ok", "responses"),
        ("responses", ("responses",), "not_found", None),
        ("chat_completions", ("responses",), "ok", "chat_completions"),
        ("chat_completions", ("chat_completions",), "not_found", None),
    ],
)
async def test_what_a_check_finds(upstream: FakeUpstream, kind, lacking, reach, api) -> None:
    upstream.lacks(*lacking)
    found = await look_at(upstream_at(upstream.base_url, kind=kind), 10)
    assert (found.reach, found.api) == (reach, api)


@pytest.mark.parametrize("kind", ["responses", "chat_completions"])
async def test_an_api_that_is_set_is_the_only_one(upstream: FakeUpstream, kind) -> None:
    upstream.lacks(kind)
    model = client(upstream.base_url, kind=kind)
    assert model.api == kind
    assert "HTTP 404" in (await failure(model)).message
    assert called(upstream) == []
    await model.close()
