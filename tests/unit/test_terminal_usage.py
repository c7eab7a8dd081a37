"""Costs in the terminal's table of usage."""

import pytest

from app.terminal.usage import shown_cost


@pytest.mark.parametrize(
    ("cost", "shown"),
    [
        (0, "0.0000 KRW"),
        (0.00001, "< 0.0001 KRW"),
        (0.0001, "0.0001 KRW"),
        (1234.5, "1,234.5000 KRW"),
    ],
)
def test_a_small_cost_does_not_look_like_none(cost, shown):
    assert shown_cost(cost, "KRW") == shown
