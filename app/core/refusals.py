"""What to omit when a model refuses a part of the request.

Models differ in the parameters that they accept, and only a request reveals it: reasoning models
refuse `temperature`, others refuse encrypted reasoning in `include`. Dispensable parameters are
omitted, and remembered, so that the next request for that model is not refused too.
"""

import json
import logging
from collections.abc import Callable, Mapping, Set
from typing import Any

from app.core.refused_parameters import Refusal, refused_parameters

_log = logging.getLogger(__name__)

# Without these an answer may differ slightly, but is never wrong. `input`, `tools`, `model` and
# `text` are the question itself, and `store` prevents the upstream from storing it.
DISPENSABLE = frozenset(
    {
        *("temperature", "top_p", "reasoning", "include", "parallel_tool_calls"),
        "prompt_cache_key",
    }
)

_REMEMBERED = 1024

# Earlier reasoning, in the words of errors about it.
_REASONING = ("encrypted content", "reasoning_content")

# A model's name, a parameter, and the refused value as JSON; None: any value.
_Refused = tuple[str, str, str | None]

# Removes earlier reasoning from a request; returns None if it contains none.
WithoutReasoning = Callable[[dict[str, Any]], dict[str, Any] | None]


def without_reasoning_items(request: dict[str, Any]) -> dict[str, Any] | None:
    """Return a request of the Responses API without earlier reasoning; None if it has none."""
    items = request.get("input")
    if not isinstance(items, list):
        return None
    kept = [item for item in items if item.get("type") != "reasoning"]
    return None if len(kept) == len(items) else {**request, "input": kept}


class Refusals:
    """The refusals seen so far, for all models, in bounded memory."""

    def __init__(
        self,
        dispensable: Set[str] = DISPENSABLE,
        *,
        older_names: Mapping[str, str] | None = None,
        without_reasoning: WithoutReasoning = without_reasoning_items,
    ) -> None:
        """`older_names`: a parameter to the one with the same meaning that older servers know."""
        self._dispensable = dispensable
        self._older_names = older_names or {}
        self._without_reasoning = without_reasoning
        # A dictionary, because it is ordered: the oldest is forgotten first.
        self._seen: dict[_Refused, None] = {}

    def without_known(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return `request` without what its model is known to refuse."""
        if not self._seen:
            return request
        sent = (self._dispensable | self._older_names.keys()) & request.keys()
        return self._without(request, {param for param in sent if self._knows(request, param)})

    def adapt(self, request: dict[str, Any], refusal: Refusal) -> dict[str, Any] | None:
        """Return a smaller request to try next; None if nothing can be omitted."""
        if _is_unreadable_reasoning(refusal):
            smaller = self._without_reasoning(request)
            if smaller is not None:
                _log.warning("A model could not read earlier reasoning: trying again without it")
            if smaller is not None or refusal.code == "invalid_encrypted_content":
                return smaller
        refused = refused_parameters(refusal, request.keys()) & request.keys()
        if not refused or not refused <= self._dispensable | self._older_names.keys():
            return None
        self.learn(request, refused, by_value=refusal.is_of_value)
        _log.warning("A model refused %s: trying again without it", ", ".join(sorted(refused)))
        return self._without(request, refused)

    def learn(self, request: dict[str, Any], refused: Set[str], *, by_value: bool = False) -> None:
        """Remember that the request's model refuses these of its parameters."""
        for param in refused:
            self._remember(_key(request, param, by_value=by_value))

    def _without(self, request: dict[str, Any], refused: Set[str]) -> dict[str, Any]:
        """Return the request with older names for these parameters, or without them."""
        kept = {key: value for key, value in request.items() if key not in refused}
        for param in refused & self._older_names.keys():
            kept[self._older_names[param]] = request[param]
        return kept

    def _knows(self, request: dict[str, Any], param: str) -> bool:
        return any(
            _key(request, param, by_value=by_value) in self._seen for by_value in (False, True)
        )

    def _remember(self, refused: _Refused) -> None:
        self._seen[refused] = None
        if len(self._seen) > _REMEMBERED:
            del self._seen[next(iter(self._seen))]


def _key(request: dict[str, Any], param: str, *, by_value: bool) -> _Refused:
    # One refused value, such as an effort, says nothing about other values.
    value = json.dumps(request[param], sort_keys=True) if by_value else None
    return (str(request.get("model")), param, value)


def _is_unreadable_reasoning(refusal: Refusal) -> bool:
    """Return whether the model can't read earlier reasoning in `input`."""
    if refusal.code == "invalid_encrypted_content":
        return True
    words = refusal.message.lower()
    return any(said in words for said in _REASONING) and refusal.param in (None, "", "input")
