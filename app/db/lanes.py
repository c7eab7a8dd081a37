"""Threads that hold a connection each, and do the works that are handed to them."""

import asyncio
import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from app.db.links import Links
from app.domain.errors import DatabaseAway

T = TypeVar("T")
Work = Callable[[Connection], Any]

logger = logging.getLogger(__name__)

# PostgreSQL's codes for a deadlock, a serialization failure, and a key that another transaction
# was quicker to insert: who looks once more finds it.
_TRANSIENT = frozenset({"40P01", "40001", "23505"})


# The first two characters of PostgreSQL's codes where it can't be reached, stops, or is full.
_AWAY = frozenset({"08", "53", "57"})

# How often a work is done that left no trace: the database may be back, the race won.
_ATTEMPTS = 3


class NothingCommitted(Exception):
    """The transaction is gone without a trace: its connection was lost, or another won a race."""


# How long (in seconds) a thread gets to say what became of a work whose connection was dropped.
_GRACE_SECONDS = 1.0
# How long (in seconds) a thread gets to end its connection when the lane is closed.
_CLOSE_SECONDS = 10.0


@dataclass
class _Job:
    """`thread` is the one that does it at this moment; `over`: nobody waits for it any more.

    `done`: it is ended, and what came of it is on its way.
    """

    work: Work
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None
    thread: int | None = None
    over: bool = False
    done: bool = False


class Lane:
    """Some threads of one engine.

    A thread takes up to `together` works that wait anyway into one transaction: what costs most
    is its commit. Where one of them fails nothing is committed, and each is done by itself.
    """

    def __init__(
        self, engine: Engine, *, threads: int, together: int = 1, links: Links | None = None
    ) -> None:
        """`links`: how the connections of `engine` are dropped from outside, if they can be."""
        self._engine = engine
        self._links = links
        self._together = together
        # Held while a work is taken up, ended or given up: it is one of these at a time.
        self._turn = threading.Lock()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._serve, name=f"database-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        """How many works no thread has taken up yet."""
        return self._jobs.qsize()

    async def call(self, work: Callable[[Connection], T], seconds: float | None = None) -> T:
        """Do the work on one of the threads; `seconds`: how long that may take, waiting included.

        A work that takes longer raises `DatabaseAway`, and the connection that it waits on is
        dropped. Only where the lane has `links`: elsewhere a work is never given up.
        """
        loop = asyncio.get_running_loop()
        job = _Job(work, loop.create_future())
        self._jobs.put(job)
        if seconds is None or self._links is None:
            result: T = await job.future
            return result
        timer = loop.call_later(seconds, self._give_up, job)
        try:
            result = await job.future
        finally:
            timer.cancel()
        return result

    def _give_up(self, job: _Job) -> None:
        with self._turn:
            if job.done:
                return
            job.over = True
            if job.thread is not None and self._links is not None:
                # The thread wakes at once, and knows whether anything may have been written.
                logger.warning("a database connection does not answer, and is dropped")
                self._links.drop(job.thread)
                job.future.get_loop().call_later(_GRACE_SECONDS, _fail, job)
                return
        _fail(job)

    def close(self) -> None:
        """Finish what waits, then end the threads and their connections."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            # One that waits for a peer that has vanished would never come.
            thread.join(None if self._links is None else _CLOSE_SECONDS)
        self._engine.dispose()

    def _serve(self) -> None:
        held = _HeldConnection(self._engine)
        while jobs := self._next_jobs():
            if len(jobs) > 1:
                if not _done_together(held, jobs):
                    for job in jobs:
                        _do_alone(held, job)
            elif self._takes_up(jobs[0]):
                _do_alone(held, jobs[0])
                with self._turn:
                    jobs[0].thread, jobs[0].done = None, True
            jobs[0].future.get_loop().call_soon_threadsafe(_tell, jobs)
        held.close()

    def _takes_up(self, job: _Job) -> bool:
        with self._turn:
            if not job.over:
                job.thread = threading.get_ident()
            return not job.over

    def _next_jobs(self) -> list[_Job]:
        """Wait for a work and take those that wait behind it; none when the lane is closed."""
        jobs: list[_Job] = []
        while len(jobs) < self._together and not (jobs and self._jobs.empty()):
            job = self._jobs.get()
            if job is None:
                if jobs:
                    self._jobs.put(None)
                break
            jobs.append(job)
        return jobs


class _HeldConnection:
    """A connection that is kept, and opened again when the database went away."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def transact(self, work: Work) -> Any:
        """Do the work and commit. Raises `NothingCommitted` where it can simply be done again."""
        if self._connection is None:
            self._connection = self._engine.connect()
        connection = self._connection
        try:
            transaction = connection.begin()
            try:
                result = work(connection)
            except BaseException:
                transaction.rollback()
                raise
        except DBAPIError as error:
            if error.connection_invalidated:
                self.close()
            elif getattr(error.orig, "sqlstate", None) not in _TRANSIENT:
                raise
            raise NothingCommitted from error
        try:
            transaction.commit()
        except BaseException as error:
            # Whether it is committed nobody knows, so it is not done again. The connection still
            # holds that transaction, and would refuse every other one.
            self.close()
            raise DatabaseAway(perhaps_written=True) from error
        return result


def _done_together(held: _HeldConnection, jobs: list[_Job]) -> bool:
    """Tell whether all were committed in one transaction; if not, none of them was."""
    try:
        results = held.transact(lambda connection: [job.work(connection) for job in jobs])
    except Exception:  # noqa: BLE001 - whose it was shows when each is done by itself
        return False
    for job, result in zip(jobs, results, strict=True):
        job.result = result
    return True


def _do_alone(held: _HeldConnection, job: _Job) -> None:
    for attempt in range(_ATTEMPTS):
        try:
            job.result = held.transact(job.work)
            return
        except NothingCommitted as again:
            if job.over or attempt == _ATTEMPTS - 1:
                job.error = _told(again.__cause__)
                return
        except BaseException as error:  # noqa: BLE001 - raised again where the future is awaited
            job.error = _told(error)
            return


def _told(error: BaseException | None) -> BaseException | None:
    """Return what the caller is told of an error: not to have been answered is nobody's fault."""
    if not isinstance(error, OperationalError):
        return error
    away = DatabaseAway(perhaps_written=False)
    away.__cause__ = error
    state = getattr(error.orig, "sqlstate", "")
    if state == "":  # SQLite
        return away if "locked" in str(error.orig) else error
    return away if state is None or state[:2] in _AWAY else error


def _fail(job: _Job) -> None:
    if not job.future.done():
        # What a thread has begun and can't tell the end of may be written.
        job.future.set_exception(DatabaseAway(perhaps_written=job.thread is not None))


def _tell(jobs: list[_Job]) -> None:
    for job in jobs:
        if job.future.done():
            continue  # whoever waited for it was cancelled
        if job.error is not None:
            job.future.set_exception(job.error)
        else:
            job.future.set_result(job.result)
