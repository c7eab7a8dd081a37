"""Jobs that wait for a database thread: short ones with long ones in between, projects in turns."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

Work = Callable[[Connection], Any]


@dataclass
class Job:
    """`thread` is the one that runs the job now; `over`: its caller no longer waits for it.

    `done`: it has ended, and its result is being delivered. `long`: it writes many rows. `turn`:
    the project in whose turn it is run.
    """

    work: Work
    future: asyncio.Future[Any]
    long: bool = False
    turn: str = ""
    result: Any = None
    error: BaseException | None = None
    thread: int | None = None
    over: bool = False
    done: bool = False


class _Turns:
    """Waiting jobs: one of each project in turn, and those of one project in order."""

    def __init__(self) -> None:
        # The project whose turn is next comes first; none is empty.
        self._jobs: dict[str, deque[Job]] = {}
        self._waiting = 0

    def __len__(self) -> int:
        return self._waiting

    def append(self, job: Job) -> None:
        self._waiting += 1
        if jobs := self._jobs.get(job.turn):
            jobs.append(job)
        else:
            self._jobs[job.turn] = deque((job,))

    def take(self) -> Job:
        self._waiting -= 1
        project = next(iter(self._jobs))
        jobs = self._jobs[project]
        job = jobs.popleft()
        if not jobs or len(self._jobs) > 1:
            del self._jobs[project]
            if jobs:
                self._jobs[project] = jobs
        return job


class JobQueue:
    """Waiting jobs. If both kinds wait, `take` alternates between short and long ones.

    So a short job waits for at most one long one, however many came before it, and short jobs
    can't starve a long one. Nor can one project's jobs those of another.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._short = _Turns()
        self._long = _Turns()
        self._long_is_next = False
        self._closed = False

    def __len__(self) -> int:
        return len(self._short) + len(self._long)

    def put(self, job: Job) -> None:
        with self._changed:
            (self._long if job.long else self._short).append(job)
            self._changed.notify()

    def close(self) -> None:
        """Make `take` return None once no job is left."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def take(self) -> Job | None:
        """Wait for a job; None if the queue is closed and empty."""
        with self._changed:
            while not (self._short or self._long):
                if self._closed:
                    return None
                self._changed.wait()
            if self._long and (self._long_is_next or not self._short):
                self._long_is_next = False
                return self._long.take()
            self._long_is_next = True
            return self._short.take()

    def take_short(self) -> Job | None:
        """Return a short job if one waits."""
        with self._changed:
            return self._short.take() if self._short else None

    @property
    def has_short(self) -> bool:
        return bool(self._short)
