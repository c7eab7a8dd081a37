"""Deltas of calls that are being answered, such as what their code prints."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from app.db.rows import RunRow, StepRow
from app.engine.changes import Changes
from app.engine.tools.tool import Emit


class CallDeltas:
    """Sends the deltas of a run's calls."""

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
            changes = Changes.of(self._run)
            changes.emit_call(step.id, {"index": index, "type": kind, **delta})
            async with self._emitting:
                await self._send(changes)

        return emit


async def unsent(_: dict[str, Any]) -> None:
    """An `Emit` that sends nothing."""
