"""Wakes the readers of a run: those in this process, and through `neighbours` those in others.

Only a hint: the database is authoritative, and readers in other processes read it there.
"""

import asyncio
import itertools
import time
from bisect import bisect_left, bisect_right
from collections.abc import AsyncIterator, Callable, Iterable
from typing import NamedTuple
from weakref import WeakValueDictionary

# How many frames a reader is given at once. One that is far behind, or resumes a long answer, would
# otherwise keep all other requests waiting while its frames are encoded.
FRAMES_AT_ONCE = 100
# How many of a run's stored frames stay in memory, for readers that are a little behind. A frame of
# some characters takes half a kilobyte, so all frames of a long answer would take hundreds of
# megabytes, and a thousand of each open stream would take several times what else it needs.
FRAMES_KEPT = 100
# For how long another server's notice that it reads a run counts. It repeats it more often.
_READERS_SECONDS = 5.0


class Frame(NamedTuple):
    """One event of a run's stream; ids only grow within a run. `data` is one line of JSON."""

    id: int
    event: str
    data: str


class LeftBehind(Exception):
    """A reader's next frame is not in the feed any more; it is in the journal."""


class Feed:
    """The newest events of a run that this process executes, kept once for all of its readers.

    A slow reader has its own position in the list and delays no other reader.
    """

    def __init__(self, first_id: int) -> None:
        """`first_id`: the feed contains every event from this id on."""
        self.first_id = first_id
        self._frames: list[Frame] = []
        self._dropped = 0
        self._closed = False
        self._readers = 0
        # What each waiting reader awaits: whether frames have arrived.
        self._waiting: list[asyncio.Future[bool]] = []
        # One timer for all readers. It isn't set anew for each frame, since timers are expensive.
        self._timer: asyncio.TimerHandle | None = None
        self._quiet_since = 0.0

    def publish(self, frames: Iterable[Frame]) -> None:
        self._frames += frames
        self._wake()

    def drop_stored(self, before: int) -> None:
        """Drop the oldest frames if there are many; those before the id `before` are stored.

        If all readers wait for more, they are dropped however few there are.
        """
        waiting = sum(not future.done() for future in self._waiting)
        caught_up = 0 < self._readers <= waiting
        spare = len(self._frames) - (0 if caught_up else FRAMES_KEPT)
        if spare > 0 and (stored := bisect_left(self._frames, before, hi=spare, key=_id)):
            self.first_id = self._frames[stored - 1].id + 1
            del self._frames[:stored]
            self._dropped += stored

    def close(self) -> None:
        """Mark the run as ended or waiting for its client: readers stop after the last frame."""
        self._closed = True
        self._wake()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def read(self, after: int, silence: float) -> AsyncIterator[list[Frame]]:
        """Yield the frames after the id `after` as they arrive, until the feed is closed.

        An empty list means that no frame arrived for `silence` seconds. Raises `LeftBehind` if the
        reader is so slow that its next frame has been dropped.
        """
        place = self._dropped + bisect_right(self._frames, after, key=_id)
        self._readers += 1
        try:
            while True:
                if place < self._dropped:
                    raise LeftBehind
                first = place - self._dropped
                if first < len(self._frames):
                    news = self._frames[first : first + FRAMES_AT_ONCE]
                    place += len(news)
                    yield news
                    # Not kept while the reader waits for more.
                    del news
                    if place - self._dropped < len(self._frames):
                        await asyncio.sleep(0)
                elif self._closed:
                    return
                elif not await self._news(silence):
                    yield []
        finally:
            self._readers -= 1

    def _news(self, silence: float) -> asyncio.Future[bool]:
        """Return what will be true when frames arrive, false after `silence` seconds without."""
        if self._timer is None:
            self._quiet_since = time.monotonic()
            self._check_after(silence, silence)
        news: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(news)
        return news

    def _check_after(self, seconds: float, silence: float) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(seconds, self._check, silence)

    def _check(self, silence: float) -> None:
        self._timer = None
        left = self._quiet_since + silence - time.monotonic()
        if left <= 0:
            self._wake(news=False)
        elif self._waiting:
            self._check_after(left, silence)

    def _wake(self, *, news: bool = True) -> None:
        self._quiet_since = time.monotonic()
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():  # its reader may be gone
                future.set_result(news)


def _id(frame: Frame) -> int:
    return frame.id


class Hub:
    """The feeds of the runs that this process executes, and the waiters for a run to change."""

    def __init__(self) -> None:
        # Passes on to other servers that a run has changed.
        self.forward: Callable[[str], None] = lambda _: None
        self._read_elsewhere: dict[str, float] = {}
        self._on_readers: dict[str, Callable[[], None]] = {}
        self._feeds: dict[str, Feed] = {}
        self._changes: WeakValueDictionary[str, asyncio.Event] = WeakValueDictionary()
        self._stopping = False

    @property
    def stopping(self) -> bool:
        """Whether the process is stopping: its runs continue in others and are followed there."""
        return self._stopping

    def find(self, run_id: str) -> Feed | None:
        return self._feeds.get(run_id)

    def open(self, run_id: str, first_id: int) -> Feed:
        """Return a new feed for the run, which will contain its frames from `first_id` on."""
        feed = self._feeds[run_id] = Feed(first_id)
        return feed

    def settle(self, run_id: str) -> None:
        """Close the run's feed; its present readers still read it to the end."""
        self._on_readers.pop(run_id, None)
        feed = self._feeds.pop(run_id, None)
        if feed is not None:
            feed.close()

    def watch(self, run_id: str) -> asyncio.Event:
        """Return an event that is set at the run's next change of status in this process.

        Get it before you read the row, so that no change is missed in between.
        """
        return self._changes.setdefault(run_id, asyncio.Event())

    def read_elsewhere(self, run_id: str) -> None:
        """Take note that another server has readers of this run; it says so again and again."""
        moment = time.monotonic()
        # Newest last, so that those which nobody reads any more come first.
        self._read_elsewhere.pop(run_id, None)
        self._read_elsewhere[run_id] = moment + _READERS_SECONDS
        for oldest in [*itertools.islice(self._read_elsewhere, 2)]:
            if self._read_elsewhere[oldest] < moment:
                del self._read_elsewhere[oldest]
        if callback := self._on_readers.get(run_id):
            callback()

    def is_read_elsewhere(self, run_id: str) -> bool:
        return self._read_elsewhere.get(run_id, 0) > time.monotonic()

    def on_reader_elsewhere(self, run_id: str, callback: Callable[[], None]) -> None:
        """Call back whenever another server has readers of this run, until it is settled."""
        self._on_readers[run_id] = callback

    def changed(self, run_id: str) -> None:
        """Wake the waiters for the run's status to change, in other servers too."""
        self.wake(run_id)
        self.forward(run_id)

    def wake(self, run_id: str) -> None:
        """Wake the waiters of this process for the run to change."""
        event = self._changes.pop(run_id, None)
        if event is not None:
            event.set()

    def stop(self) -> None:
        """Mark the process as stopping, and wake all waiters."""
        self._stopping = True
        for run_id in [*self._changes]:
            self.wake(run_id)


async def wait_for(event: asyncio.Event, seconds: float) -> None:
    """Return when the event is set, or after `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
