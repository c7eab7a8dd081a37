"""What differs between the APIs that an upstream may offer; one client calls all of them."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from app.core.model import Api, Event
from app.core.refusals import Refusals
from app.core.sse_reader import RawEvent


class BrokenAnswer(Exception):
    """The answer was interrupted, or is not an answer of the API."""


class AnswerFailed(Exception):
    """The upstream reported a failure; `error` is the reported object: `{code, message, …}`."""

    def __init__(self, error: object) -> None:
        super().__init__("The upstream failed.")
        self.error = error


@dataclass(slots=True)
class Batch:
    """The `events` of one network read, what failed after them, and whether the answer ended."""

    events: list[Event] = field(default_factory=list)
    failure: AnswerFailed | BrokenAnswer | None = None
    ended: bool = False


class AnswerStream(Protocol):
    """Reads one streamed answer."""

    complete: bool
    """Whether the whole answer has arrived, and only its usage and its end may follow."""

    def read(self, raw_events: list[RawEvent]) -> Batch:
        """Return what these events say."""

    def finish(self) -> Batch:
        """Return what is left when no more events will come."""


class WireApi(Protocol):
    """One API, for one upstream: `path` follows the upstream's address."""

    name: Api
    path: str
    refusals: Refusals

    def body(self, request: dict[str, Any], *, stream: bool) -> dict[str, Any]:
        """Return what is posted for a request of the Responses API without `stream`."""

    def content(self, body: dict[str, Any]) -> bytes:
        """Return a body as JSON. Raises `ModelError` for what can't be written as JSON."""

    def whole(self, content: bytes, body: dict[str, Any]) -> Event:
        """Return the one event that is equivalent to the answer to `body`.

        Raises `AnswerFailed` if it reports a failure, `BrokenAnswer` if it can't be understood.
        """

    def stream(self, body: dict[str, Any]) -> AnswerStream:
        """Return what reads the streamed answer to `body`."""
