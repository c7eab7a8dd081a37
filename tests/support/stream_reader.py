"""Reads a stream event by event, and checks each event."""

import functools
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx
from openai.types.beta import AssistantStreamEvent
from pydantic import TypeAdapter, ValidationError

from tests.support.openai_spec import ASSISTANTS, are_present, faults

# One event, byte for byte: its id if it has one, its name, one line of data.
_EVENT = re.compile(rb"(?:id: (\d+)\n)?event: ([a-z_.]+)\ndata: ([^\n]+)")
_PING = b": ping"
_ERROR_KEYS = {"message", "type", "param", "code"}
# Events of `/chat`, which are not part of OpenAI's protocol.
_OWN = {"delta", "message"}
# The name with which `until` and `rest` expect a silence.
PING = "ping"


class StreamEvent(NamedTuple):
    id: int  # 0 if it has none
    name: str
    data: Any


class StreamReader:
    """Reads a response's events; checks each one, including its bytes."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.raw = bytearray()
        self.events: list[StreamEvent] = []
        self._chunks = response.iter_raw()
        self._read_to = 0
        self._last_id = 0

    def next(self) -> StreamEvent | None:
        """Return the next event, None if the stream has ended."""
        searched = self._read_to
        while (end := self.raw.find(b"\n\n", searched)) < 0:
            searched = max(self._read_to, len(self.raw) - 1)
            chunk = next(self._chunks, None)
            if chunk is None:
                rest = bytes(self.raw[self._read_to :])
                assert not rest, f"the stream ends in mid-event: {rest[-200:]!r}"
                return None
            self.raw += chunk
        event = self._checked(bytes(self.raw[self._read_to : end]))
        self._read_to = end + 2
        self.events.append(event)
        return event

    def until(self, name: str) -> StreamEvent:
        """Return the next event with this name; the ones before it are in `events`."""
        while (event := self.next()) is not None:
            if event.name == name:
                return event
        raise AssertionError(f"no {name} among {[event.name for event in self.events]}")

    def rest(self) -> list[StreamEvent]:
        """Return all remaining events."""
        first = len(self.events)
        while self.next() is not None:
            pass
        return self.events[first:]

    def _checked(self, block: bytes) -> StreamEvent:
        assert not any(event.name == "done" for event in self.events), f"after done: {block!r}"
        if block == _PING:
            return StreamEvent(0, PING, None)
        matched = _EVENT.fullmatch(block)
        assert matched, f"not an event: {block[:500]!r}"
        name = matched[2].decode()
        if name == "done":
            assert (matched[1], matched[3]) == (None, b"[DONE]")
            return StreamEvent(0, name, None)
        data = json.loads(matched[3].decode("utf-8"))
        event_id = int(matched[1] or 0)
        self._check_numbering(bool(matched[1]), name)
        if matched[1]:
            assert event_id > self._last_id, f"{event_id} after {self._last_id}"
            self._last_id = event_id
        found = event_faults(name, data)
        assert not found, f"{name} {data}:\n" + "\n".join(found)
        return StreamEvent(event_id, name, data)

    def _check_numbering(self, numbered: bool, name: str) -> None:
        """Only `…/events` may send ids: many readers expect `event:` at the start of an event."""
        path = self.response.request.url.path
        if path.endswith("/events"):
            assert numbered or name == "error", f"no id at {name} of {path}"
        elif not path.endswith("/chat"):
            assert not numbered, f"an id at {name} of {path}"


def event_faults(name: str, data: Any) -> list[str]:
    """Return how an event differs from OpenAI's schemas and the SDK's types."""
    if name in _OWN:
        return []
    if name == "error":
        complete = set(data) == {"error"} and set(data["error"]) == _ERROR_KEYS
        return [] if complete else ["not an error with all four of its keys"]
    found: list[str] = []
    try:
        _sdk_event().validate_python({"event": name, "data": data})
    except ValidationError as error:
        found.append(f"the SDK's type: {error}")
    if are_present():
        schema = _schemas().get(name)
        found += faults(ASSISTANTS, schema, data) if schema else [f"no event is named {name}"]
    return found


@functools.cache
def _sdk_event() -> TypeAdapter[Any]:
    return TypeAdapter(AssistantStreamEvent)


@functools.cache
def _schemas() -> dict[str, str]:
    contents: dict[str, Any] = json.loads(ASSISTANTS.read_text(encoding="utf-8"))
    return contents["events"]


class NotStreamed(AssertionError):
    """The server has answered `response` instead of a stream."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(response.text)
        self.response = response


@contextmanager
def streaming(http: httpx.Client, path: str, body: dict[str, Any]) -> Iterator[StreamReader]:
    """Request a stream; disconnect at the end of the block, even if not everything was read."""
    with http.stream("POST", path, json={**body, "stream": True}) as response:
        if response.status_code != 200:
            response.read()
            raise NotStreamed(response)
        yield StreamReader(response)


@contextmanager
def following(http: httpx.Client, path: str, after: int | None = None) -> Iterator[StreamReader]:
    """Follow the run at `path`, starting after the event with the id `after`."""
    headers = {} if after is None else {"last-event-id": str(after)}
    with http.stream("GET", f"{path}/events", headers=headers) as response:
        if response.status_code != 200:
            response.read()
        assert response.status_code == 200, response.text
        yield StreamReader(response)


@contextmanager
def begun(http: httpx.Client, path: str, body: dict[str, Any]) -> Iterator[StreamReader]:
    """Start a streamed run, and follow it by the stream whose events have ids."""
    with streaming(http, path, body) as own:
        own.until("thread.run.created")
        with following(http, run_path(own.events)) as reader:
            yield reader


def events_of(http: httpx.Client, path: str, body: dict[str, Any]) -> list[StreamEvent]:
    """Return all events of a stream."""
    with streaming(http, path, body) as reader:
        return reader.rest()


def names(events: list[StreamEvent]) -> list[str]:
    """Return the events' short names: `run.created`, `step.delta`, `message.completed`."""
    return [_short(event.name) for event in events]


def _short(name: str) -> str:
    for prefix in ("thread.run.step.", "thread.run.", "thread.message."):
        if name.startswith(prefix):
            return f"{prefix.split('.')[-2]}.{name.removeprefix(prefix)}"
    return name


def unnumbered(events: list[StreamEvent]) -> list[StreamEvent]:
    """Return the events without ids, as in a run's own stream."""
    return [event._replace(id=0) for event in events]


def delta_text(events: list[StreamEvent]) -> str:
    """Return the text of the message deltas among the events, including refusals."""
    parts = [
        part
        for event in events
        if event.name == "thread.message.delta"
        for part in event.data["delta"]["content"]
    ]
    return "".join(
        part["refusal"] if part["type"] == "refusal" else part["text"]["value"] for part in parts
    )


def run_path(events: list[StreamEvent]) -> str:
    """Return the path of the events' run."""
    run = next(event.data for event in events if event.name.startswith("thread.run."))
    return f"/threads/{run['thread_id']}/runs/{run['id']}"
