"""Estimates of tokens, learned from what the upstreams report."""

import random

import pytest

from app.core.token_rates import USUAL, Rate, Size, TokenRates
from app.engine.translation.history import text_tokens
from app.engine.translation.request import request_size

ENGLISH = Size(6000, 0)
KOREAN = Size(900, 5100)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("", Size(0, 0)),
        ("hello", Size(5, 0)),
        ("안녕", Size(0, 6)),
        ("안녕 hello", Size(6, 6)),
        ("\ud800", Size(1, 0)),
    ],
)
def test_the_size_of_a_text(text, size):
    assert Size.of(text) == size


@pytest.mark.parametrize("text", ["naïve café", "Привет", "😀 hello"])
def test_all_bytes_are_counted(text):
    assert Size.of(text).bytes == len(text.encode())


def taught(model: Rate, *sizes: Size, count: int = 20) -> TokenRates:
    """Return what is learned from a model that really has this rate."""
    rates = TokenRates()
    for number in range(count):
        size = sizes[number % len(sizes)]
        rates.learn("m", size, round(model.tokens(size)))
    return rates


@pytest.mark.parametrize(
    "model", [Rate(0.23, 0.21), Rate(0.25, 0.33), Rate(0.3, 0.9), Rate(0.27, 1.0)]
)
@pytest.mark.parametrize("sizes", [(ENGLISH,), (KOREAN,), (ENGLISH, KOREAN)])
def test_an_estimate_is_a_little_above_the_truth(model, sizes):
    rates = taught(model, *sizes)
    for size in sizes:
        true = model.tokens(size)
        assert true <= rates.of("m").tokens(size) <= true * 1.1


def test_what_one_script_taught_does_not_spoil_the_other():
    model = Rate(0.23, 0.9)
    rates = taught(model, ENGLISH, KOREAN, count=40)
    mixed = Size(3000, 3000)
    assert rates.of("m").tokens(mixed) == pytest.approx(model.tokens(mixed), rel=0.1)


def test_nothing_is_known_of_another_model():
    assert taught(Rate(0.2, 0.2), ENGLISH).of("other") == USUAL
    assert text_tokens("x" * 300) == 101


def test_one_outlier_changes_little():
    rates = taught(Rate(0.25, 0.25), ENGLISH)
    before = rates.of("m").tokens(ENGLISH)
    rates.learn("m", ENGLISH, 6 * 6000 // 5)
    assert rates.of("m").tokens(ENGLISH) <= before * 1.26
    for _ in range(3):
        rates.learn("m", ENGLISH, 1500)
    assert rates.of("m").tokens(ENGLISH) == pytest.approx(before, rel=0.02)


@pytest.mark.parametrize(
    ("size", "tokens"),
    [
        (ENGLISH, 0),  # not reported
        (ENGLISH, 120),  # without the cached ones
        (ENGLISH, 90_000),  # of something else
        (Size(100, 0), 60),  # mostly what the upstream adds
    ],
)
def test_what_is_not_believed(size, tokens):
    rates = TokenRates()
    rates.learn("m", size, tokens)
    assert rates.of("m") == USUAL


def test_what_is_too_long_raises_the_estimate():
    rates = TokenRates()
    for _ in range(10):
        before = rates.of("m")
        rates.exceeded("m")
        assert rates.of("m") >= before
    assert rates.of("m").tokens(KOREAN) > 3 * USUAL.tokens(KOREAN)
    assert rates.of("m").wide < 1.5
    for number in range(300):
        rates.exceeded(f"model-{number}")
    assert len(rates._learned) <= 256


def test_it_never_leaves_its_bounds():
    rates, chance = TokenRates(), random.Random(3)
    for _ in range(2000):
        size = Size(chance.randrange(10_000), chance.randrange(10_000))
        rates.learn("m", size, chance.randrange(20_000))
        assert all(0.1 <= one <= 1.5 for one in rates.of("m"))


def test_memory_is_bounded_and_the_longest_unused_is_forgotten():
    rates = TokenRates()
    for number in range(1000):
        rates.learn("often", ENGLISH, 1500)
        rates.learn(f"model-{number}", ENGLISH, 1500)
    assert rates.of("often") != USUAL
    assert rates.of("model-999") != USUAL
    assert rates.of("model-0") == USUAL
    assert len(rates._learned) <= 256


TEXT = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "12345"}]}
CALL = {"type": "function_call", "call_id": "call_1", "name": "ab", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "call_1", "output": "123"}


def test_the_size_of_a_request():
    request = {"model": "m", "input": [TEXT, CALL, OUTPUT], "instructions": "1234567890"}
    assert request_size(request) == Size(10 + 5 + 4 + 3, 0)
    parts = {**OUTPUT, "output": [{"type": "input_text", "text": "안"}]}
    assert request_size({"input": [parts], "tools": [{"a": 1}]}) == Size(len('[{"a": 1}]'), 3)
    refusal = {**TEXT, "content": [{"type": "refusal", "refusal": "No."}]}
    assert request_size({"input": [refusal]}) == Size(3, 0)


@pytest.mark.parametrize(
    "item",
    [
        {**TEXT, "content": [{"type": "input_image", "image_url": "data:"}]},
        {**OUTPUT, "output": [{"type": "input_file", "file_data": "data:"}]},
        {"type": "reasoning", "encrypted_content": "x"},
    ],
)
def test_a_request_with_more_than_text_teaches_nothing(item):
    assert request_size({"input": [TEXT, item]}) is None
