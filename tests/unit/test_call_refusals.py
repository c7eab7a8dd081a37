"""Which submitted outputs refuse a call that waits for a person."""

import pytest

from app.domain.refusals import is_refusal


@pytest.mark.parametrize(
    "output",
    [
        *(None, "", " \n", "no", "No.", "NOT  ALLOWED", "Error: unknown function", "null", "None"),
        *("아니요", "아니오.", "거부", "거절", "취소", "허용 안 함", '"no"', '"거부"', '""'),
        *('{"approved": false}', '{"approved": "no"}', '{"approved": null}', '{"success": 0}'),
        *('{"allowed": "false"}', '{"error": "unknown tool"}', '{"error": ""}'),
    ],
)
def test_a_refusal(output):
    assert is_refusal(output)


@pytest.mark.parametrize(
    "output",
    [
        *(
            "ok",
            "yes",
            "네",
            "허용",
            "{}",
            "[]",
            "42",
            "nothing else",
            '"yes"',
            '{"approved": true}',
        ),
        *('{"error": null, "allowed": "yes"}', "{no", '{"note": "no"}'),
    ],
)
def test_everything_else_allows(output):
    assert not is_refusal(output)
