"""Statements about the processes that execute runs."""

from collections.abc import Mapping

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from app.db.clock import database_seconds
from app.db.tables import workers

_until = database_seconds() + bindparam("seconds")
_key = workers.c.id == bindparam("key")

_INSERT = insert(workers).values(id=bindparam("key"), lease_expires_at=_until)
_RENEW = update(workers).where(_key).values(lease_expires_at=_until)
_LEASES = select(
    workers.c.id,
    workers.c.lease_expires_at,
    (workers.c.lease_expires_at - database_seconds()).label("remaining"),
)
_REMOVE = delete(workers).where(_key)
_REMOVE_LAPSED = _REMOVE.where(workers.c.lease_expires_at == bindparam("seen"))


def renew(connection: Connection, worker_id: str, seconds: float) -> None:
    """Renew the process's lease for this many seconds, by the database's clock."""
    values = {"key": worker_id, "seconds": seconds}
    if connection.execute(_RENEW, values).rowcount == 0:
        connection.execute(_INSERT, values)


def leases(connection: Connection) -> dict[str, tuple[float, float]]:
    """Return each process's lease: a number that changes with every renewal, and the remaining
    seconds, by the database's clock."""
    rows = connection.execute(_LEASES)
    return {row.id: (row.lease_expires_at, row.remaining) for row in rows}


def remove(connection: Connection, worker_id: str) -> None:
    """End the process's lease: other processes can take its runs at once."""
    connection.execute(_REMOVE, {"key": worker_id})


def remove_lapsed(connection: Connection, lapsed: Mapping[str, float]) -> None:
    """End the leases, by process, that have not been renewed since these numbers were read."""
    for worker_id, seen in lapsed.items():
        connection.execute(_REMOVE_LAPSED, {"key": worker_id, "seen": seen})
