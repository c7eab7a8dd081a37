"""Receives the notices of other servers. Loaded with PostgreSQL only, as the driver is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import psycopg
from sqlalchemy import make_url

from app.db.engines import PEER_OPTIONS
from app.db.notices import CHANNEL, Notice
from app.domain.errors import DatabaseAway


@asynccontextmanager
async def listening(url: str) -> AsyncIterator[AsyncIterator[Notice]]:
    """Yield the notices that arrive on a connection of its own. Raises `DatabaseAway`."""
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        async with await _connected(address) as connection:
            await connection.execute(f"LISTEN {CHANNEL}")
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
