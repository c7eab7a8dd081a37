"""Notices between the servers of one PostgreSQL database, by its LISTEN and NOTIFY.

A notice is a hint to look at a row. It may get lost, and has no more than ids: PostgreSQL limits it
to 8,000 bytes, and every client of the database may listen.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple

import psycopg
from sqlalchemy import Connection, bindparam, make_url, text

from app.db.engines import PEER_OPTIONS
from app.domain.errors import DatabaseAway

_CHANNEL = "threadkeeper"
_NOTIFY = text("SELECT pg_notify(:channel, :payload)").bindparams(
    bindparam("channel", _CHANNEL), bindparam("payload")
)


class Notice(NamedTuple):
    """`kind`: what it is about; `sender`: the id of the process that sent it."""

    kind: str
    run_id: str
    sender: str


def send(connection: Connection, notices: Iterable[Notice]) -> None:
    """Send notices to every server, this one too. Does nothing on SQLite."""
    if connection.dialect.name == "postgresql":
        for notice in notices:
            connection.execute(_NOTIFY, {"payload": " ".join(notice)})


@asynccontextmanager
async def listening(url: str) -> AsyncIterator[AsyncIterator[Notice]]:
    """Yield the notices that arrive on a connection of its own. Raises `DatabaseAway`."""
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        async with await _connected(address) as connection:
            await connection.execute(f"LISTEN {_CHANNEL}")
            yield _received(connection)
    except (psycopg.Error, OSError) as error:
        raise DatabaseAway(perhaps_written=False) from error


async def _connected(address: str) -> psycopg.AsyncConnection[tuple[object, ...]]:
    """Return a connection; nothing of it is left open if this is cancelled."""
    options: dict[str, Any] = {**PEER_OPTIONS, "connect_timeout": 5}
    connecting = asyncio.ensure_future(
        psycopg.AsyncConnection.connect(address, autocommit=True, **options)
    )
    try:
        return await asyncio.shield(connecting)
    except asyncio.CancelledError:
        # Cancelled half-way, the driver would leave its socket open.
        with suppress(psycopg.Error, OSError):
            await (await connecting).close()
        raise


async def _received(
    connection: psycopg.AsyncConnection[tuple[object, ...]],
) -> AsyncIterator[Notice]:
    async for notification in connection.notifies():
        words = notification.payload.split(" ")
        # Another version may send others.
        if len(words) == len(Notice._fields):
            yield Notice(*words)
