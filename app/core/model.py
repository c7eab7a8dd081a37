"""The port to a model. Whoever speaks the events of OpenAI's Responses API can stand behind it."""

from collections.abc import AsyncGenerator
from typing import Any, Literal, Protocol

# One event of the Responses API's stream, as it stands on the wire: `{"type": "response.…", …}`.
Event = dict[str, Any]

Mode = Literal["demo", "openai", "custom"]

# Whether its server can be asked: `refused` if it takes no key, or another one; `not_found` if it
# answers, but not at an address of the Responses API.
Reach = Literal["ok", "refused", "not_found", "unreachable"]

# The events that end an answer with something to keep. `response.failed` and `error` are never
# told as events: they are raised as `ModelError`, so that a failure has one road.
TERMINAL_EVENTS = frozenset({"response.completed", "response.incomplete"})


class ModelClient(Protocol):
    """A model that answers requests of the Responses API."""

    @property
    def mode(self) -> Mode:
        """Who answers: the built-in demo, OpenAI, or another server at `base_url`."""

    def events(self, request: dict[str, Any], *, stream: bool) -> AsyncGenerator[list[Event], None]:
        """Answer `request`, a body of `POST /responses` without `stream`, in batches of events.

        A batch holds what came in one network read, never nothing; the last event of the last
        batch is one of `TERMINAL_EVENTS`. With `stream=False` that event is the only one.
        Read to the end, so that the connection can be used again; `aclose()` or a cancellation
        cuts the connection, and the model stops working.

        Raises `app.domain.errors.ModelError`, after the events that came before the failure.
        """

    async def reach(self, seconds: float) -> Reach:
        """Find out within `seconds`, without asking the model anything."""

    async def close(self) -> None:
        """Close every connection. No answer can be asked for afterwards."""
