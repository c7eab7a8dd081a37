"""Statements about the full-text index over messages.

A message is found if each search word is a prefix of one of its words: so `문구` finds `문구를`.
Triggers put messages into a queue, from which they are indexed many at a time: a commit that
changes the index costs as much as the rest of a turn. The index is FTS5 on SQLite, and a table of
words on PostgreSQL.
"""

import re
import string
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    ColumnElement,
    Connection,
    any_,
    bindparam,
    column,
    exists,
    false,
    literal,
    select,
    table,
    text,
)

from app.db import searched_words
from app.db.slices import in_slice, together
from app.db.tables import messages, threads

_AT_ONCE = 100
# A word in more messages than these is frequent. The list then looks into one thread after the
# other, newest first: a page is full soon.
_MANY = 2_000
_WORD = re.compile(r"\w")
# The separators between words, as in `message_words`.
_BETWEEN_WORDS = str.maketrans(dict.fromkeys(string.punctuation, " "))

_WAITING = text("SELECT coalesce(max(sequence), 0) FROM message_index_queue")
# The newest first: what was just said is found even while many older messages wait.
_NEXT = text(
    "SELECT sequence, coalesce(length(CAST(messages.content AS text)), 0) AS characters FROM "
    "(SELECT sequence FROM message_index_queue ORDER BY sequence DESC LIMIT :count) AS waiting "
    "LEFT JOIN messages USING (sequence) ORDER BY sequence DESC"
)
_among_keys: BindParameter[Any] = bindparam("keys", expanding=True)
_TAKE = text(
    "DELETE FROM message_index_queue WHERE sequence IN :keys RETURNING sequence"
).bindparams(_among_keys)
_INDEX = {
    # In ascending order: FTS5 writes what it has gathered whenever a row precedes the last one.
    "sqlite": text(
        "INSERT OR REPLACE INTO message_index (rowid, text) "
        "SELECT messages.sequence, "
        "(SELECT group_concat(json_extract(part.value, '$.text.value'), char(10)) "
        "FROM json_each(messages.content) AS part) "
        "FROM messages WHERE messages.sequence IN :keys ORDER BY messages.sequence"
    ).bindparams(_among_keys),
    # The lock keeps a message from being deleted between being read and being indexed.
    "postgresql": text(
        "INSERT INTO message_index (sequence, thread, words) "
        "SELECT messages.sequence, threads.sequence, "
        # Null if no part of the message is text.
        "coalesce(message_words(messages.content), CAST('' AS tsvector)) "
        "FROM messages JOIN threads ON threads.id = messages.thread_id "
        "WHERE messages.sequence IN :keys AND messages.status <> 'in_progress' "
        "ORDER BY messages.sequence FOR KEY SHARE OF messages "
        "ON CONFLICT (sequence) DO UPDATE SET words = excluded.words"
    ).bindparams(_among_keys),
}
# With the plus sign, SQLite reads the messages of a thread and not, for each thread, all matches.
_FOUND_BY_FTS5 = text(
    "+messages.sequence IN (SELECT rowid FROM message_index WHERE message_index MATCH :q)"
)
_SOME_BY_FTS5 = text(
    "SELECT threads.sequence FROM messages JOIN threads ON threads.id = messages.thread_id "
    "WHERE messages.sequence IN "
    "(SELECT rowid FROM message_index WHERE message_index MATCH :q LIMIT :count)"
)
# Only on PostgreSQL.
_indexed = table("message_index", column("thread", BigInteger))
_MATCHES = text("message_index.words @@ to_tsquery('simple', :q)")
# Until the table is analysed, as after an import, the planner would read all of it for a rare word.
# Once it is, it knows the frequent words, for which the index takes longer.
_READ_INDEX = text(
    "SELECT set_config('enable_seqscan', CASE WHEN reltuples <= 0 THEN 'off' ELSE 'on' END, true) "
    "FROM pg_class WHERE oid = to_regclass('message_index')"
)
_READ_FREELY = text("SELECT set_config('enable_seqscan', 'on', true)")


def newest_waiting(connection: Connection) -> int:
    """Return the sequence of the newest message that is not indexed yet, 0 if all are."""
    return int(connection.execute(_WAITING).scalar_one())


def catch_up(connection: Connection) -> bool:
    """Index waiting messages, the newest first, for a short time. True if there may be more."""
    return in_slice(connection, _index_some)


def _index_some(connection: Connection) -> bool:
    waiting = connection.execute(_NEXT, {"count": _AT_ONCE})
    found = [(row.sequence, row.characters) for row in waiting]
    if not found:
        return False
    asked = together(found)
    # Taken first: a message that is changed meanwhile waits for this transaction's end, and is put
    # into the queue again.
    keys = list(connection.execute(_TAKE, {"keys": asked}).scalars())
    if keys:
        connection.execute(_INDEX[connection.dialect.name], {"keys": keys})
    return len(found) == _AT_ONCE or len(asked) < len(found)


def threads_with(connection: Connection, words: str) -> ColumnElement[bool]:
    """Return the condition that a message of the thread contains all of the words."""
    on_sqlite = connection.dialect.name == "sqlite"
    between = words.translate(_BETWEEN_WORDS)
    asked = _distinct(searched_words.split(connection, between) if on_sqlite else between.split())
    if not asked:
        return false()
    if on_sqlite:
        return _by_fts5(connection, asked)
    return _by_gin(connection, " & ".join(map(_for_postgresql, asked)))


def _by_fts5(connection: Connection, asked: list[str]) -> ColumnElement[bool]:
    query = searched_words.query(connection, asked)
    if query is None:
        return false()
    some = connection.execute(_SOME_BY_FTS5, {"q": query, "count": _MANY + 1}).scalars().all()
    if len(some) <= _MANY:
        return threads.c.sequence.in_(sorted(set(some)))
    found = _FOUND_BY_FTS5.bindparams(q=query)
    return exists().where(messages.c.thread_id == threads.c.id, found)


def _by_gin(connection: Connection, query: str) -> ColumnElement[bool]:
    """Don't leave it to the planner whether many messages match: it is often wrong."""
    matches = _MATCHES.bindparams(q=query)
    found = select(_indexed.c.thread).where(matches).limit(_MANY + 1)
    connection.execute(_READ_INDEX)
    some: Sequence[Any] = connection.execute(found).scalars().all()
    connection.execute(_READ_FREELY)
    if len(some) <= _MANY:
        listed = bindparam("found", sorted(set(some)), ARRAY(BigInteger), unique=True)
        return threads.c.sequence == any_(listed)
    in_thread = select(literal(1)).where(_indexed.c.thread == threads.c.sequence, matches).limit(1)
    # As a value, it is read once per thread, in the list's order; a semi-join could read all.
    return in_thread.scalar_subquery().is_not(None)


def _distinct(words: list[str]) -> list[str]:
    """Return the words without prefixes of others: the longer one is more specific and cheaper."""
    ordered = sorted({word for word in words if _WORD.search(word)})
    # When sorted, a word comes directly before those that begin with it.
    return [
        word
        for place, word in enumerate(ordered)
        if not "".join(ordered[place + 1 : place + 2]).startswith(word)
    ]


def _for_postgresql(word: str) -> str:
    return f"'{word}':*"
