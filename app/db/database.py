"""Transactions, as plain functions on database threads.

Measured: synchronous Core on a thread that holds its connection costs half of what async
drivers cost for a turn, and the event loop is free meanwhile. So work is a function of a
connection; it may be run again if the database went away under it, and touches nothing else.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import ExitStack
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection as Connection
from sqlalchemy import make_url, text
from sqlalchemy.exc import SQLAlchemyError

from app.db.engines import postgresql_engine, sqlite_engine
from app.db.lanes import Lane
from app.db.links import Links
from app.db.migrations.runner import upgrade
from app.db.time_limits import limit_statements, limited
from app.domain.deadline import Deadline
from app.domain.errors import DatabaseAway

P = ParamSpec("P")
T = TypeVar("T")
Work = Callable[Concatenate[Connection, P], T]

logger = logging.getLogger(__name__)

# How long (in seconds) a check that the database answers waits for it.
PING_SECONDS = 1.5

# SQLite has one writer: who waits for it shares its next commit, and the wait for the disk.
_WRITES_TOGETHER = 32

# Rows whose writing takes some milliseconds: short transactions go before it.
MANY_ROWS = 100

# Threads, and connections, that only search: a long search delays other searches and nothing else.
_SEARCHERS = 2
# Seconds after a search's deadline at which its connection is given up.
_LATER = 2.0


class Database:
    """One database, SQLite or PostgreSQL; the URL decides.

    Reads run beside writes: on SQLite there is one writer, and what only reads must not begin
    a writing transaction.
    """

    def __init__(self, url: str, *, pool_size: int, timeout: float = 15.0) -> None:
        """`url`: `sqlite:///path` or `postgresql://…`; `pool_size` counts PostgreSQL's writers.

        `timeout`: seconds that one work may take on PostgreSQL, waiting for its turn included.
        """
        address = make_url(url)
        self._timeout = timeout
        # Lanes come last: they start threads, which nobody could end if an engine can't be made.
        if address.get_backend_name() == "sqlite":
            writing = sqlite_engine(address, begin="BEGIN IMMEDIATE")
            reading, searching = (sqlite_engine(address, begin="BEGIN") for _ in range(2))
            self._writers = Lane(writing, threads=1, together=_WRITES_TOGETHER)
            self._readers = Lane(reading, threads=2)
            self._searchers = Lane(searching, threads=_SEARCHERS)
        else:
            writing = postgresql_engine(address, "READ COMMITTED", timeout=timeout)
            reading = postgresql_engine(address, "AUTOCOMMIT", timeout=timeout)
            searching = postgresql_engine(address, "READ COMMITTED", timeout=timeout)
            limit_statements(searching)
            readers = max(2, pool_size // 2)
            self._writers = Lane(writing, threads=pool_size, links=Links(writing))
            self._readers = Lane(reading, threads=readers, links=Links(reading))
            self._searchers = Lane(searching, threads=_SEARCHERS, links=Links(searching))

    async def start(self) -> None:
        """Bring the schema up to date, however long that takes."""
        await self._writers.call(_upgrade)

    async def transaction(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work(connection, …)`; what it wrote is committed when this returns."""
        return await self._writers.call(
            lambda connection: work(connection, *args, **kwargs), self._timeout
        )

    async def transaction_of(
        self, rows: int, work: Work[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work(connection, …)`, which writes about so many rows."""
        run = self.long_transaction if rows >= MANY_ROWS else self.transaction
        return await run(work, *args, **kwargs)

    async def long_transaction(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work(connection, …)`, which writes many rows: short transactions go before it."""
        return await self._writers.call(
            lambda connection: work(connection, *args, **kwargs), self._timeout, long=True
        )

    async def read(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work(connection, …)`, which only reads."""
        return await self._readers.call(
            lambda connection: work(connection, *args, **kwargs), self._timeout
        )

    async def search(
        self, deadline: Deadline, work: Work[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work(connection, …)`, which only reads and may take long, on threads of its own.

        Raises `SearchTimeout` when the deadline passes, while it waits or while it runs.
        """

        def in_time(connection: Connection) -> T:
            with limited(connection, deadline):
                return work(connection, *args, **kwargs)

        # The database itself ends what is late; only one that is silent is given up here.
        return await self._searchers.call(in_time, deadline.remaining + _LATER)

    @property
    def waiting(self) -> dict[str, int]:
        """How many works wait for a thread that writes, for one that reads, or that searches."""
        return {
            "write": self._writers.waiting,
            "read": self._readers.waiting,
            "search": self._searchers.waiting,
        }

    async def is_up(self) -> bool:
        """Return whether the database answers within two seconds."""
        try:
            async with asyncio.timeout(PING_SECONDS + 0.5):
                await self._readers.call(_ping, PING_SECONDS)
        except (SQLAlchemyError, DatabaseAway, TimeoutError) as error:
            logger.warning("the database does not answer: %s", type(error).__name__)
            return False
        return True

    def close(self) -> None:
        """End all threads and connections, even if some of them fail to end."""
        with ExitStack() as stack:
            for lane in (self._writers, self._readers, self._searchers):
                stack.callback(lane.close)


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
    upgrade(connection)


def _ping(connection: Connection) -> None:
    connection.execute(text("SELECT 1"))
