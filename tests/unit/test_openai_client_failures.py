"""What goes wrong on the way to a real model, and how it is reported."""

import asyncio
import time
from typing import Any

import pytest

from app.core.model import Api
from app.core.openai_client import OpenAIClient
from app.domain.errors import ModelError
from tests.support.fake_upstream import FakeUpstream
from tests.support.openai_calls import (
    KEY,
    client,
    failure,
    flat,
    read,
    request,
    spoken,
    upstream_at,
)
from tests.support.replies import Reply

SOON = {"retry-after-ms": "1"}
BREAKS = [
    Reply.text("a", "b").cut(after=5),
    Reply.text("a", "b").cut(after=5).in_one_write(),
    Reply.text("a", "b").garbage(after=5),
    Reply.text("a", "b").garbage(after=5).in_one_write(),
]


@pytest.mark.parametrize("reply", BREAKS)
async def test_a_stream_that_breaks_after_output_fails_and_is_not_asked_again(
    real: OpenAIClient, upstream: FakeUpstream, reply: Reply
) -> None:
    upstream.reply(reply)
    reported = []
    with pytest.raises(ModelError, match="was interrupted") as caught:
        async for batch in real.events(request(), stream=True):
            reported.append(batch)
    assert spoken(reported) == "a"
    assert caught.value.code == "server_error"
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("reply", [Reply.text("a").cut(after=2), Reply.text("a").garbage()])
async def test_a_stream_that_breaks_before_output_is_asked_again(
    real: OpenAIClient,
    upstream: FakeUpstream,
    reply: Reply,
    caplog: pytest.LogCaptureFixture,
) -> None:
    upstream.reply(reply, reply)
    assert spoken(await read(real)) == "Answer to: hi 안녕"
    assert len(upstream.requests) == 3
    assert "The upstream did not answer well: retry 2" in caplog.messages
    upstream.reply(reply, reply, reply)
    assert "was interrupted" in (await failure(real, stream=True)).message
    assert len(upstream.requests) == 6


async def test_connection_and_stream_retries_share_one_budget(
    real: OpenAIClient, upstream: FakeUpstream
) -> None:
    broken, down = Reply.text("a").cut(after=1), Reply.http_error(503, None, SOON)
    upstream.reply(down, broken, broken, Reply.text("never"))
    await failure(real, stream=True)
    assert len(upstream.requests) == 3


async def test_a_silent_upstream_runs_into_the_timeout(upstream: FakeUpstream, api: Api) -> None:
    upstream.reply(Reply.text("a", "b").stalled(after=5))
    model = OpenAIClient(upstream_at(upstream.base_url, timeout=2, kind=api))
    reported = []
    with pytest.raises(ModelError, match="in time") as caught:
        async for batch in model.events(request(), stream=True):
            reported.append(batch)
    assert (spoken(reported), caught.value.code) == ("a", "server_error")
    await model.close()


@pytest.mark.parametrize("stream", [True, False])
async def test_an_answer_that_came_while_this_process_stood_still_is_not_late(
    upstream: FakeUpstream, api: Api, stream: bool
) -> None:
    """As in a container that was paused: the time is over, but the upstream was not silent."""
    # The end of a stream comes later.
    upstream.reply(Reply.text(*"abcdef").paced(0.5).stalled(after=1))
    model = OpenAIClient(upstream_at(upstream.base_url, timeout=2, kind=api))

    def stand_still() -> None:
        upstream.release()
        time.sleep(2)

    answer = asyncio.create_task(read(model, stream=stream))
    assert await asyncio.to_thread(upstream.wait_stalled)
    stand_still()
    assert flat(await answer)[-1]["type"] == "response.completed"
    await model.close()


@pytest.mark.parametrize("reply", [Reply.text("long " * 99).cut(), Reply.text("a").garbage()])
async def test_a_broken_plain_answer_is_a_server_error(
    upstream: FakeUpstream, api: Api, reply: Reply
) -> None:
    upstream.reply(reply)
    model = client(upstream.base_url, kind=api)
    assert (await failure(model)).code == "server_error"
    await model.close()


async def test_an_upstream_that_is_not_listening(api: Api) -> None:
    model = client("http://127.0.0.1:1/v1", kind=api)
    for stream in (True, False):
        error = await failure(model, stream=stream)
        assert error.code == "server_error"
        assert "can't be reached" in error.message or "hung up" in error.message
    await model.close()


@pytest.mark.parametrize(
    ("status", "body", "code", "message"),
    [
        (429, {"error": {"message": "Slow down.", "code": None}}, "rate_limit_exceeded", "Slow"),
        (429, {"error": {"code": "insufficient_quota"}}, "rate_limit_exceeded", "HTTP 429"),
        (403, {"error": {"code": "insufficient_quota"}}, "rate_limit_exceeded", "HTTP 403"),
        (400, {"error": {"message": "Bad image.", "code": "x"}}, "invalid_prompt", "Bad image."),
        (400, "nonsense", "invalid_prompt", "nonsense"),
        (413, {"error": {"code": "image_too_large", "message": "Big"}}, "invalid_prompt", "Big"),
        (401, {"error": {"message": f"Bad key {KEY}"}}, "server_error", "OPENAI_API_KEY"),
        (404, {"error": "model 'm' not found"}, "server_error", "model 'm' not found"),
        (404, "<html>Not here</html>", "server_error", "OPENAI_BASE_URL"),
        (500, {"error": {"message": f"x {KEY} y"}}, "server_error", "x [key] y"),
        (
            500,
            {"error": {"message": "sk-abc***xyz and gsk_12345"}},
            "server_error",
            "[key] and [key]",
        ),
        (500, {"error": {"message": "NUL \0, \ud800"}}, "server_error", "NUL \ufffd, \ufffd"),
        (502, "", "server_error", "HTTP 502"),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
async def test_http_errors(
    upstream: FakeUpstream, api: Api, status: int, body: Any, code: str, message: str, stream: bool
) -> None:
    upstream.reply(Reply.http_error(status, body))
    model = client(upstream.base_url, kind=api)
    error = await failure(model, stream=stream)
    assert error.code == code
    assert message in error.message
    await model.close()


@pytest.mark.parametrize(
    ("reported", "code"),
    [
        ("server_error", "server_error"),
        ("rate_limit_exceeded", "rate_limit_exceeded"),
        ("insufficient_quota", "rate_limit_exceeded"),
        ("invalid_prompt", "invalid_prompt"),
        ("context_length_exceeded", "invalid_prompt"),
        ("failed_to_download_image", "invalid_prompt"),
    ],
)
@pytest.mark.parametrize("event", [True, False])
async def test_a_failure_in_the_stream_comes_after_what_was_said(
    real: OpenAIClient, upstream: FakeUpstream, reported: str, code: str, event: bool
) -> None:
    reply = Reply.failed(reported, f"Sorry, {KEY}.", "Well", event=event)
    upstream.reply(reply.in_one_write())
    batches = []
    with pytest.raises(ModelError) as caught:
        async for batch in real.events(request(), stream=True):
            batches.append(batch)
    assert spoken(batches) == "Well"
    said = "The upstream custom failed: Sorry, [key]."
    assert (caught.value.code, caught.value.message) == (code, said)
    assert not {"response.failed", "error"} & {event["type"] for event in flat(batches)}


async def test_a_failed_plain_answer(real: OpenAIClient, upstream: FakeUpstream) -> None:
    upstream.reply(Reply.failed("invalid_image", "Not an image."))
    error = await failure(real)
    assert error.code == "invalid_prompt"
    assert error.message.endswith(" failed: Not an image.")


async def test_retries_before_the_first_output(real: OpenAIClient, upstream: FakeUpstream) -> None:
    upstream.reply(Reply.http_error(429, None, SOON), Reply.http_error(500, None, SOON))
    assert spoken(await read(real)) == "Answer to: hi 안녕"
    assert len(upstream.requests) == 3
