"""Estimates of how many tokens a text has, corrected by the usage that the upstreams report.

Tokenizers differ most in how they treat letters beyond ASCII: a Korean syllable is less than one
token for some models and three for others. So a model has two rates, in tokens per byte.
"""

from typing import NamedTuple

_WIDE_BYTES = 3
# Samples outside of these, in tokens per byte, are not believed: no tokenizer is so coarse or so
# fine. Some upstreams leave cached tokens out of their counts, others add prompts of their own.
_COARSEST, _FINEST = 0.12, 1.3
# How far one answer may change the estimate: an outlier must not ruin it.
_LARGEST_CHANGE = 0.25
# Of smaller requests, what the upstream adds around messages would be counted as text.
_LEAST_BYTES = 1500
# An estimate is this much above what was learned, so that requests rarely exceed the window.
_MARGIN = 1.05
# How much larger estimates become after a request that was refused because it is too long.
_AFTER_REFUSAL = 1.5
# Clients choose the models' names, so this is bounded; the longest unused ones are forgotten.
_REMEMBERED = 256


class Size(NamedTuple):
    """The bytes of a text as UTF-8, those of ASCII characters and those of all others."""

    plain: int
    wide: int

    @classmethod
    def of(cls, text: str) -> "Size":
        if text.isascii():
            return cls(len(text), 0)
        size = len(text.encode(errors="replace"))
        # Exact for characters of three bytes, as in Korean, and close for others.
        wide = min(size, (size - len(text)) * _WIDE_BYTES // (_WIDE_BYTES - 1))
        return cls(size - wide, wide)

    @property
    def bytes(self) -> int:
        return self.plain + self.wide

    def plus(self, other: "Size") -> "Size":
        return Size(self.plain + other.plain, self.wide + other.wide)


class Rate(NamedTuple):
    """Tokens per byte, of ASCII characters and of all others."""

    plain: float
    wide: float

    def tokens(self, size: Size) -> float:
        return size.plain * self.plain + size.wide * self.wide


# A rough, safe estimate for models that nothing is known of: English has about four bytes per
# token, Korean about three.
USUAL = Rate(1 / 3, 1 / 3)


class TokenRates:
    """The rates by model, learned from answers; in this process' memory only."""

    def __init__(self) -> None:
        # A dictionary, because it is ordered: the longest unused is forgotten first.
        self._learned: dict[str, Rate] = {}

    def of(self, model: str) -> Rate:
        """Return the rates for estimates of what this model reads."""
        learned = self._learned.get(model)
        if learned is None:
            return USUAL
        return Rate(learned.plain * _MARGIN, learned.wide * _MARGIN)

    def learn(self, model: str, size: Size, tokens: int) -> None:
        """Learn that the model counted a text of this size as so many tokens."""
        if size.bytes < _LEAST_BYTES or not _COARSEST <= tokens / size.bytes <= _FINEST:
            return
        rate = self._learned.pop(model, USUAL)
        expected = rate.tokens(size)
        most = expected * _LARGEST_CHANGE
        error = min(max(tokens - expected, -most), most)
        # The smallest change of both rates that explains the count (normalised least squares).
        step = error / (size.plain**2 + size.wide**2)
        self._learned[model] = Rate(
            _bounded(rate.plain + step * size.plain), _bounded(rate.wide + step * size.wide)
        )
        self._forget()

    def exceeded(self, model: str) -> None:
        """Learn that the model counts more tokens than what was estimated: a request was refused
        because it is too long."""
        rate = self._learned.pop(model, USUAL)
        self._learned[model] = Rate(
            _bounded(rate.plain * _AFTER_REFUSAL), _bounded(rate.wide * _AFTER_REFUSAL)
        )
        self._forget()

    def _forget(self) -> None:
        if len(self._learned) > _REMEMBERED:
            del self._learned[next(iter(self._learned))]


def _bounded(rate: float) -> float:
    return min(max(rate, _COARSEST), _FINEST)
