"""How many tokens a run may read and say, and which messages fit."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from app.core.upstream import Target, Upstream
from app.engine.translation.history import json_tokens, message_tokens, text_tokens, within
from app.engine.windows import (
    OutputLimit,
    input_budget,
    output_budget,
    output_limit,
    prompt_is_used_up,
)
from app.schemas.messages import Said, text_part
from app.schemas.runs import Usage
from tests.support.rows import run_row

NOTHING = Usage()
TOOL = {"type": "function", "function": {"name": "f", "parameters": {}, "strict": False}}


def said(*content: dict[str, Any]) -> Said:
    return Said("user", list(content))


def texts(*lengths: int) -> list[Said]:
    return [said(text_part("x" * length)) for length in lengths]


def budget(window: int = 10_000, spent: Usage = NOTHING, items: Any = (), **run: Any) -> int:
    target = Target(Upstream("demo", "demo", window), "m", "m")
    return input_budget(run_row("thread_1", **run), list(items), spent, target)


def test_an_estimate_is_on_the_safe_side():
    # English has about four bytes a token, Korean about three, a picture its own price.
    assert text_tokens("x" * 400) >= 100
    assert text_tokens("가" * 100) >= 100
    assert text_tokens("") >= 1
    assert json_tokens([]) == 0
    assert json_tokens([TOOL]) > len("function f parameters strict false") // 4
    image = {"type": "image_url", "image_url": {"url": "https://example.org/x.png"}}
    assert message_tokens(said(image)) >= 1000
    assert message_tokens(said(image, text_part("x" * 300))) >= message_tokens(said(image)) + 100
    assert message_tokens(said({"type": "refusal", "refusal": "x" * 300})) >= 100


def test_the_newest_messages_that_fit_are_read_the_oldest_first():
    oldest, middle, newest = messages = texts(300, 600, 900)
    costs = [message_tokens(message) for message in messages]
    newest_first = messages[::-1]
    for tokens, expected in (
        (sum(costs), [oldest, middle, newest]),
        (sum(costs) - 1, [middle, newest]),
        (costs[2], [newest]),
        # The question itself is always read.
        (costs[2] - 1, [newest]),
        (-5, [newest]),
    ):
        assert within(newest_first, tokens) == expected, tokens
    assert within([], 100) == []


def test_no_gap_is_left_in_a_conversation():
    # A small old message does not slip in behind a large one that does not fit.
    small, large, newest = texts(3, 90_000, 3)
    assert within([newest, large, small], 1000) == [newest]


def test_no_more_messages_are_looked_at_than_fit():
    looked_at = 0

    def endless() -> Iterator[Said]:
        nonlocal looked_at
        while True:
            looked_at += 1
            yield said(text_part("x" * 300))

    read = within(endless(), 1050)
    assert looked_at == 1050 // message_tokens(read[0]) + 1
    assert len(read) >= looked_at // 2


@pytest.mark.parametrize("step", [1, 2, 3, 7], ids="every {} th place is this thread's".format)
def test_history_is_cut_in_large_steps(step):
    """What comes first in a request stays for many turns: upstreams cache how requests begin."""
    thread = [said(text_part("x" * 300))._replace(sequence=1 + step * n) for n in range(400)]
    cost = message_tokens(thread[0])
    read = [within(thread[:end][::-1], 40 * cost) for end in range(50, 400)]
    assert {messages[-1].sequence for messages in read} == {
        message.sequence for message in thread[49:399]
    }
    assert all(20 <= len(messages) <= 40 for messages in read)
    cuts = [messages[0].sequence for messages in read]
    moved = sum(before != after for before, after in pairwise(cuts))
    assert moved <= len(read) / 10, "a cut stays for ten messages, on average"
    assert cuts == sorted(cuts)
    # Whoever cuts what was cut gets the same.
    assert all(within(messages[::-1], 40 * cost) == messages for messages in read)


@pytest.mark.parametrize(
    ("limit", "left"),
    [
        (None, 7_500),  # a quarter of the window is the answer's
        (1_000, 9_000),
        (9_000, 5_000),  # never more than a half
    ],
)
def test_the_answer_has_its_place_in_the_window(limit, left):
    assert left - 10 <= budget(max_completion_tokens=limit) <= left


def test_everything_else_that_is_sent_has_its_place_too():
    bare = budget()
    assert budget(instructions="x" * 3000) <= bare - 750
    assert budget(tools=[TOOL] * 10) <= bare - 10 * json_tokens(TOOL) // 2
    assert budget(items=[{"type": "function_call_output", "output": "x" * 3000}]) <= bare - 750


def test_a_prompt_limit_holds_for_all_rounds_together():
    assert 990 <= budget(max_prompt_tokens=1000) <= 1000
    assert 290 <= budget(max_prompt_tokens=1000, spent=Usage(prompt_tokens=700)) <= 300
    assert budget(max_prompt_tokens=90_000) == budget()


@pytest.mark.parametrize(
    ("limit", "spent", "left"), [(None, 5, None), (300, 0, 300), (300, 100, 200), (300, 400, -100)]
)
def test_what_may_still_be_said(limit, spent, left):
    run = run_row("thread_1", max_completion_tokens=limit)
    assert output_budget(run, Usage(completion_tokens=spent)) == left


@pytest.mark.parametrize(
    ("left", "sent", "cut_from"), [(1, 16, 2), (15, 16, 16), (16, 16, 16), (300, 300, 300)]
)
def test_what_is_asked_for_is_no_less_than_servers_take(left, sent, cut_from):
    assert output_limit(left) == OutputLimit(sent, cut_from)


@pytest.mark.parametrize(
    ("limit", "spent", "over"),
    [(None, 10**6, False), (300, 299, False), (300, 300, True), (300, 301, True)],
)
def test_when_enough_was_read(limit, spent, over):
    run = run_row("thread_1", max_prompt_tokens=limit)
    assert prompt_is_used_up(run, Usage(prompt_tokens=spent)) is over
