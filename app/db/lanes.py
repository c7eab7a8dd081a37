"""Threads that hold a connection each, and do the works that are handed to them."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from app.db.job_queue import Job, JobQueue, Work
from app.db.links import Links
from app.domain.errors import DatabaseAway

T = TypeVar("T")

logger = logging.getLogger(__name__)

# PostgreSQL's codes for a deadlock, a serialization failure, and a key that another transaction
# was quicker to insert: who looks once more finds it.
_TRANSIENT = frozenset({"40P01", "40001", "23505"})


# The first two characters of PostgreSQL's codes where it can't be reached, stops, or is full.
_AWAY = frozenset({"08", "53", "57"})

# Once the jobs of a shared commit have taken so long (in seconds), it is made without the others.
COMMIT_SECONDS = 0.02

# How often a work is done that left no trace: the database may be back, the race won.
_ATTEMPTS = 3


class NothingCommitted(Exception):
    """The transaction is gone without a trace: its connection was lost, or another won a race."""


# How long (in seconds) a thread gets to say what became of a work whose connection was dropped.
_GRACE_SECONDS = 1.0
# How long (in seconds) a thread gets to end its connection when the lane is closed.
_CLOSE_SECONDS = 10.0


class Lane:
    """Some threads of one engine.

    A thread takes up to `together` short jobs that wait anyway into one transaction, as long as
    they take less than `COMMIT_SECONDS`: what costs most is its commit. If one of them fails
    nothing is committed, and each is done by itself. A long job has a commit of its own.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        threads: int,
        together: int = 1,
        links: Links | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`links`: how the connections of `engine` are dropped from outside, if they can be.

        `clock` gives seconds.
        """
        self._engine = engine
        self._links = links
        self._together = together
        self._clock = clock
        # Held while a work is taken up, ended or given up: it is one of these at a time.
        self._turn = threading.Lock()
        self._jobs = JobQueue()
        self._threads = [
            threading.Thread(target=self._serve, name=f"database-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        """How many works no thread has taken up yet."""
        return len(self._jobs)

    async def call(
        self, work: Callable[[Connection], T], seconds: float | None = None, *, long: bool = False
    ) -> T:
        """Do the work on one of the threads; `seconds`: how long that may take, waiting included.

        `long`: it writes many rows, and lets short works go before it.

        A work that takes longer raises `DatabaseAway`, and the connection that it waits on is
        dropped. Only where the lane has `links`: elsewhere a work is never given up.
        """
        loop = asyncio.get_running_loop()
        job = Job(work, loop.create_future(), long=long)
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

    def _give_up(self, job: Job) -> None:
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
        self._jobs.close()
        for thread in self._threads:
            # One that waits for a peer that has vanished would never come.
            thread.join(None if self._links is None else _CLOSE_SECONDS)
        self._engine.dispose()

    def _serve(self) -> None:
        held = _HeldConnection(self._engine)
        while (job := self._jobs.take()) is not None:
            jobs = [job]
            if self._together > 1 and not job.long and self._jobs.has_short:
                self._do_together(held, jobs)
            elif self._takes_up(job):
                _do_alone(held, job)
                with self._turn:
                    job.thread, job.done = None, True
            job.future.get_loop().call_soon_threadsafe(_tell, jobs)
        held.close()

    def _do_together(self, held: "_HeldConnection", jobs: list[Job]) -> None:
        """Do the first of `jobs` in one transaction with short ones that wait; add these."""

        def work(connection: Connection) -> list[Any]:
            end = self._clock() + COMMIT_SECONDS
            results = [jobs[0].work(connection)]
            while len(jobs) < self._together and self._clock() < end:
                job = self._jobs.take_short()
                if job is None:
                    break
                jobs.append(job)
                results.append(job.work(connection))
            return results

        try:
            results = held.transact(work)
        except Exception:  # noqa: BLE001 - whose it was shows when each is done by itself
            for job in jobs:
                _do_alone(held, job)
        else:
            for job, result in zip(jobs, results, strict=True):
                job.result = result

    def _takes_up(self, job: Job) -> bool:
        with self._turn:
            if not job.over:
                job.thread = threading.get_ident()
            return not job.over


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


def _do_alone(held: _HeldConnection, job: Job) -> None:
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


def _fail(job: Job) -> None:
    if not job.future.done():
        # What a thread has begun and can't tell the end of may be written.
        job.future.set_exception(DatabaseAway(perhaps_written=job.thread is not None))


def _tell(jobs: list[Job]) -> None:
    for job in jobs:
        if job.future.done():
            continue  # whoever waited for it was cancelled
        if job.error is not None:
            job.future.set_exception(job.error)
        else:
            job.future.set_result(job.result)
