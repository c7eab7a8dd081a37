"""Transactions, as plain functions on database threads.

By measurement, synchronous Core on a thread with its own connection costs half as much per turn as
async drivers, and the event loop stays free. So a job is a function of a connection. It must have
no other side effects, because it is run again if the connection was lost.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, ExitStack
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection as Connection
from sqlalchemy import make_url, text
from sqlalchemy.exc import SQLAlchemyError

from app.db import halfvecs
from app.db.engines import postgresql_engine, sqlite_engine
from app.db.lanes import Lane
from app.db.links import Links
from app.db.migrations.runner import upgrade
from app.db.notices import Notice
from app.db.time_limits import limit_statements, limited
from app.domain.deadline import Deadline
from app.domain.errors import DatabaseAway

P = ParamSpec("P")
T = TypeVar("T")
Work = Callable[Concatenate[Connection, P], T]

logger = logging.getLogger(__name__)

# How many seconds a check waits for the database's answer.
PING_SECONDS = 1.5

# SQLite has one writer: jobs that wait for it share its next commit, and the wait for the disk.
_WRITES_TOGETHER = 32

# Writing this many rows takes some milliseconds, so short transactions go first.
MANY_ROWS = 100

# Threads, each with a connection, that only search: a long search delays only other searches.
_SEARCHERS = 2
# How many seconds after a search's deadline its connection is closed.
_GRACE_SECONDS = 2.0


class Database:
    """One database, SQLite or PostgreSQL, depending on the URL.

    Reads run in parallel with writes. SQLite has only one writer, so a job that only reads must
    not begin a writing transaction.
    """

    def __init__(
        self, url: str, *, pool_size: int, timeout: float = 15.0, listen_url: str = ""
    ) -> None:
        """`url`: `sqlite:///path` or `postgresql://…`; `pool_size`: number of PostgreSQL writers.

        `timeout`: seconds that one job may take on PostgreSQL, including the wait for its turn.
        `listen_url`: PostgreSQL's own address, if `url` is that of a pooler.
        """
        address = make_url(url)
        self.passes_notices = address.get_backend_name() == "postgresql"
        self._listen_url = listen_url or url
        self._timeout = timeout
        # Engines are created before lanes, which start threads: if creating an engine fails, there
        # must be no threads to stop.
        if address.get_backend_name() == "sqlite":
            writing = sqlite_engine(address, begin="BEGIN IMMEDIATE")
            reading, searching = (sqlite_engine(address, begin="BEGIN") for _ in range(2))
            self._writers = Lane(writing, threads=1, together=_WRITES_TOGETHER)
            self._readers = Lane(reading, threads=2)
            self._searchers = Lane(searching, threads=_SEARCHERS)
        else:
            writing = postgresql_engine(address, "READ COMMITTED", timeout=timeout)
            reading = postgresql_engine(address, "AUTOCOMMIT", timeout=timeout)
            searching = postgresql_engine(
                address, "READ COMMITTED", timeout=timeout, plans_anew=True
            )
            limit_statements(searching)
            readers = max(2, pool_size // 2)
            self._writers = Lane(writing, threads=pool_size, links=Links(writing))
            self._readers = Lane(reading, threads=readers, links=Links(reading))
            self._searchers = Lane(searching, threads=_SEARCHERS, links=Links(searching))

    async def start(self) -> None:
        """Migrate the schema to the newest version, without a time limit."""
        await self._writers.call(_upgrade)

    async def transaction(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work(connection, …)` and commit before returning."""
        return await self._writers.call(
            lambda connection: work(connection, *args, **kwargs), self._timeout
        )

    async def transaction_of(
        self, rows: int, work: Work[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work(connection, …)`, which writes about this many rows."""
        run = self.long_transaction if rows >= MANY_ROWS else self.transaction
        return await run(work, *args, **kwargs)

    async def long_transaction(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work(connection, …)`, which writes many rows: short transactions go first."""
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
        """Run `work(connection, …)`, which only reads and may take long, on separate threads.

        Raises `SearchTimeout` if the deadline passes while it waits or runs.
        """

        def in_time(connection: Connection) -> T:
            with limited(connection, deadline):
                return work(connection, *args, **kwargs)

        # The database itself stops late statements. This timeout is for one that does not answer.
        return await self._searchers.call(in_time, deadline.remaining + _GRACE_SECONDS)

    def notices(self) -> AbstractAsyncContextManager[AsyncIterator[Notice]]:
        """Return the notices of all servers of this database; only if it `passes_notices`."""
        # Here, since it needs PostgreSQL's driver.
        from app.db.listening import listening  # noqa: PLC0415

        return listening(self._listen_url)

    @property
    def waiting(self) -> dict[str, int]:
        """How many jobs wait for a writing, a reading and a searching thread."""
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
    halfvecs.prepare(connection)


def _ping(connection: Connection) -> None:
    connection.execute(text("SELECT 1"))
