"""Encrypts secrets, and keeps all servers of a database at the same SECRETS_KEY."""

import asyncio
import logging

from app.core.sealing import SETTING, Sealer, SealingError
from app.db import secrets_key
from app.db.database import Connection, Database
from app.domain.errors import InvalidRequest, StartError

logger = logging.getLogger(__name__)


async def check_secrets_key(database: Database, sealer: Sealer, *, lost: bool) -> None:
    """Raises `StartError` if the database has secrets that this server can't decrypt."""
    fingerprint = sealer.fingerprint
    try:
        await database.transaction(secrets_key.check, fingerprint, lost=lost)
    except secrets_key.OtherKey:
        here = "is not set here" if fingerprint is None else "is another one here"
        raise StartError(
            f"The database has secrets that were encrypted with a {SETTING} which {here}. "
            f"Set the same {SETTING} on all servers of this database. If it is lost, start once "
            f"with {SETTING}_LOST=true, enter the secrets of actions and webhooks again, "
            "and make new ones for user tokens"
        ) from None
    if lost:
        logger.warning("%s_LOST is set: remove it, so that a wrong key is noticed again", SETTING)


async def sealed(
    sealer: Sealer, owner: str, secret: str, *, what: str = "secret", param: str | None = None
) -> str:
    """Return a secret of the object with the id `owner`, encrypted.

    Raises `InvalidRequest`, about `what` and `param`, if there is no key for that.
    """
    try:
        return await asyncio.to_thread(sealer.seal, owner, secret)
    except SealingError as error:
        raise InvalidRequest(
            f"The {what} can't be stored: {error}.", param=param, code="no_secrets_key"
        ) from error


def claim_secrets_key(connection: Connection, sealer: Sealer) -> None:
    """Called in the transaction that stores a secret. Raises `InvalidRequest`."""
    fingerprint = sealer.fingerprint
    assert fingerprint is not None  # there is a key since the secret was encrypted
    try:
        secrets_key.claim(connection, fingerprint)
    except secrets_key.OtherKey:
        raise InvalidRequest(
            f"The secret can't be stored: the database has secrets of another {SETTING}. Set the "
            f"same {SETTING} on all servers of this database.",
            code="other_secrets_key",
        ) from None
