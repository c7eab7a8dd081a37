"""Conditions about the metadata of threads.

The pairs are in a table of their own, ordered as lists are. A list that reads that table first and
then the threads finds a rare pair at once, and stops early at a common one.
"""

from collections.abc import Sequence

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    and_,
    bindparam,
    cast,
    exists,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.db.tables import PAIR_LENGTH, thread_pairs, threads

# What is more frequent than this is common: reading the list stops early.
_MANY = 1_000
_some = (
    select(literal(1))
    .where(
        thread_pairs.c.project == bindparam("of_project"),
        thread_pairs.c.key == bindparam("of_key"),
        thread_pairs.c.value == bindparam("of_value"),
    )
    .limit(_MANY)
    .subquery()
)
_COUNT = select(func.count()).select_from(_some)
# In the query itself, whose list is in the order of `thread_pairs.thread`.
ORDER = thread_pairs.c.thread

Pair = tuple[str, str]


def in_order(
    connection: Connection, project: str, pairs: Sequence[Pair]
) -> list[ColumnElement[bool]]:
    """Return the conditions for threads and `thread_pairs`, which the list is ordered by.

    The rarest pair decides which threads are read.
    """
    rarest = pairs[0]
    if len(pairs) > 1:
        rarest = min(pairs, key=lambda pair: _count(connection, project, pair))
    found = [thread_pairs.c.thread == threads.c.sequence, _is(thread_pairs, project, rarest)]
    for pair in pairs:
        if pair != rarest:
            another = thread_pairs.alias()
            of_thread = another.c.thread == thread_pairs.c.thread
            found.append(exists().where(_is(another, project, pair), of_thread))
        if any(len(part) >= PAIR_LENGTH for part in pair):
            found.append(holds(connection, *pair))
    return found


def holds(connection: Connection, key: str, value: str) -> ColumnElement[bool]:
    """Return the condition that a thread's metadata contains this pair, without the index."""
    if connection.dialect.name == "sqlite":
        # Not with a JSON path: a key may contain characters that a path can't.
        pairs = func.json_each(threads.c.metadata).table_valued("key", "value")
        return exists().select_from(pairs).where(pairs.c.key == key, pairs.c.value == value)
    return cast(threads.c.metadata, JSONB).contains({key: value})


def _is(rows: FromClause, project: str, pair: Pair) -> ColumnElement[bool]:
    key, value = (part[:PAIR_LENGTH] for part in pair)
    return and_(rows.c.project == project, rows.c.key == key, rows.c.value == value)


def _count(connection: Connection, project: str, pair: Pair) -> int:
    key, value = (part[:PAIR_LENGTH] for part in pair)
    values = {"of_project": project, "of_key": key, "of_value": value}
    return connection.execute(_COUNT, values).scalar_one()
