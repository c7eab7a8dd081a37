"""What to leave out when a model refuses a part of the request.

Models differ in the parameters they take, and say so only when asked: reasoning models refuse
`temperature`, others refuse encrypted reasoning in `include`. What is safe to lose is left out,
and remembered, so that the next request for that model does not ask in vain.
"""

import json
import logging
import re
from dataclasses import dataclass
from typing import Any

_log = logging.getLogger(__name__)

# Without these an answer may be a little different, never wrong. `input`, `tools`, `model` and
# `text` are the question itself.
DISPENSABLE = frozenset({"temperature", "top_p", "reasoning", "include", "parallel_tool_calls"})

_VALUE_CODE = "unsupported_value"
_CODES = frozenset({"unsupported_parameter", "unknown_parameter", _VALUE_CODE})
_SENTENCE = re.compile(r"(?:Unsupported|Unknown) (?:parameter|value): '([^']+)'")
_NOT_SUPPORTED = "is not supported with this model"
_REMEMBERED = 1024

# A model's name, a parameter, and the refused value as JSON; None: whatever its value.
_Refused = tuple[str, str, str | None]


@dataclass(frozen=True)
class Refusal:
    """What an upstream's HTTP 400 says; each of its three words may be missing."""

    code: str | None
    param: str | None
    message: str


class Refusals:
    """The refusals seen so far, for every model, in bounded memory."""

    def __init__(self) -> None:
        # A dictionary for its order: the oldest is forgotten first.
        self._seen: dict[_Refused, None] = {}

    def without_known(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return `request` without what its model is known to refuse."""
        if not self._seen:
            return request
        refused = {param for param in DISPENSABLE & request.keys() if self._knows(request, param)}
        return {key: value for key, value in request.items() if key not in refused}

    def adapt(self, request: dict[str, Any], refusal: Refusal) -> dict[str, Any] | None:
        """Return the request to try next, smaller than `request`; None: nothing can be left out."""
        if refusal.code == "invalid_encrypted_content":
            return _without_reasoning_items(request)
        param = _refused_parameter(refusal)
        if param not in DISPENSABLE or param not in request:
            return None
        by_value = refusal.code == _VALUE_CODE or refusal.message.startswith("Unsupported value")
        self._remember(_key(request, param, by_value=by_value))
        _log.warning("A model refused %s: trying again without it", param)
        return {key: value for key, value in request.items() if key != param}

    def _knows(self, request: dict[str, Any], param: str) -> bool:
        return any(
            _key(request, param, by_value=by_value) in self._seen for by_value in (False, True)
        )

    def _remember(self, refused: _Refused) -> None:
        self._seen[refused] = None
        if len(self._seen) > _REMEMBERED:
            del self._seen[next(iter(self._seen))]


def _key(request: dict[str, Any], param: str, *, by_value: bool) -> _Refused:
    # One refused effort says nothing of the others: a value is remembered as that value only.
    value = json.dumps(request[param], sort_keys=True) if by_value else None
    return (str(request.get("model")), param, value)


def _refused_parameter(refusal: Refusal) -> str | None:
    sentence = _SENTENCE.match(refusal.message)
    if refusal.code not in _CODES and not sentence and _NOT_SUPPORTED not in refusal.message:
        return None
    name = refusal.param or (sentence[1] if sentence else "")
    # `reasoning.effort` and `include[0]` belong to what stands before the mark.
    return re.split(r"[.\[]", name)[0]


def _without_reasoning_items(request: dict[str, Any]) -> dict[str, Any] | None:
    items = request.get("input")
    if not isinstance(items, list):
        return None
    kept = [item for item in items if item.get("type") != "reasoning"]
    if len(kept) == len(items):
        return None
    _log.warning("A model could not read earlier reasoning: trying again without it")
    return {**request, "input": kept}
