"""An upstream that says too much isn't read to its end: it would decide how much memory is left."""

import gc
from contextlib import suppress

import pytest

from app.core import answer_bounds
from app.core.embeddings import OpenAIEmbedder
from app.core.model import AttemptFailed
from app.core.openai_client import OpenAIClient
from app.core.sse_reader import SSEReader
from app.domain.errors import ModelError
from tests.support.fake_embeddings import fake_embeddings
from tests.support.fake_upstream import FakeUpstream
from tests.support.openai_calls import failure, read, request, spoken, upstream_at
from tests.support.replies import Reply

TOO_LONG = "sent an answer that is too long; the rest was not read."


@pytest.fixture
def small_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_bounds, "WHOLE_BYTES", 60_000)
    monkeypatch.setattr(answer_bounds, "STREAM_BYTES", 100_000)
    monkeypatch.setattr(answer_bounds, "SAID_CHARACTERS", 5_000)


@pytest.mark.usefixtures("small_bounds")
@pytest.mark.parametrize(
    "reply",
    [
        Reply.text(*["한글 " * 100] * 20),
        Reply.refusal(*["no " * 100] * 20),
        Reply.function_calls(("call_1", "f", '"' + "x" * 6_000 + '"')),
        Reply.text(*["a"] * 2_000),
        Reply.text("x" * 70_000).in_pieces(4_000),
    ],
    ids=["text", "refusal", "arguments", "many events", "one event"],
)
async def test_a_stream_that_says_too_much_is_cut_off(
    real: OpenAIClient, upstream: FakeUpstream, reply: Reply
) -> None:
    upstream.reply(reply)
    error = await failure(real, stream=True)
    assert (error.code, error.message.endswith(TOO_LONG)) == ("server_error", True)
    # Asked again, it would say the same.
    assert len(upstream.requests) == 1


@pytest.mark.usefixtures("small_bounds")
async def test_a_whole_answer_that_is_too_large_is_not_read(
    real: OpenAIClient, upstream: FakeUpstream
) -> None:
    upstream.reply(Reply.text("x" * 70_000))
    error = await failure(real)
    assert (error.code, error.message.endswith(TOO_LONG)) == ("server_error", True)
    assert len(upstream.requests) == 1


@pytest.mark.usefixtures("small_bounds")
async def test_vectors_that_are_too_large_are_not_read() -> None:
    with fake_embeddings(*[["x"]] * 3_000) as upstream:
        embedder = OpenAIEmbedder(upstream_at(upstream.base_url, 2), "e")
        try:
            with pytest.raises(ModelError, match="too long"):
                await embedder.embed(["a"] * 10)
        finally:
            await embedder.close()
        assert len(upstream.requests) == 1


async def test_an_answer_below_the_bounds_is_whole(
    real: OpenAIClient, upstream: FakeUpstream
) -> None:
    words = ["한글 " * 1_000] * 100
    upstream.reply(Reply.text(*words))
    assert spoken(await read(real)) == "".join(words)


@pytest.mark.usefixtures("small_bounds")
@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
async def test_what_was_read_of_it_is_freed_at_once(
    real: OpenAIClient, upstream: FakeUpstream, stream: bool
) -> None:
    """Not only when garbage is collected: an idle server would keep it for hours."""
    upstream.reply(Reply.text("x" * 70_000).in_pieces(4_000))
    gc.collect()
    gc.disable()
    try:
        with suppress(ModelError):
            async for _ in real.events(request(), stream=stream):
                pass
        kept = [one for one in gc.get_objects() if isinstance(one, AttemptFailed | SSEReader)]
    finally:
        gc.enable()
    assert not kept
