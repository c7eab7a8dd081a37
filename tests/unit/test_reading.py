"""What a run's model reads, while estimates of its tokens are corrected by what it reports."""

from typing import Any

import pytest

from app.core.token_rates import Rate, TokenRates
from app.core.upstream import Upstream
from app.core.upstreams import Upstreams
from app.engine.claim import Claimed
from app.engine.images import Sendable
from app.engine.reading import Reading
from app.engine.translation.request import request_size
from app.engine.windows import Windows
from app.schemas.messages import Said, text_part
from app.schemas.runs import Usage
from tests.support.rows import run_row

pytestmark = pytest.mark.anyio

WINDOW = 8192
KOREAN = "한 대화가 길어지면 오래된 메시지부터 요약하므로 아무것도 잊지 않습니다. "
ENGLISH = "When a conversation becomes long, its older messages are summarised. "
NOTHING = Usage()


class NoImages:
    async def of(self, _: str, messages: list[Said], items: list[dict[str, Any]]) -> Sendable:
        return Sendable(messages, items, {})


def windows(**more: Any) -> Windows:
    upstreams = Upstreams([Upstream("demo", "demo", WINDOW)])
    return Windows(upstreams=upstreams, rates=TokenRates(), **more)


def thread(text: str, count: int = 400) -> list[Said]:
    return [
        Said("user" if n % 2 == 0 else "assistant", [text_part(text * 3)], None, n + 1)
        for n in range(count)
    ]


async def asked(read: Windows, text: str) -> tuple[Reading, dict[str, Any]]:
    images: Any = NoImages()
    run = run_row("thread_1")
    reading = Reading(read, images, Claimed(run, thread(text)))
    target = read.upstreams.target(run.model)
    request = await reading.request(target, [], NOTHING, max_output_tokens=None, tools=[])
    return reading, request


@pytest.mark.parametrize("text", [KOREAN, ENGLISH], ids=["Korean", "English"])
@pytest.mark.parametrize(
    "model", [Rate(0.23, 0.2), Rate(0.25, 0.35), Rate(0.3, 1.0)], ids=["large", "medium", "small"]
)
async def test_a_thread_neither_overflows_the_window_nor_wastes_half_of_it(text, model):
    """To some models a Korean syllable is half a token, to others it is three."""
    read = windows()
    sizes = []
    for _ in range(12):
        reading, request = await asked(read, text)
        size = request_size(request)
        assert size is not None
        sizes.append(model.tokens(size))
        reading.answered(Usage(prompt_tokens=round(sizes[-1])))
    room = WINDOW * 3 / 4
    assert room * 0.47 <= sizes[-1] <= room, "the answer has a quarter of the window"


async def test_images_teach_nothing():
    read, images = windows(), NoImages()
    picture = {"type": "image_url", "image_url": {"url": "https://example.org/x.png"}}
    history = [Said("user", [text_part(ENGLISH * 60), picture])]
    stub: Any = images
    reading = Reading(read, stub, Claimed(run_row("thread_1"), history))
    target = read.upstreams.target("m")
    await reading.request(target, [], NOTHING, max_output_tokens=None, tools=[])
    before = read.rates.of(target.model)
    reading.answered(Usage(prompt_tokens=3000))
    assert read.rates.of(target.model) == before


@pytest.mark.parametrize(
    ("settings", "run", "due"),
    [
        ({}, {}, True),
        ({"summaries": False}, {}, False),
        ({}, {"truncation_strategy": {"type": "last_messages", "last_messages": 900}}, False),
        ({"history_tokens": 10**6}, {}, True),  # never more than fits
        ({}, {"max_prompt_tokens": 256}, False),  # too little for any summary
    ],
)
async def test_when_a_summary_is_due(settings, run, due):
    images: Any = NoImages()
    read = windows(**settings)
    long = Reading(read, images, Claimed(run_row("thread_1", **run), thread(ENGLISH)))
    assert long.summary_due(NOTHING) is due
    short = Reading(read, images, Claimed(run_row("thread_1", **run), thread(ENGLISH, 10)))
    assert short.summary_due(NOTHING) is False
    cut = Claimed(run_row("thread_1", **run), thread(ENGLISH, 2), cut=True)
    assert Reading(read, images, cut).summary_due(NOTHING) is due
