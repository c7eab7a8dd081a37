"""When a submitted output refuses the call that it is for."""

import json
from typing import Any

# Alone, in any case, with or without a full stop.
_WORDS = frozenset(
    {
        *("no", "false", "deny", "denied", "refuse", "refused", "reject", "rejected"),
        *("decline", "declined", "cancel", "cancelled", "canceled", "not allowed", "don't allow"),
    }
)
_VERDICTS = ("approved", "allowed", "approve", "allow", "success", "ok")


def is_refusal(output: str | None) -> bool:
    """Return whether an output refuses a call that waits for a person.

    Refusals are: no output or an empty one; a word such as `no`, `denied` or `rejected`; a text
    that begins with `error`, which is what programs submit for functions that they don't know; and
    a JSON object with an `error`, or with `approved`, `allowed` or `success` false. Everything else
    allows the call.
    """
    text = (output or "").strip()
    plain = text.lower().rstrip(".!")
    if not plain or plain in _WORDS or plain.startswith("error"):
        return True
    return text.startswith("{") and _refuses(text)


def _refuses(text: str) -> bool:
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        return False
    failed = value.get("error") not in (None, False)
    return failed or any(value.get(name) is False for name in _VERDICTS)
