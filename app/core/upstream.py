"""Configured upstreams: how each is reached, named, and chosen by a model's name."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
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

OPENAI_URL = "https://api.openai.com/v1"

# An answer may use a quarter of the model's context window unless a run sets another limit.
_ANSWERS_SHARE = 4


@dataclass(frozen=True)
class Upstream:
    """The configuration of one upstream.

    `name` is chosen by the operator and appears in errors, in `/ready` and in metrics; it is not
    secret. `context_window` is in tokens. `timeout`: seconds without a byte. `max_retries`: how
    often a failed call is retried. `models` are the model names in requests that this upstream
    answers, in addition to those in `aliases`, which maps such a name to the one that is sent.
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
    address_setting: str = "OPENAI_BASE_URL"
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
    def shown_address(self) -> str:
        """The address without the credentials that it may contain."""
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

    @property
    def place(self) -> str:
        """The name and the address, as logs and the doctor state them."""
        return self.name if self.kind == "demo" else f"{self.name} ({self.shown_address})"

    @property
    def usual_answer(self) -> int:
        """How many tokens are reserved for an answer unless a run sets a limit."""
        return self.context_window // _ANSWERS_SHARE

    @property
    def longest_answer(self) -> int:
        """How many tokens are reserved for an answer at most."""
        return self.context_window // 2

    def sent_name(self, model: str) -> str:
        """Return the name that is sent to the upstream for a model."""
        return self.aliases.get(model, model)

    def known_names(self) -> list[str]:
        """Return the model names that are configured for this upstream."""
        return [*sorted(self.models), *self.aliases]


class UpstreamChoice:
    """Chooses the upstream by a model's name. The first one answers for all other models."""

    def __init__(self, upstreams: Sequence[Upstream]) -> None:
        """Raises ValueError if there is none, or if two share a name or a model."""
        if not upstreams:
            raise ValueError("There is no upstream.")
        self._all = tuple(upstreams)
        names = [upstream.name for upstream in upstreams]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"Several upstreams are named {twice[0]}.")
        self._by_model: dict[str, Upstream] = {}
        for upstream in upstreams:
            for model in upstream.known_names():
                other = self._by_model.setdefault(model, upstream)
                if other is not upstream:
                    raise ValueError(f"{other.name} and {upstream.name} both offer {model}.")

    def __iter__(self) -> Iterator[Upstream]:
        return iter(self._all)

    @property
    def default(self) -> Upstream:
        return self._all[0]

    def of(self, model: str) -> Upstream:
        """Return the upstream that answers requests for a model of this name."""
        return self._by_model.get(model, self.default)
