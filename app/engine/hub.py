"""Wakes those who follow a run in this process.

A hint, never the truth: what counts is in the database, and a reader elsewhere reads it there.
"""

import asyncio
from bisect import bisect_right
from collections.abc import AsyncIterator, Iterable
from typing import NamedTuple
from weakref import WeakValueDictionary


class Frame(NamedTuple):
    """One event of a run's stream; ids only grow within a run. `data` is one line of JSON."""

    id: int
    event: str
    data: str


class Feed:
    """What a run has told since this process took it up, kept once for all of its readers.

    A slow reader keeps its own place in the list and holds nobody up; what is held is bounded
    by what one run can say.
    """

    def __init__(self, first_id: int) -> None:
        """`first_id`: the id from which on the feed holds everything."""
        self.first_id = first_id
        self._frames: list[Frame] = []
        self._closed = False
        self._news = asyncio.Event()

    def publish(self, frames: Iterable[Frame]) -> None:
        self._frames += frames
        self._wake()

    def close(self) -> None:
        """Say that the run has ended, or waits for its client: readers come to their end."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        # Whoever waits holds the old event; whoever waits next gets the new one.
        self._news.set()
        self._news = asyncio.Event()

    async def read(self, after: int, silence: float) -> AsyncIterator[list[Frame]]:
        """Yield the frames after the id `after` as they come, until the feed is closed.

        An empty list stands for `silence` seconds without any.
        """
        place = bisect_right(self._frames, after, key=lambda frame: frame.id)
        while True:
            if place < len(self._frames):
                news = self._frames[place:]
                place = len(self._frames)
                yield news
            elif self._closed:
                return
            else:
                try:
                    async with asyncio.timeout(silence):
                        await self._news.wait()
                except TimeoutError:
                    yield []


class Hub:
    """The feeds of the runs that this process carries, and who waits for a run to change."""

    def __init__(self) -> None:
        self._feeds: dict[str, Feed] = {}
        self._changes: WeakValueDictionary[str, asyncio.Event] = WeakValueDictionary()
        self._stopping = False

    @property
    def stopping(self) -> bool:
        """Whether the process stops: its runs go on elsewhere, and are followed there."""
        return self._stopping

    def find(self, run_id: str) -> Feed | None:
        return self._feeds.get(run_id)

    def open(self, run_id: str, first_id: int) -> Feed:
        """Return a new feed for the run, which holds its frames from `first_id` on."""
        feed = self._feeds[run_id] = Feed(first_id)
        return feed

    def settle(self, run_id: str) -> None:
        """Close the run's feed; readers that hold it read to its end."""
        feed = self._feeds.pop(run_id, None)
        if feed is not None:
            feed.close()

    def watch(self, run_id: str) -> asyncio.Event:
        """Return an event that is set at the run's next change of status in this process.

        Ask for it before looking at the row, so that no change falls between the two.
        """
        return self._changes.setdefault(run_id, asyncio.Event())

    def changed(self, run_id: str) -> None:
        """Wake those who wait for the run's status to change."""
        event = self._changes.pop(run_id, None)
        if event is not None:
            event.set()

    def stop(self) -> None:
        """Say that the process stops, and wake all who wait for any run."""
        self._stopping = True
        for run_id in [*self._changes]:
            self.changed(run_id)


async def wait_for(event: asyncio.Event, seconds: float) -> None:
    """Return when the event is set, or after `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
