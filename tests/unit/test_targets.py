"""What an upstream says of each of its models, and what an answer costs."""

import pytest

from app.core.upstream import Price, Target, Upstream
from app.db.rows import Answered, StepRow
from app.engine.tally import Tally, answered_by
from app.schemas.runs import CachedTokens, Usage

PRICE = Price(input=2, output=8, cached=0.5, currency="USD")


def target(model: str, asked: str = "", **fields) -> Target:
    return Target(Upstream("u", "responses", 8_000, **fields), model, asked or model)


@pytest.mark.parametrize(
    ("model", "asked", "window"),
    [
        ("exact", "", 1_024),
        ("big-1", "", 4_096),
        ("other", "", 2_048),
        # By the name in the request too, but the one that is sent counts more.
        ("sent", "exact", 1_024),
        ("exact", "big-1", 1_024),
    ],
)
def test_a_name_counts_more_than_a_pattern_and_the_first_pattern_more_than_the_next(
    model, asked, window
):
    windows = {"big-*": 4_096, "*": 2_048, "exact": 1_024}
    assert target(model, asked, windows=windows).context_window == window


def test_without_its_own_a_model_has_the_window_of_the_upstream():
    one = target("m", windows={"other": 1_024})
    assert (one.context_window, one.max_output, one.price) == (8_000, None, None)
    assert (one.usual_answer, one.longest_answer) == (2_000, 4_000)


def test_no_more_is_reserved_than_an_answer_may_have():
    one = target("m", max_outputs={"*": 100})
    assert (one.max_output, one.usual_answer, one.longest_answer) == (100, 100, 100)


def usage(prompt: int, cached: int, completion: int) -> Usage:
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        total_tokens=prompt + completion,
        prompt_token_details=CachedTokens(cached_tokens=cached),
    )


@pytest.mark.parametrize(
    ("used", "cost"),
    [
        (usage(1_000_000, 0, 0), 2_000_000_000),
        (usage(1_000_000, 1_000_000, 0), 500_000_000),
        (usage(0, 0, 1_000_000), 8_000_000_000),
        (usage(100, 40, 10), 220_000),
        # Some upstreams count cached tokens beside the prompt's.
        (usage(100, 400, 0), 50_000),
        (usage(0, 0, 0), 0),
    ],
)
def test_cached_tokens_have_a_price_of_their_own(used, cost):
    assert answered_by(target("m", prices={"m": PRICE}), used) == Answered("u", "m", cost, "USD")


def test_without_a_price_nothing_is_said_of_the_cost():
    assert answered_by(target("m"), usage(1, 0, 1)) == Answered("u", "m")


def step(number: int, answered: Answered | None, used: Usage | None) -> StepRow:
    return StepRow(
        id=f"step_{number}",
        run_id="run_1",
        thread_id="thread_1",
        assistant_id="asst_1",
        created_at=number,
        type="message_creation",
        status="completed",
        step_details={},
        usage=used,
        answered=answered,
    )


def test_usage_of_a_run_is_summed_by_upstream():
    first, second = Answered("a", "m", 5, "USD"), Answered("b", "n")
    tally = Tally.of_steps(
        [
            step(1, first, usage(10, 0, 1)),
            # A step whose round was not finished, and one of an older version.
            step(2, None, None),
            step(3, None, usage(100, 0, 0)),
            step(4, second, usage(20, 0, 2)),
            step(5, first, usage(30, 0, 3)),
        ]
    )
    assert tally.spent.prompt_tokens == 160
    assert [(share.answered, share.usage.prompt_tokens) for share in tally.shares] == [
        (Answered("", ""), 100),
        (second, 20),
        (Answered("a", "m", 10, "USD"), 40),
    ]
    assert tally.columns == {"answered_by": "a", "answered_model": "m"}
    assert (Tally().columns, Tally().shares) == ({}, [])
