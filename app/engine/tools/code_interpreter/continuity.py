"""Knows whether a live Python session still is where its thread is.

A thread's runs may be executed by several processes. A process that executes one after another
process did must not use its own old session: its variables are from before that.
"""

from dataclasses import dataclass, field

from app.interpreter.interpreter import Interpreter


@dataclass(frozen=True)
class Position:
    """How far a thread's code has come: to this number of calls of a run."""

    run_id: str
    calls: int


@dataclass
class Kept:
    """A live session: how far its code has come, and the names of the files that were put in, by
    their ids."""

    position: Position
    there: dict[str, str] = field(default_factory=dict)


class Continuity:
    """What this process knows about its live sessions, by thread."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._kept: dict[str, Kept] = {}

    async def advance(self, thread_id: str, before: Position | None, after: Position) -> None:
        """Begin a call: a session that is not at `before` is ended, and one that is goes on."""
        kept = self._kept.get(thread_id)
        if kept is not None and kept.position == before:
            kept.position = after
        else:
            await self._interpreter.drop(thread_id)

    def take(self, thread_id: str, position: Position, *, fresh: bool) -> Kept:
        """Return what is known about the thread's session, at this position.

        It is forgotten until `keep`: if preparing it is interrupted, it is not used again.
        """
        kept = self._kept.pop(thread_id, None)
        return Kept(position) if kept is None or fresh else kept

    def keep(self, thread_id: str, kept: Kept) -> None:
        self._kept = {key: one for key, one in self._kept.items() if self._interpreter.has(key)}
        self._kept[thread_id] = kept
