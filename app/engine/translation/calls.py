"""The function calls of a response while they come in: what their step holds, and its deltas."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.domain.ids import new_call_id

Tell = Callable[[dict[str, Any]], None]


@dataclass
class _Call:
    """A call's place in the step, what the step tells of it, its arguments so far."""

    place: int
    told: dict[str, Any]
    name: str
    arguments: str = ""


class ComingCalls:
    """Collects calls into the `tool_calls` of a step and tells each piece of them."""

    def __init__(self, opened: Callable[[str], dict[str, Any] | None], tell: Tell) -> None:
        """`opened` returns a new call's details if its name is a built-in tool's."""
        self._opened = opened
        self._tell = tell
        self._calls: dict[int, _Call] = {}

    def open(self, item: dict[str, Any], place: int, step_calls: list[dict[str, Any]]) -> None:
        """Begin the call at `place` of the response; it joins `step_calls`."""
        name = item["name"]
        function = {"name": name, "arguments": "", "output": None}
        details = self._opened(name) or {"type": "function", "function": function}
        told = {"id": item["call_id"] or new_call_id(), **details}
        call = self._calls[place] = _Call(len(step_calls), told, name)
        self._tell({"index": call.place, **told})
        step_calls.append(told)
        # A server that sends the arguments at once may already have them here.
        self._add(call, item["arguments"])

    def add(self, place: int | None, delta: str) -> None:
        """Take a piece of a call's arguments; one of a call that has not begun is left."""
        if place in self._calls:
            self._add(self._calls[place], delta)

    def add_rest(self, place: int | None, whole: str) -> None:
        """Add what the whole arguments hold and no delta has brought."""
        if place in self._calls:
            call = self._calls[place]
            if whole.startswith(call.arguments):
                self._add(call, whole[len(call.arguments) :])

    def settle(self, item: dict[str, Any], place: int) -> None:
        """Finish a call, and write into its item what it has become."""
        self.add_rest(place, item["arguments"])
        call = self._calls[place]
        item.update(call_id=call.told["id"], name=call.name, arguments=call.arguments)

    def _add(self, call: _Call, delta: str) -> None:
        call.arguments += delta
        if delta and call.told["type"] == "function":
            call.told["function"]["arguments"] += delta
            function = {"arguments": delta}
            self._tell({"index": call.place, "type": "function", "function": function})
