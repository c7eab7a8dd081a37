"""Statements about the tokens that each key's runs have used."""

import random
from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, delete, func, select, text

from app.db.access_tables import key_usage
from app.db.prepared import Prepared

# How many rows a key's day is split into.
_PARTS = 8

# Plain SQL: SQLAlchemy has a different upsert for each database.
_ADD = Prepared(
    text(
        "INSERT INTO key_usage (identity, day, part, tokens) "
        "VALUES (:identity, :day, :part, :tokens) "
        "ON CONFLICT (identity, day, part) DO UPDATE SET "
        "tokens = key_usage.tokens + excluded.tokens"
    )
)
_SUM = func.coalesce(func.sum(key_usage.c.tokens), 0)
_TOKENS = select(_SUM).where(
    key_usage.c.identity == bindparam("identity"), key_usage.c.day == bindparam("day")
)
_TOKENS_OF_EACH = (
    select(key_usage.c.identity, _SUM)
    .where(
        key_usage.c.identity.in_(bindparam("identities", expanding=True)),
        key_usage.c.day == bindparam("day"),
    )
    .group_by(key_usage.c.identity)
)
_FORGET = delete(key_usage).where(key_usage.c.identity == bindparam("of_identity"))


def add(connection: Connection, identity: str, day: str, tokens: int) -> None:
    values = {"identity": identity, "day": day, "part": random.randrange(_PARTS), "tokens": tokens}
    _ADD.run(connection, values)


def tokens_of(connection: Connection, identity: str, day: str) -> int:
    """Return how many tokens, of prompts and answers, the key's runs have used on a day."""
    return int(connection.execute(_TOKENS, {"identity": identity, "day": day}).scalar_one())


def tokens_of_each(connection: Connection, identities: Sequence[str], day: str) -> dict[str, int]:
    """Return the same for several keys; those that used none are left out."""
    found = connection.execute(_TOKENS_OF_EACH, {"identities": identities, "day": day})
    return {identity: int(tokens) for identity, tokens in found}


def forget(connection: Connection, identity: str) -> None:
    connection.execute(_FORGET, {"of_identity": identity})
