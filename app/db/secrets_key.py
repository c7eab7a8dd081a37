"""Which SECRETS_KEY the database's secrets are encrypted with: a fingerprint, never the key."""

from sqlalchemy import Connection, bindparam, delete, exists, select, update

from app.db.action_tables import actions
from app.db.notification_tables import notification_targets
from app.db.rows import SECRETS, SecretRow
from app.db.tables import secrets
from app.db.visitor_tables import user_token_secrets

_NAME = "fingerprint of SECRETS_KEY"
_key = secrets.c.name == _NAME
_STORED = select(secrets.c.value).where(_key)
_CHANGE = update(secrets).where(_key).values(value=bindparam("fingerprint"))
_FORGET = delete(secrets).where(_key)
_ANY = select(
    exists().where(actions.c.secret.is_not(None))
    | exists().where(notification_targets.c.secret.is_not(None))
    | exists().where(user_token_secrets.c.id.is_not(None))
)


class OtherKey(Exception):
    """The database has secrets that were encrypted with another key."""


def claim(connection: Connection, fingerprint: str) -> None:
    """Remember the key of the secret that this transaction stores. Raises `OtherKey`."""
    stored: str | None = connection.execute(_STORED).scalar()
    if stored is None:
        SECRETS.insert(connection, SecretRow(_NAME, fingerprint))
    elif stored != fingerprint:
        if connection.execute(_ANY).scalar():
            raise OtherKey
        connection.execute(_CHANGE, {"fingerprint": fingerprint})


def check(connection: Connection, fingerprint: str | None, *, lost: bool) -> None:
    """Raises `OtherKey` if there are secrets that the key, if any, can't decrypt.

    `lost`: the old key is, so that its secrets are given up.
    """
    if not connection.execute(_ANY).scalar():
        return
    stored: str | None = connection.execute(_STORED).scalar()
    if stored is None:
        if fingerprint is not None:
            SECRETS.insert(connection, SecretRow(_NAME, fingerprint))
    elif stored != fingerprint:
        if not lost:
            raise OtherKey
        connection.execute(_FORGET)
        if fingerprint is not None:
            SECRETS.insert(connection, SecretRow(_NAME, fingerprint))
