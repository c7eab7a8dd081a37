"""Threads that keep a connection each, and run jobs."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from app.db.job_queue import Job, JobQueue, Work
from app.db.large_values import large_value_passed
from app.db.links import Links
from app.domain.errors import DatabaseAway
from app.domain.turns import current_turn

T = TypeVar("T")

logger = logging.getLogger(__name__)

# PostgreSQL's codes for a deadlock, a serialization failure, and a key that another transaction
# inserted first: a retry finds it.
_TRANSIENT = frozenset({"40P01", "40001", "23505"})


# The first two characters of PostgreSQL's codes if it is unreachable, shutting down or full.
_AWAY = frozenset({"08", "53", "57"})

# Once the jobs of a shared commit have taken this many seconds, it does not wait for more jobs.
COMMIT_SECONDS = 0.02

# How often a job is tried if nothing was committed: the database may be back by then.
_ATTEMPTS = 3


class NothingCommitted(Exception):
    """The transaction had no effect: its connection was lost, or another one won a race."""


# How many seconds a thread has to report on a job whose connection was dropped.
_GRACE_SECONDS = 1.0
# How many seconds a thread has to close its connection when the lane is closed.
_CLOSE_SECONDS = 10.0


class Lane:
    """Some threads of one engine.

    A thread runs up to `together` waiting short jobs in one transaction, as long as they take less
    than `COMMIT_SECONDS`: the commit is the most expensive part. If one of them fails, nothing is
    committed, and each job is run by itself. A long job has its own commit.
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
        """`links`: drops connections of `engine` from other threads, if that is possible.

        `clock` returns seconds.
        """
        self._engine = engine
        self._links = links
        self._together = together
        self._clock = clock
        # Held while a job is started, ended or given up: only one of these happens at a time.
        self._state_lock = threading.Lock()
        self._jobs = JobQueue()
        self._threads = [
            threading.Thread(target=self._serve, name=f"database-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        """How many jobs no thread has started yet."""
        return len(self._jobs)

    async def call(
        self, work: Callable[[Connection], T], seconds: float | None = None, *, long: bool = False
    ) -> T:
        """Run the job on one of the threads; `seconds`: its timeout, including the wait.

        `long`: it writes many rows, and lets short jobs go first.

        After the timeout this raises `DatabaseAway`, and the connection that the job waits on is
        dropped. A lane without `links` ignores the timeout.
        """
        loop = asyncio.get_running_loop()
        job = Job(work, loop.create_future(), long=long, turn=current_turn())
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
        with self._state_lock:
            if job.done:
                return
            job.over = True
            if job.thread is not None and self._links is not None:
                # The thread wakes up at once, and knows whether anything may have been written.
                logger.warning("a database connection does not answer and was dropped")
                self._links.drop(job.thread)
                job.future.get_loop().call_later(_GRACE_SECONDS, _fail, job)
                return
        _fail(job)

    def close(self) -> None:
        """Finish the waiting jobs, then end the threads and their connections."""
        self._jobs.close()
        for thread in self._threads:
            # A thread that waits for a vanished peer might never end.
            thread.join(None if self._links is None else _CLOSE_SECONDS)
        self._engine.dispose()

    def _serve(self) -> None:
        held = _HeldConnection(self._engine)
        while (job := self._jobs.take()) is not None:
            jobs = [job]
            if self._together > 1 and not job.long and self._jobs.has_short:
                self._run_together(held, jobs)
            elif self._starts(job):
                _run_alone(held, job)
                with self._state_lock:
                    job.thread, job.done = None, True
            job.future.get_loop().call_soon_threadsafe(_deliver, jobs)
        held.close()

    def _run_together(self, held: "_HeldConnection", jobs: list[Job]) -> None:
        """Run `jobs[0]` and waiting short jobs in one transaction; append these to `jobs`."""

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
        except Exception:  # noqa: BLE001 - running each job by itself shows which one failed
            for job in jobs:
                _run_alone(held, job)
        else:
            for job, result in zip(jobs, results, strict=True):
                job.result = result

    def _starts(self, job: Job) -> bool:
        with self._state_lock:
            if not job.over:
                job.thread = threading.get_ident()
            return not job.over


class _HeldConnection:
    """A connection that stays open.

    It is reopened after the database was unreachable, and after a large value: see `large_values`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def transact(self, work: Work) -> Any:
        """Run the job and commit. Raises `NothingCommitted` if it can simply be run again."""
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
            # It is unknown whether it was committed, so it is not run again. The connection is
            # still in that transaction, and would refuse every other one.
            self.close()
            raise DatabaseAway(perhaps_written=True) from error
        if large_value_passed():
            self.close()
        return result


def _run_alone(held: _HeldConnection, job: Job) -> None:
    for attempt in range(_ATTEMPTS):
        try:
            job.result = held.transact(job.work)
            return
        except NothingCommitted as again:
            if job.over or attempt == _ATTEMPTS - 1:
                job.error = _reported(again.__cause__)
                return
        except BaseException as error:  # noqa: BLE001 - raised again where the future is awaited
            job.error = _reported(error)
            return


def _reported(error: BaseException | None) -> BaseException | None:
    """Return the error to raise for the caller: `DatabaseAway` if the database did not answer."""
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
        # A job that a thread has started, but did not report on, may have written.
        job.future.set_exception(DatabaseAway(perhaps_written=job.thread is not None))


def _deliver(jobs: list[Job]) -> None:
    for job in jobs:
        if job.future.done():
            continue  # its caller was cancelled
        if job.error is not None:
            job.future.set_exception(job.error)
        else:
            job.future.set_result(job.result)
