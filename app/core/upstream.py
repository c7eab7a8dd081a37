"""Configured upstreams: how each is reached, what its models are, and what is sent to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Literal, TypeVar
from urllib.parse import urlsplit

from app.core.model import Api, Mode

# The protocol of the upstream, which decides the client that calls it (`core/upstreams.py`). `auto`
# is found out: the Responses API, or Chat Completions if the upstream lacks it.
Kind = Literal["demo", "auto", "responses", "chat_completions"]

# The APIs that are called, for each kind, the preferred one first.
APIS: Mapping[Kind, tuple[Api, ...]] = {
    "demo": (),
    "auto": ("responses", "chat_completions"),
    "responses": ("responses",),
    "chat_completions": ("chat_completions",),
}

# Each API's path after the upstream's address.
PATHS: Mapping[Api, str] = {"responses": "responses", "chat_completions": "chat/completions"}

OPENAI_URL = "https://api.openai.com/v1"

_ADDRESS_SETTING = "OPENAI_BASE_URL"

# An answer may use a quarter of the model's context window unless a run sets another limit.
_ANSWERS_SHARE = 4
_PER_MILLION = 1_000_000

T = TypeVar("T")


@dataclass(frozen=True)
class Price:
    """What a million tokens cost in `currency`; `cached` tokens were in the upstream's cache."""

    input: float
    output: float
    cached: float
    currency: str

    def of(self, prompt: int, cached: int, completion: int) -> float:
        """Return the cost of these tokens; `cached` counts those of the prompt."""
        cached = min(cached, prompt)
        total = (prompt - cached) * self.input + cached * self.cached + completion * self.output
        return total / _PER_MILLION


@dataclass(frozen=True)
class Fallback:
    """An upstream to ask if another one fails; for the same model if `model` is None."""

    upstream: str
    model: str | None = None


@dataclass(frozen=True)
class Upstream:
    """The configuration of one upstream.

    `name` is chosen by the operator and appears in errors, in `/ready` and in metrics; it is not
    secret. `context_window` is in tokens. `timeout`: seconds without a byte. `max_retries`: how
    often a failed call is retried. `models` are the model names in requests that this upstream
    answers, in addition to those in `aliases`, which maps such a name to the one that is sent, and
    to those that match one of `patterns` (as `gpt-*`). `windows`, `max_outputs` (in tokens) and
    `prices` are by a model's name or pattern. `headers` are sent with every request.
    `address_setting`, `key_setting` and `api_setting` name the settings for the address, the key
    and the kind.
    """

    name: str
    kind: Kind
    context_window: int
    # Empty: OpenAI's address. It may contain a password.
    address: str = field(default="", repr=False)
    # Empty: the upstream needs no key.
    key: str = field(default="", repr=False)
    timeout: float = 120.0
    max_retries: int = 2
    models: frozenset[str] = frozenset()
    aliases: Mapping[str, str] = field(default_factory=dict)
    patterns: tuple[str, ...] = ()
    windows: Mapping[str, int] = field(default_factory=dict)
    max_outputs: Mapping[str, int] = field(default_factory=dict)
    prices: Mapping[str, Price] = field(default_factory=dict)
    fallbacks: tuple[Fallback, ...] = ()
    embedding_model: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    address_setting: str = _ADDRESS_SETTING
    key_setting: str = "OPENAI_API_KEY"
    api_setting: str = "OPENAI_API"

    def __post_init__(self) -> None:
        """Raises ValueError for a key that can't be sent in an HTTP header."""
        object.__setattr__(self, "key", self.key.strip())
        object.__setattr__(self, "address", (self.address or OPENAI_URL).rstrip("/"))
        if not (self.key.isascii() and self.key.isprintable()):
            raise ValueError("The API key contains characters that a key can't have.")

    @property
    def mode(self) -> Mode:
        if self.kind == "demo":
            return "demo"
        return "openai" if self.address == OPENAI_URL else "custom"

    @property
    def of_settings(self) -> bool:
        """Whether it comes from the settings, not from a file."""
        return self.address_setting == _ADDRESS_SETTING

    @property
    def shown_address(self) -> str:
        """The address without the credentials that it may contain."""
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

    @property
    def place(self) -> str:
        """The name and the address, as logs and the doctor state them."""
        return self.name if self.kind == "demo" else f"{self.name} ({self.shown_address})"

    def sent_name(self, model: str) -> str:
        """Return the name that is sent to the upstream for a model."""
        return self.aliases.get(model, model)

    def known_names(self) -> list[str]:
        """Return the model names that are configured for this upstream."""
        return [*sorted(self.models), *self.aliases]

    def matches(self, model: str) -> bool:
        """Return whether one of the patterns matches a model's name."""
        return any(fnmatchcase(model, pattern) for pattern in self.patterns)


@dataclass(frozen=True)
class Target:
    """What a call goes to: an upstream, and its `model` by the name that is sent.

    `asked`: the name in the request. The run's limits, in tokens, depend on both.
    """

    upstream: Upstream
    model: str
    asked: str

    @cached_property
    def context_window(self) -> int:
        return self._by_model(self.upstream.windows) or self.upstream.context_window

    @cached_property
    def max_output(self) -> int | None:
        """The most tokens of an answer; None: the model's own limit."""
        return self._by_model(self.upstream.max_outputs)

    @cached_property
    def price(self) -> Price | None:
        return self._by_model(self.upstream.prices)

    @cached_property
    def usual_answer(self) -> int:
        """How many tokens are reserved for an answer unless a run sets a limit."""
        return self._at_most(self.context_window // _ANSWERS_SHARE)

    @cached_property
    def longest_answer(self) -> int:
        """How many tokens are reserved for an answer at most."""
        return self._at_most(self.context_window // 2)

    def _at_most(self, tokens: int) -> int:
        most = self.max_output
        return tokens if most is None else min(tokens, most)

    def _by_model(self, values: Mapping[str, T]) -> T | None:
        """Return the value of this model: by name first, then by the first pattern."""
        names = (self.model, self.asked)
        exact = next((values[name] for name in names if name in values), None)
        if exact is not None or not values:
            return exact
        return next(
            (
                value
                for pattern, value in values.items()
                if any(fnmatchcase(name, pattern) for name in names)
            ),
            None,
        )
