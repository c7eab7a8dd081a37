"""The port to a model, for every client that gives the events of OpenAI's Responses API.

A client raises `AttemptFailed` inside, with what the failure says about another attempt;
`core/attempts.py` acts on it, for every kind of client alike.
"""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from app.core.refused_parameters import Refusal

# One event of the Responses API's stream, as it is on the wire: `{"type": "response.…", …}`.
Event = dict[str, Any]

# Who answers: the built-in demo, OpenAI, or another server.
Mode = Literal["demo", "openai", "custom"]

# Whether an upstream can be asked: `refused` if it takes no key, or another one; `not_found` if it
# answers, but not at an address of the Responses API.
Reach = Literal["ok", "refused", "not_found", "unreachable"]

# The events that end an answer with something to keep. `response.failed` and `error` are never
# given as events: they are raised as `ModelError`, so that a failure takes one path.
TERMINAL_EVENTS = frozenset({"response.completed", "response.incomplete"})


@dataclass(frozen=True)
class Advice:
    """What a failed attempt says about another one.

    `again`: the same request may succeed, after `pause` seconds if the server asks for a pause.
    `refusal`: the model refuses a part of the request, and may take what is left.
    """

    again: bool = False
    pause: float | None = None
    refusal: Refusal | None = None


class AttemptFailed(Exception):
    """One attempt of a call failed with `error`. `seen` is what the log shows of the answer."""

    def __init__(self, error: Exception, advice: Advice, seen: Mapping[str, object]) -> None:
        super().__init__(type(error).__name__)
        self.error = error
        self.advice = advice
        self.seen = seen


class ModelClient(Protocol):
    """A model that answers requests of the Responses API."""

    def events(self, request: dict[str, Any], *, stream: bool) -> AsyncGenerator[list[Event], None]:
        """Answer `request`, a body of `POST /responses` without `stream`, in batches of events.

        A batch holds what came in one network read, never nothing; the last event of the last
        batch is one of `TERMINAL_EVENTS`. With `stream=False` that event is the only one.
        Read to the end, so that the connection can be used again; `aclose()` or a cancellation
        cuts the connection, and the model stops working.

        Raises `app.domain.errors.ModelError`, which names the upstream, after the events that
        came before the failure.
        """

    async def reach(self, seconds: float) -> Reach:
        """Find out within `seconds`, without asking the model anything."""

    async def close(self) -> None:
        """Close every connection. No answer can be asked for afterwards."""
