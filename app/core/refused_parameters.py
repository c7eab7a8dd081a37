"""Finds the parameters that an upstream's error refuses, in the wording of known servers."""

import re
from collections.abc import Collection, Set
from dataclasses import dataclass

from app.core.error_words import Fault, words_of

# The statuses with which servers refuse a body.
REFUSING = frozenset({400, 422})

_VALUE_CODE = "unsupported_value"
_CODES = frozenset({"unsupported_parameter", "unknown_parameter", _VALUE_CODE})

# Pydantic's error types for an unknown field, and for an unknown value.
_FIELD_KINDS = frozenset({"extra_forbidden", "value_error.extra", "unexpected_keyword_argument"})
_VALUE_KINDS = frozenset({"literal_error", "enum", "type_error.enum", "value_error.const"})

_REFUSING = re.compile(
    r"(?:not|n't|un) ?(?:yet )?(?:supported|permitted|allowed)"
    r"|(?:not|n't) (?:yet )?support|should not exist|extra (?:inputs|fields)"
    r"|(?:unknown|unrecognized|unrecognised|unexpected) (?:\w+ )?"
    r"(?:parameter|value|argument|field|key|property|name)"
    r"|cannot find field",
    re.IGNORECASE,
)
# A full stop inside a name does not end a sentence.
_SENTENCES = re.compile(r"(?<=[.!?;])\s+|\n+")
_QUOTED = re.compile(r"['\"`]([A-Za-z_]+)(?:[.\[][\w.\[\]]*)?['\"`]")
# `Unrecognized request arguments supplied: include, top_p`
_AFTER_COLON = re.compile(
    r"(?:parameter|argument|field|key|property)\w*(?:\(s\))?(?: \w+)?: *"
    r"((?:[a-z_]+(?:[.\[][\w.\]]*)?(?:, *)?)+)"
)
# `property include should not exist`
_PROPERTY = re.compile(r"\bproperty ([a-z_]+)")
# Names that occur in no sentence about something else, and other servers' names for ours.
_UNQUOTED = re.compile(
    r"\b(?:temperature|top_p|parallel_tool_calls|encoding_format|max_completion_tokens"
    r"|stream_options|prompt_cache_key)\b"
)
_ALIASES = (
    (re.compile(r"reasoning\.encrypted_content|encrypted[ _]content", re.IGNORECASE), {"include"}),
    (
        re.compile(r"reasoning[ _]?effort|thinking", re.IGNORECASE),
        {"reasoning", "reasoning_effort"},
    ),
    (re.compile(r"topP"), {"top_p"}),
    (re.compile(r"parallel tool calls|parallelToolCalls", re.IGNORECASE), {"parallel_tool_calls"}),
)


@dataclass(frozen=True)
class Refusal:
    """What an upstream's HTTP 400 or 422 says; each field may be empty."""

    code: str | None
    param: str | None
    message: str
    faults: tuple[Fault, ...] = ()

    @property
    def is_of_value(self) -> bool:
        """Whether another value of the parameter might be accepted."""
        # OpenAI's reasoning models about `temperature`. What is not sent has its default.
        if "only the default" in self.message.lower():
            return False
        if self.faults:
            return all(fault.kind in _VALUE_KINDS for fault in self.faults)
        return self.code == _VALUE_CODE or "Unsupported value" in self.message


def refusal_of(body: object) -> Refusal:
    """Return what an HTTP error says. `body`: its JSON, or its text if it is not JSON."""
    words = words_of(body)
    return Refusal(words.code, words.param, words.message, words.faults)


def refused_parameters(refusal: Refusal, sent: Collection[str]) -> Set[str]:
    """Return which of the sent parameters are refused; none if it is another error."""
    if refusal.faults:
        return _by_faults(refusal.faults)
    if refusal.param and (refusal.code in _CODES or _REFUSING.search(refusal.message)):
        return {_root(refusal.param)}
    names: set[str] = set()
    for sentence in _SENTENCES.split(refusal.message):
        if _REFUSING.search(sentence):
            names |= _named(sentence, sent)
    return names


def _by_faults(faults: tuple[Fault, ...]) -> Set[str]:
    known = _FIELD_KINDS | _VALUE_KINDS
    refusing = [fault for fault in faults if fault.where]
    if any(fault.kind not in known and not _REFUSING.search(fault.message) for fault in refusing):
        return set()
    return {fault.where[0] for fault in refusing}


def _named(sentence: str, sent: Collection[str]) -> set[str]:
    names: set[str] = set()
    for pattern, meant in _ALIASES:
        sentence, count = pattern.subn("", sentence)
        names |= meant if count else set()
    for name_pattern in (_QUOTED, _UNQUOTED, _PROPERTY):
        names |= {*name_pattern.findall(sentence)}
    for listed in _AFTER_COLON.findall(sentence):
        names |= {_root(name) for name in re.split(r", *", listed) if name}
    return names & set(sent)


def _root(name: str) -> str:
    # `reasoning.effort` and `include[0]` belong to the parameter before the `.` or `[`.
    return re.split(r"[.\[]", name.strip("'\"` "))[0]
