"""Deltas of calls that are being answered, such as what their code prints."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from app.db.rows import RunRow, StepRow
from app.domain.text import append
from app.engine.changes import Changes
from app.engine.tools.tool import Emit


class CallDeltas:
    """Sends the deltas of a run's calls, and adds them to the calls in the step.

    So a step that is ended early, when its run is cancelled for example, has what was sent.
    """

    def __init__(self, run: RunRow, send: Callable[[Changes], Awaitable[None]]) -> None:
        self._run = run
        self._send = send
        # Several calls may be answered at the same time, but events are numbered one by one.
        self._emitting = asyncio.Lock()

    def of_call(self, step: StepRow, call_id: str) -> Emit:
        """Return what sends the deltas of one of the step's calls."""
        calls = step.step_details["tool_calls"]
        index = next(place for place, call in enumerate(calls) if call["id"] == call_id)
        kind = calls[index]["type"]

        async def emit(delta: dict[str, Any]) -> None:
            _add(calls[index], delta)
            changes = Changes.of(self._run)
            changes.emit_call(step.id, {"index": index, "type": kind, **delta})
            async with self._emitting:
                await self._send(changes)

        return emit


def _add(call: dict[str, Any], delta: Mapping[str, Any]) -> None:
    """Add a delta to a call as SDKs do: strings are appended, list items found by their index."""
    for key, added in delta.items():
        known = call.get(key)
        if isinstance(added, dict):
            _add(call.setdefault(key, {}), added)
        elif isinstance(added, list):
            _add_items(call.setdefault(key, []), added)
        elif isinstance(added, str) and isinstance(known, str) and key != "type":
            append(call, key, added)
        else:
            call[key] = added


def _add_items(items: list[dict[str, Any]], added: Sequence[Mapping[str, Any]]) -> None:
    for one in added:
        if one["index"] == len(items):
            items.append({})
        _add(items[one["index"]], {key: one[key] for key in one if key != "index"})


async def unsent(_: dict[str, Any]) -> None:
    """An `Emit` that sends nothing."""
