"""Statements about the processes that carry runs."""

from sqlalchemy import Connection, bindparam, delete, insert, update

from app.db.tables import workers

_INSERT = insert(workers)
_RENEW = (
    update(workers)
    .where(workers.c.id == bindparam("key"))
    .values(lease_expires_at=bindparam("until"))
)
_REMOVE = delete(workers).where(workers.c.id == bindparam("key"))
_REMOVE_LAPSED = delete(workers).where(workers.c.lease_expires_at < bindparam("before"))


def renew(connection: Connection, worker_id: str, until: float) -> None:
    """Let the process hold its runs until the Unix time `until`, in seconds."""
    values = {"key": worker_id, "until": until}
    if connection.execute(_RENEW, values).rowcount == 0:
        connection.execute(_INSERT, {"id": worker_id, "lease_expires_at": until})


def remove(connection: Connection, worker_id: str) -> None:
    """End the process's lease: its runs are free at once."""
    connection.execute(_REMOVE, {"key": worker_id})


def remove_lapsed(connection: Connection, before: float) -> None:
    connection.execute(_REMOVE_LAPSED, {"before": before})
