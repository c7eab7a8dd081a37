"""What the fake upstream can answer, described once for streamed and plain calls alike."""

import threading
from dataclasses import dataclass, field, replace
from typing import Any

Call = tuple[str, str, str]  # call_id, function's name, arguments as JSON text


@dataclass(frozen=True)
class Reply:
    """One answer. Create it with the class methods; vary it with `cut`, `stalled` and others."""

    deltas: tuple[str, ...] = ()
    refused: bool = False
    annotations: tuple[dict[str, Any], ...] = ()
    calls: tuple[Call, ...] = ()
    reasoning: str | None = None
    status: str = "completed"
    incomplete_reason: str | None = None
    error: dict[str, Any] | None = None
    error_event: bool = False
    http_status: int = 200
    http_body: Any = None
    http_headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    stall_after: int | None = None
    garbage_after: int | None = None
    release: threading.Event | None = None
    burst: bool = False
    piece: int | None = None
    named: bool = True
    pause: float = 0.0

    @classmethod
    def text(
        cls,
        *deltas: str,
        annotations: tuple[dict[str, Any], ...] = (),
        reasoning: str | None = None,
    ) -> "Reply":
        """A message; each argument is one delta."""
        return cls(deltas=deltas, annotations=annotations, reasoning=reasoning)

    @classmethod
    def function_calls(cls, *calls: Call, reasoning: str | None = None, text: str = "") -> "Reply":
        """Calls of `(call_id, name, arguments)`, preceded by `reasoning` (encrypted content)."""
        return cls(deltas=(text,) if text else (), calls=calls, reasoning=reasoning)

    @classmethod
    def refusal(cls, *deltas: str) -> "Reply":
        return cls(deltas=deltas, refused=True)

    @classmethod
    def incomplete(cls, *deltas: str, reason: str = "max_output_tokens") -> "Reply":
        """`reason`: `max_output_tokens` or `content_filter`."""
        return cls(deltas=deltas, status="incomplete", incomplete_reason=reason)

    @classmethod
    def failed(
        cls,
        code: str = "server_error",
        message: str = "It broke.",
        *deltas: str,
        event: bool = False,
    ) -> "Reply":
        """A response that fails after `deltas`; `event`: reported by an `error` event (streams)."""
        error = {"code": code, "message": message}
        return cls(deltas=deltas, status="failed", error=error, error_event=event)

    @classmethod
    def http_error(
        cls, status: int, body: Any = None, headers: dict[str, str] | None = None
    ) -> "Reply":
        """An HTTP error; `body` is sent as JSON, or unchanged if it is a string.

        `headers={"retry-after-ms": "1"}` makes a client retry without waiting.
        """
        return cls(http_status=status, http_body=body, http_headers=headers or {})

    def cut(self, after: int = 0) -> "Reply":
        """Disconnect after `after` events; a plain answer is cut in the middle."""
        return replace(self, cut_after=after)

    def stalled(self, after: int = 0) -> "Reply":
        """Stall after `after` events, until `FakeUpstream.release()` or the client disconnects."""
        return replace(self, stall_after=after, release=threading.Event())

    def garbage(self, after: int = 0) -> "Reply":
        """Send an event that isn't JSON after `after` events; a plain answer isn't JSON at all."""
        return replace(self, garbage_after=after)

    def in_one_write(self) -> "Reply":
        """Send the whole stream in one write, to arrive in one network read."""
        return replace(self, burst=True)

    def in_pieces(self, size: int) -> "Reply":
        """Send the stream in writes of `size` bytes, regardless of event boundaries."""
        return replace(self, piece=size)

    def unnamed(self) -> "Reply":
        """Send only `data:` lines, without `event:`."""
        return replace(self, named=False)

    def paced(self, seconds: float) -> "Reply":
        """Pause between events, for benchmarks."""
        return replace(self, pause=seconds)
