"""Statements about the ids of deleted threads and assistants: with `ADOPT_IDS`, none comes back."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, insert, select

from app.db.tables import past_ids

_KNOWN = select(past_ids.c.id).where(past_ids.c.id.in_(bindparam("keys", expanding=True)))
_ADD = insert(past_ids)


def note(connection: Connection, deleted: Sequence[str]) -> None:
    """Remember the ids; their objects are deleted in this transaction."""
    # An import may have brought back an id, which is now deleted for the second time.
    known = set(connection.execute(_KNOWN, {"keys": list(deleted)}).scalars())
    if new := [{"id": one} for one in deleted if one not in known]:
        connection.execute(_ADD, new)


def is_past(connection: Connection, object_id: str) -> bool:
    return connection.execute(_KNOWN, {"keys": [object_id]}).first() is not None
