"""When a submitted output refuses the call that it is for."""

import json
from typing import Any

# Alone, in any case, with or without a full stop.
_WORDS = frozenset(
    {
        *("no", "false", "deny", "denied", "refuse", "refused", "reject", "rejected"),
        *("decline", "declined", "cancel", "cancelled", "canceled", "not allowed", "don't allow"),
        *("아니", "아니요", "아니오", "아뇨", "거부", "거부함", "거절", "거절함", "취소", "취소함"),
        *("허용 안 함", "허용안함", "허용하지 않음", "안 돼", "안 돼요", "안 됩니다"),
        # What programs submit if they have no result.
        *("none", "null", "nil", "undefined"),
    }
)
_VERDICTS = ("approved", "allowed", "approve", "allow", "success", "ok")


def is_refusal(output: str | None) -> bool:
    """Return whether an output refuses a call that waits for a person.

    Refusals are: no output, an empty one or `null`; a word such as `no`, `denied` or `거부`, also
    as a JSON string; a text that begins with `error`, which is what programs submit for functions
    that they don't know; and a JSON object with an `error`, or with `approved`, `allowed` or
    `success` that is false or one of these. Everything else allows the call.
    """
    text = (output or "").strip()
    if _is_no(text):
        return True
    if not text.startswith(("{", '"')):
        return False
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        return False
    if isinstance(value, str):
        return _is_no(value)
    failed = value.get("error") not in (None, False)
    return failed or any(_is_negative(value[name]) for name in _VERDICTS if name in value)


def _is_no(text: str) -> bool:
    plain = " ".join(text.lower().split()).rstrip(".!")
    return not plain or plain in _WORDS or plain.startswith("error")


def _is_negative(verdict: Any) -> bool:
    return not verdict or (isinstance(verdict, str) and _is_no(verdict))
