"""The port to a model, for every client that yields the events of OpenAI's Responses API.

Internally a client raises `AttemptFailed`, which says whether another attempt makes sense;
`core/attempts.py` acts on it for all kinds of clients.
"""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from app.core.refused_parameters import Refusal

# One event of the Responses API's stream, as sent on the wire: `{"type": "response.…", …}`.
Event = dict[str, Any]

# What answers: the built-in demo, OpenAI, or another server.
Mode = Literal["demo", "openai", "custom"]

# The APIs that an upstream may offer.
Api = Literal["responses", "chat_completions"]

# Whether an upstream can be called: `refused` if it rejects the key, or the lack of one;
# `not_found` if it answers but does not serve the API at this address.
Reach = Literal["ok", "refused", "not_found", "unreachable"]

# The events that end an answer with something to keep. `response.failed` and `error` are never
# yielded: they are raised as `ModelError`, so that there is one path for failures.
TERMINAL_EVENTS = frozenset({"response.completed", "response.incomplete"})


@dataclass(frozen=True)
class Advice:
    """What a failed attempt says about a retry.

    `again`: the same request may succeed, after `pause` seconds if the server asks for a pause.
    `refusal`: the model refuses a part of the request, and may accept the rest.
    """

    again: bool = False
    pause: float | None = None
    refusal: Refusal | None = None


class AttemptFailed(Exception):
    """One attempt of a call failed with `error`. `seen`: log fields about the answer."""

    def __init__(self, error: Exception, advice: Advice, seen: Mapping[str, object]) -> None:
        super().__init__(type(error).__name__)
        # aiohttp keeps the error where the answer was read. With the traceback, whose frames have
        # the answer and the request, these would stay in memory until garbage is collected.
        self.error = error.with_traceback(None)
        self.advice = advice
        self.seen = seen


class ModelClient(Protocol):
    """A model that answers requests of the Responses API."""

    @property
    def api(self) -> Api | None:
        """The API that is called; None if that is not known yet, or if none is."""

    def events(self, request: dict[str, Any], *, stream: bool) -> AsyncGenerator[list[Event], None]:
        """Answer `request`, a body of `POST /responses` without `stream`, in batches of events.

        A batch contains the events of one network read and is never empty; the last event of the
        last batch is one of `TERMINAL_EVENTS`. With `stream=False` that event is the only one.
        Read to the end, so that the connection can be reused; `aclose()` or a cancellation
        closes the connection, and the model stops working.

        Raises `app.domain.errors.ModelError`, which names the upstream, after yielding the events
        that preceded the failure.
        """

    async def reach(self, seconds: float) -> Reach:
        """Check the upstream within `seconds`, without calling the model."""

    async def close(self) -> None:
        """Close every connection. The client can't be used afterwards."""
