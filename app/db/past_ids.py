"""Statements about the ids of deleted threads and assistants: with `ADOPT_IDS`, none comes back.

They are kept from the first start with `ADOPT_IDS` on, whatever it is set to later.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, insert, select

from app.db.tables import past_ids

# The row that says so. No object has this id.
_KEPT = "*kept"

_KNOWN = select(past_ids.c.id).where(past_ids.c.id.in_(bindparam("keys", expanding=True)))
_ADD = insert(past_ids)


def keep_from_now_on(connection: Connection) -> None:
    if not is_past(connection, _KEPT):
        connection.execute(_ADD, {"id": _KEPT})


def note(connection: Connection, deleted: Sequence[str]) -> None:
    """Remember the ids, if any are kept; their objects are deleted in this transaction."""
    # An import may have brought back an id, which is now deleted for the second time.
    known = set(connection.execute(_KNOWN, {"keys": [_KEPT, *deleted]}).scalars())
    new = [{"id": one} for one in deleted if one not in known]
    if new and _KEPT in known:
        connection.execute(_ADD, new)


def is_past(connection: Connection, object_id: str) -> bool:
    return connection.execute(_KNOWN, {"keys": [object_id]}).first() is not None
