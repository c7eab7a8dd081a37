"""Follows a run, in the process that executes it or in any other."""

import asyncio
import time
from collections.abc import AsyncIterator

from app.db import runs
from app.db.database import Connection, Database
from app.db.rows import RunRow
from app.domain.run_status import SETTLED
from app.engine import journal
from app.engine.hub import FRAMES_AT_ONCE, Feed, Frame, Hub, LeftBehind, wait_for
from app.engine.journal import Kept
from app.engine.poller import Poller

# After one of these a run sends no more events, or none before its client has answered.
_LAST_EVENTS = frozenset(f"thread.run.{status}" for status in SETTLED)


class Interrupted(Exception):
    """This process is stopping; the run continues in another one and can be followed there."""


class Follower:
    """Reads the events of runs: from memory if this process executes them, else from the
    journal."""

    def __init__(
        self, database: Database, hub: Hub, poller: Poller, *, silence_seconds: float
    ) -> None:
        self._database = database
        self._hub = hub
        self._poller = poller
        self._silence = silence_seconds

    def follow(self, run_id: str, after: int = 0) -> AsyncIterator[list[Frame]]:
        """Yield the run's frames after the id `after` until it ends or waits for its client.

        An empty list means that nothing happened for a while. Raises `Interrupted` if the process
        stops first.
        """
        # Look up the feed now: a quick run may be over before the first frame is asked for.
        return self._follow(run_id, after, self._hub.find(run_id))

    async def _follow(
        self, run_id: str, after: int, feed: Feed | None
    ) -> AsyncIterator[list[Frame]]:
        while True:
            if feed is not None:
                async for frames in self._missed(run_id, after, feed):
                    yield frames
                    after = frames[-1].id
                try:
                    async for frames in feed.read(after, self._silence):
                        yield frames
                        after = frames[-1].id if frames else after
                        if frames and frames[-1].event in _LAST_EVENTS:
                            return
                except LeftBehind:
                    continue
            with self._poller.watching(run_id):
                async for frames in self._follow_kept(run_id, after):
                    yield frames
                    after = frames[-1].id if frames else after
            feed = self._hub.find(run_id)
            if feed is None:
                return

    async def _missed(self, run_id: str, after: int, feed: Feed) -> AsyncIterator[list[Frame]]:
        """Yield the stored frames between the id `after` and the first one in the feed."""
        while after + 1 < (first_id := feed.first_id):
            kept = await self._database.read(journal.kept_after, run_id, after)
            older = [frame for frame in kept.frames if frame.id < first_id]
            for portion in _portions(older):
                yield portion
                await asyncio.sleep(0)
            # What isn't in the feed any more was stored before it was dropped.
            after = older[-1].id if older and kept.more else first_id - 1

    async def _follow_kept(self, run_id: str, after: int) -> AsyncIterator[list[Frame]]:
        """Yield stored frames until the run is settled or this process starts to execute it."""
        quiet_since = time.monotonic()
        while True:
            change = self._hub.watch(run_id)
            run, kept = await self._database.read(_look, run_id, after)
            for portion in _portions(kept.frames):
                yield portion
                await asyncio.sleep(0)
                after, quiet_since = portion[-1].id, time.monotonic()
            if kept.more:
                continue
            if run is None or run.status in SETTLED:
                return
            if self._hub.stopping:
                raise Interrupted
            if self._hub.find(run_id) is not None:
                return
            await wait_for(change, self._silence)
            if time.monotonic() - quiet_since >= self._silence:
                yield []
                quiet_since = time.monotonic()


def _portions(frames: list[Frame]) -> list[list[Frame]]:
    return [
        frames[first : first + FRAMES_AT_ONCE] for first in range(0, len(frames), FRAMES_AT_ONCE)
    ]


def _look(connection: Connection, run_id: str, after: int) -> tuple[RunRow | None, Kept]:
    # The run first: the events up to its status are stored by then.
    run = runs.find(connection, run_id)
    return run, journal.kept_after(connection, run_id, after)
