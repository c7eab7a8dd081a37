"""OpenAI's Responses API on the wire: requests and events are sent and read as they are."""

from typing import Any

from app.core.model import Api, Event
from app.core.refusals import Refusals
from app.core.request_json import request_json
from app.core.response_stream import read_events, terminal_event
from app.core.sse_reader import RawEvent
from app.core.upstream import PATHS
from app.core.wire_api import Batch, BrokenAnswer


class ResponsesApi:
    """`POST /responses`. A `WireApi`."""

    name: Api = "responses"
    path = PATHS["responses"]

    def __init__(self) -> None:
        self.refusals = Refusals()

    def body(self, request: dict[str, Any], *, stream: bool) -> dict[str, Any]:
        return {**request, "stream": stream}

    def content(self, body: dict[str, Any]) -> bytes:
        return request_json(body)

    def whole(self, content: bytes, body: dict[str, Any]) -> Event:
        return terminal_event(content)

    def stream(self, body: dict[str, Any]) -> "_ResponseStream":
        return _ResponseStream()


class _ResponseStream:
    """An `AnswerStream`: the last event has the whole answer."""

    complete = False

    def read(self, raw_events: list[RawEvent]) -> Batch:
        return read_events(raw_events)

    def finish(self) -> Batch:
        return Batch(failure=BrokenAnswer())
