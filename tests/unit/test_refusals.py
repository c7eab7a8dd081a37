"""What is left out when a model refuses a parameter."""

from typing import Any

import pytest

from app.core.refusals import Refusals
from app.core.refused_parameters import Refusal

REQUEST: dict[str, Any] = {
    "model": "o9",
    "input": [{"role": "user", "content": "hi"}],
    "tools": [],
    "text": {"format": {"type": "json_object"}},
    "temperature": 0.2,
    "top_p": 0.5,
    "reasoning": {"effort": "low"},
    "include": ["reasoning.encrypted_content"],
    "parallel_tool_calls": True,
    "prompt_cache_key": "thread_1",
}


def unsupported(param: str | None, code: str | None = "unsupported_parameter") -> Refusal:
    message = f"Unsupported parameter: '{param}' is not supported with this model."
    return Refusal(code, param, message)


def without(*names: str) -> dict[str, Any]:
    return {key: value for key, value in REQUEST.items() if key not in names}


@pytest.mark.parametrize(
    ("refusal", "lost"),
    [
        (unsupported("temperature"), "temperature"),
        (unsupported("top_p", code=None), "top_p"),
        (unsupported("reasoning.effort"), "reasoning"),
        (unsupported("include[0]"), "include"),
        (unsupported("parallel_tool_calls"), "parallel_tool_calls"),
        (unsupported("prompt_cache_key"), "prompt_cache_key"),
        (
            Refusal(None, "include", "Encrypted content is not supported with this model."),
            "include",
        ),
        (Refusal("unknown_parameter", "include", "Unknown parameter: 'include'."), "include"),
        (Refusal(None, None, "Unsupported parameter: 'temperature'"), "temperature"),
        (
            Refusal(
                "unsupported_value",
                "reasoning.effort",
                "Unsupported value: 'low' is not supported with the 'o9' model.",
            ),
            "reasoning",
        ),
    ],
)
def test_a_refused_parameter_is_left_out_now_and_later(refusal: Refusal, lost: str) -> None:
    refusals = Refusals()
    assert refusals.adapt(REQUEST, refusal) == without(lost)
    assert refusals.without_known(REQUEST) == without(lost)
    assert refusals.without_known({**REQUEST, "model": "other"}) == {**REQUEST, "model": "other"}


@pytest.mark.parametrize("param", ["input", "tools", "model", "text.format", "text", None])
def test_what_makes_the_question_is_never_left_out(param: str | None) -> None:
    assert Refusals().adapt(REQUEST, unsupported(param)) is None


@pytest.mark.parametrize(
    "refusal",
    [
        Refusal("invalid_value", "temperature", "Invalid 'temperature': above 2."),
        Refusal("context_length_exceeded", "input", "Too long."),
        Refusal(None, None, ""),
    ],
)
def test_another_error_is_no_refusal(refusal: Refusal) -> None:
    assert Refusals().adapt(REQUEST, refusal) is None


def test_a_parameter_that_is_not_there_cannot_be_left_out() -> None:
    assert Refusals().adapt(without("temperature"), unsupported("temperature")) is None


def test_several_parameters_are_left_out_one_after_the_other() -> None:
    refusals = Refusals()
    first = refusals.adapt(REQUEST, unsupported("temperature"))
    assert first is not None
    assert refusals.adapt(first, unsupported("top_p")) == without("temperature", "top_p")
    assert refusals.without_known(REQUEST) == without("temperature", "top_p")


def test_a_refused_value_says_nothing_of_other_values() -> None:
    refusals = Refusals()
    refusals.adapt(REQUEST, unsupported("reasoning.effort", code="unsupported_value"))
    high = {**REQUEST, "reasoning": {"effort": "high"}}
    assert refusals.without_known(high) == high


def test_unreadable_reasoning_is_dropped_once_and_not_remembered() -> None:
    refusals = Refusals()
    refusal = Refusal("invalid_encrypted_content", None, "Can't be verified.")
    reasoning = {"type": "reasoning", "encrypted_content": "x"}
    request = {**REQUEST, "input": [*REQUEST["input"], reasoning]}
    assert refusals.adapt(request, refusal) == REQUEST
    assert refusals.adapt(REQUEST, refusal) is None
    assert refusals.adapt({**REQUEST, "input": "hi"}, refusal) is None
    assert refusals.without_known(request) == request


def test_memory_is_bounded_and_forgets_the_oldest() -> None:
    refusals = Refusals()
    for number in range(1025):
        refusals.adapt({**REQUEST, "model": f"m{number}"}, unsupported("temperature"))
    assert "temperature" in refusals.without_known({**REQUEST, "model": "m0"})
    assert "temperature" not in refusals.without_known({**REQUEST, "model": "m1"})


def test_the_log_names_the_parameter_only(caplog: pytest.LogCaptureFixture) -> None:
    Refusals().adapt(REQUEST, Refusal("unsupported_parameter", "temperature", "sk-secret"))
    assert caplog.messages == ["A model refused temperature: trying again without it"]
