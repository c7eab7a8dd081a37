"""Statements about secrets, which all processes of one database share."""

import secrets as random

from sqlalchemy import Connection, bindparam, select

from app.db.rows import SECRETS, SecretRow
from app.db.tables import secrets

_VALUE = select(secrets.c.value).where(secrets.c.name == bindparam("key"))


def shared_secret(connection: Connection, name: str) -> str:
    """Return the secret with this name; the first process that needs it creates it."""
    value: str | None = connection.execute(_VALUE, {"key": name}).scalar()
    if value is None:
        value = random.token_urlsafe(48)
        # A transaction that loses the race to insert it is run again, and finds the other's.
        SECRETS.insert(connection, SecretRow(name, value))
    return value
