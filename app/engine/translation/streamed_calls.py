"""Function calls while they arrive in a response: their objects in the step, and their deltas."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.db.rows import StepRow
from app.domain.ids import new_call_id
from app.domain.text import append
from app.engine.changes import Changes
from app.engine.tools.tool import Draft


@dataclass
class _Call:
    """A call: its step, its index and its object there, and its arguments so far."""

    step_id: str
    index: int
    shown: dict[str, Any]
    draft: Draft
    name: str
    arguments: str = ""


class StreamedCalls:
    """Collects calls in the `tool_calls` of a step, and a delta for each piece in `changes`."""

    def __init__(self, draft: Callable[[str], Draft], changes: Changes) -> None:
        """`draft(name)` begins a call of the function with that name."""
        self._draft = draft
        self._changes = changes
        self._calls: dict[int, _Call] = {}

    def open(self, item: dict[str, Any], place: int, step: StepRow) -> None:
        """Begin the call at `place` of the response and add it to the step's calls."""
        step_calls = step.step_details["tool_calls"]
        name = item["name"]
        draft = self._draft(name)
        # The step shares the objects in the draft's detail, which the draft keeps changing.
        shown = {"id": item["call_id"] or new_call_id(), **draft.detail}
        call = self._calls[place] = _Call(step.id, len(step_calls), shown, draft, name)
        self._changes.emit_call(step.id, {"index": call.index, **shown})
        step_calls.append(shown)
        # An upstream that sends the arguments in one piece may include them here.
        self._add(call, item["arguments"])

    def add(self, place: int | None, delta: str) -> None:
        """Add a piece of a call's arguments; ignored if the call has not begun."""
        if place in self._calls:
            self._add(self._calls[place], delta)

    def add_rest(self, place: int | None, whole: str) -> None:
        """Add the part of the whole arguments that no delta contained."""
        if place in self._calls:
            call = self._calls[place]
            if whole.startswith(call.arguments):
                self._add(call, whole[len(call.arguments) :])

    def settle(self, item: dict[str, Any], place: int) -> None:
        """Finish a call, and copy its id, name and arguments into its item."""
        self.add_rest(place, item["arguments"])
        call = self._calls[place]
        item.update(call_id=call.shown["id"], name=call.name, arguments=call.arguments)

    def _add(self, call: _Call, piece: str) -> None:
        append(vars(call), "arguments", piece)
        delta = call.draft.add(piece) if piece else None
        if delta is not None:
            piece_of_call = {"index": call.index, "type": call.shown["type"], **delta}
            self._changes.emit_call(call.step_id, piece_of_call)
