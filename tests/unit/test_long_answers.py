"""An answer in very many pieces costs no more than its pieces, and takes no turn of others."""

import asyncio
import time
from typing import Any

import pytest

from app.core.answer_bounds import EVENTS_AT_ONCE, EVENTS_PER_SECOND, AnswerMeter
from app.core.openai_client import OpenAIClient
from app.engine.hub import FRAMES_AT_ONCE, Feed, Frame
from tests.support.fake_upstream import FakeUpstream
from tests.support.openai_calls import request
from tests.support.projections import new_projection
from tests.support.replies import Reply
from tests.support.response_events import stream_events

# To copy an answer of this length takes a thousand times as long as to take a piece.
LONG = "a" * 30_000_000
PIECES = 1_000


def seconds_of_pieces(reply: Reply, whole: str) -> float:
    """Return the CPU time of a thousand pieces that come when there is `whole` already."""
    events = stream_events(reply, {})
    place = next(n for n, event in enumerate(events) if event["type"].endswith(".delta"))
    piece: dict[str, Any] = events[place]
    projection = new_projection()
    for event in [*events[:place], {**piece, "delta": whole}]:
        projection.apply(event)
    began = time.process_time()
    for _ in range(PIECES):
        projection.apply(piece)
    return time.process_time() - began


@pytest.mark.parametrize(
    "reply",
    [Reply.text("a"), Reply.refusal("a"), Reply.function_calls(("call_1", "f", "aa"))],
    ids=["text", "refusal", "arguments"],
)
def test_a_piece_costs_no_more_in_a_long_answer(reply: Reply) -> None:
    short = seconds_of_pieces(reply, "a")
    assert seconds_of_pieces(reply, LONG) < 10 * short + 0.5


async def test_others_have_their_turn_while_a_long_answer_is_read(
    real: OpenAIClient, upstream: FakeUpstream
) -> None:
    upstream.reply(Reply.text(*["word "] * 20_000).in_one_write())
    turns = 0

    async def take_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(take_turns())
    heard = without_a_turn = 0
    async for batch in real.events(request(), stream=True):
        # What a read brings comes in several batches.
        without_a_turn = max(without_a_turn, len(batch) if not turns else 0)
        heard += len(batch)
        turns = 0
    other.cancel()
    assert heard > 20_000
    assert without_a_turn <= 50


async def test_what_is_sent_faster_than_any_model_answers_waits() -> None:
    meter = AnswerMeter()
    meter.hear(EVENTS_AT_ONCE, [{"type": "response.output_text.delta", "delta": "a"}])
    assert meter.ahead == 0
    # Events of which nothing is passed on take time too.
    meter.hear(60 * EVENTS_PER_SECOND, [])
    assert 0 < meter.ahead <= 60


async def test_a_reader_that_is_far_behind_is_given_some_frames_at_a_time() -> None:
    feed = Feed(1)
    frames = [Frame(number, "thread.message.delta", "{}") for number in range(1, 1001)]
    feed.publish(frames)
    feed.close()
    batches = [batch async for batch in feed.read(0, silence=60)]
    assert [frame for batch in batches for frame in batch] == frames
    assert max(map(len, batches)) == FRAMES_AT_ONCE < len(frames)
