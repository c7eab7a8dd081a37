"""Transactions on database threads: committed, rolled back, done again."""

import asyncio
import gc
import threading
import warnings
from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest
from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import IntegrityError

from app.db import threads
from app.db.database import Database
from app.db.rows import ThreadRow
from app.db.tables import threads as table
from app.domain.access import Caller
from app.domain.errors import NotFound
from tests.support.databases import POSTGRES_URL
from tests.support.rows import thread_row

CALLER = Caller()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, pool_size=2)
    await database.start()
    yield database
    database.close()


@pytest.fixture
def only_postgresql(database_kind: str) -> None:
    if database_kind != "postgresql":
        pytest.skip("SQLite has no connection to lose")


@pytest.fixture
def admin(only_postgresql: None) -> Iterator[psycopg.Connection]:
    with psycopg.connect(POSTGRES_URL, autocommit=True) as connection:
        yield connection


def count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def backend(connection: Connection) -> int:
    """Return the number of the server's process behind the connection."""
    return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())


async def test_what_a_transaction_wrote_is_there_afterwards(database: Database) -> None:
    thread = await database.transaction(threads.create, thread_row())
    assert await database.read(threads.retrieve, CALLER, thread.id) == thread


async def test_nothing_is_left_of_a_transaction_that_raised(database: Database) -> None:
    def write_and_raise(connection: Connection) -> None:
        threads.create(connection, thread_row())
        raise NotFound("x")

    with pytest.raises(NotFound):
        await database.transaction(write_and_raise)
    assert await database.read(count) == 0


async def test_an_error_of_the_database_leaves_its_lane_usable(database: Database) -> None:
    thread = thread_row()

    def write_twice(connection: Connection) -> None:
        threads.create(connection, thread)
        threads.create(connection, thread)

    for _ in range(3):
        with pytest.raises(IntegrityError):
            await database.transaction(write_twice)
    await database.transaction(threads.create, thread)
    assert await database.read(count) == 1


async def test_reading_goes_on_beside_a_write(database: Database) -> None:
    begun, release = threading.Event(), threading.Event()

    def write_slowly(connection: Connection) -> ThreadRow:
        thread = threads.create(connection, thread_row())
        begun.set()
        assert release.wait(10)
        return thread

    writing = asyncio.create_task(database.transaction(write_slowly))
    assert await asyncio.to_thread(begun.wait, 10)
    # What is not committed is not read.
    assert await database.read(count) == 0
    release.set()
    await writing
    assert await database.read(count) == 1


async def test_writes_at_once_all_arrive(database: Database) -> None:
    writes = [database.transaction(threads.create, thread_row()) for _ in range(30)]
    await asyncio.gather(*writes)
    assert await database.read(count) == 30


async def test_a_work_that_fails_spoils_no_other(database: Database) -> None:
    def write(connection: Connection, number: int) -> int:
        threads.create(connection, thread_row())
        if number % 4 == 0:
            raise NotFound(f"number {number}")
        return number

    writes = [database.transaction(write, number) for number in range(20)]
    results = await asyncio.gather(*writes, return_exceptions=True)
    for number, result in enumerate(results):
        if number % 4 == 0:
            assert isinstance(result, NotFound) and result.message == f"number {number}"
        else:
            assert result == number
    assert await database.read(count) == 15


async def test_a_cancelled_caller_spoils_no_other_job(database: Database) -> None:
    writes = [
        asyncio.ensure_future(database.transaction(threads.create, thread_row())) for _ in range(10)
    ]
    await asyncio.sleep(0)
    for write in writes[::2]:
        write.cancel()
    await asyncio.gather(*writes, return_exceptions=True)
    for write in writes[1::2]:
        thread = write.result()
        assert await database.read(threads.retrieve, CALLER, thread.id) == thread


async def test_a_lost_connection_is_replaced(database: Database, admin: psycopg.Connection) -> None:
    for _ in range(2):
        for process in [
            await database.transaction(backend),
            await database.read(backend),
        ]:
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", [process])
        # Each lane has several connections: all of them are met.
        for _ in range(4):
            await database.transaction(threads.create, thread_row())
            assert await database.is_up()
    assert await database.read(count) == 8


async def test_work_is_done_again_when_its_connection_is_lost(
    database: Database, admin: psycopg.Connection
) -> None:
    attempts: list[int] = []

    def lose_it_once(connection: Connection) -> None:
        attempts.append(backend(connection))
        threads.create(connection, thread_row())
        if len(attempts) == 1:
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", [attempts[0]])
        threads.create(connection, thread_row())

    await database.transaction(lose_it_once)
    assert len(set(attempts)) == 2
    assert await database.read(count) == 2


async def test_the_loser_of_a_deadlock_is_run_again(
    database: Database, only_postgresql: None
) -> None:
    first = await database.transaction(threads.create, thread_row())
    second = await database.transaction(threads.create, thread_row())
    both_hold_one = threading.Barrier(2)
    attempts: list[str] = []

    def lock_both(connection: Connection, one: ThreadRow, other: ThreadRow) -> None:
        attempts.append(one.id)
        if len(attempts) > 2:
            return
        threads.lock(connection, CALLER, one.id)
        both_hold_one.wait(10)
        threads.lock(connection, CALLER, other.id)

    await asyncio.gather(
        database.transaction(lock_both, first, second),
        database.transaction(lock_both, second, first),
    )
    assert len(attempts) == 3


async def test_closing_closes_every_connection(database_url: str, only_postgresql: None) -> None:
    database = Database(database_url, pool_size=2)
    await database.start()
    await database.read(count)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        database.close()
        gc.collect()
    assert [str(warning.message) for warning in caught] == []
