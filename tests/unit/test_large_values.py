"""A connection is not kept after a large value: its driver would keep the memory for it."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from app.db import messages, threads
from app.db.database import Connection, Database
from app.db.rows import MessageRow
from app.domain.clock import now
from app.domain.ids import new_id
from tests.support.rows import thread_row

SMALL, LARGE = "a" * 100_000, "a" * 1_000_000


@pytest.fixture
async def database(database_url: str, database_kind: str) -> AsyncIterator[Database]:
    if database_kind == "sqlite":
        pytest.skip("SQLite's connections have no buffers for values")
    database = Database(database_url, pool_size=1)
    yield database
    database.close()


def write(connection: Connection, said: str) -> str:
    """Store a message; return its id."""
    thread = threads.create(connection, thread_row())
    message = MessageRow(
        id=new_id("message"),
        created_at=now(),
        thread_id=thread.id,
        role="user",
        content=[{"type": "text", "text": {"value": said, "annotations": []}}],
        status="completed",
    )
    messages.create(connection, message)
    return message.id


def read_again(connection: Connection, message_id: str, said: str) -> int:
    """Read it on the connection that wrote it; return the connection's number."""
    message = messages.find(connection, message_id)
    assert message is not None
    assert message.content[0]["text"]["value"] == said
    return number(connection)


def number(connection: Connection) -> int:
    pid: int = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    return pid


async def test_a_connection_stays_open_for_small_values(database: Database) -> None:
    first = await database.transaction(number)
    message_id = await database.transaction(write, SMALL)
    assert await database.transaction(read_again, message_id, SMALL) == first
    assert await database.transaction(number) == first


async def test_a_connection_is_closed_after_it_has_written_a_large_value(
    database: Database,
) -> None:
    first = await database.transaction(number)
    await database.transaction(write, LARGE)
    assert await database.transaction(number) != first


async def test_a_connection_is_closed_after_it_has_read_a_large_value(database: Database) -> None:
    message_id = await database.transaction(write, LARGE)
    reader = await database.transaction(read_again, message_id, LARGE)
    after = await database.transaction(number)
    assert after != reader
    assert await database.transaction(number) == after
