"""Notices between the servers of one PostgreSQL database, by its LISTEN and NOTIFY.

A notice is a hint to look at a row. It may get lost, and has no more than ids: PostgreSQL limits it
to 8,000 bytes, and every client of the database may listen.
"""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, text

CHANNEL = "threadkeeper"
_NOTIFY = text("SELECT pg_notify(:channel, :payload)").bindparams(
    bindparam("channel", CHANNEL), bindparam("payload")
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
