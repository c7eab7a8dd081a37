"""The function calls of a response while they come in: their objects in the step, and deltas."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.domain.ids import new_call_id
from app.engine.tools.tool import Draft

Send = Callable[[dict[str, Any]], None]


@dataclass
class _Call:
    """A call's index and object in its step, and its arguments so far."""

    index: int
    shown: dict[str, Any]
    draft: Draft
    name: str
    arguments: str = ""


class ComingCalls:
    """Collects calls into the `tool_calls` of a step and sends a delta for each piece of them."""

    def __init__(self, draft: Callable[[str], Draft], send: Send) -> None:
        """`draft` begins a call of the function with the name it is given."""
        self._draft = draft
        self._send = send
        self._calls: dict[int, _Call] = {}

    def open(self, item: dict[str, Any], place: int, step_calls: list[dict[str, Any]]) -> None:
        """Begin the call at `place` of the response; it is added to `step_calls`."""
        name = item["name"]
        draft = self._draft(name)
        # The draft goes on changing its detail: the step shares what is in it.
        shown = {"id": item["call_id"] or new_call_id(), **draft.detail}
        call = self._calls[place] = _Call(len(step_calls), shown, draft, name)
        self._send({"index": call.index, **shown})
        step_calls.append(shown)
        # A server that sends the arguments at once may already have them here.
        self._add(call, item["arguments"])

    def add(self, place: int | None, delta: str) -> None:
        """Take a piece of a call's arguments; ignored if the call has not begun."""
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
        item.update(call_id=call.shown["id"], name=call.name, arguments=call.arguments)

    def _add(self, call: _Call, piece: str) -> None:
        call.arguments += piece
        delta = call.draft.add(piece) if piece else None
        if delta is not None:
            self._send({"index": call.index, "type": call.shown["type"], **delta})
