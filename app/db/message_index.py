"""Statements about the full-text index over messages.

A message is found if each search word is a prefix of one of its words: so `문구` finds `문구를`.
PostgreSQL updates its index by itself (GIN, over the function `message_words`). SQLite's FTS5
index is updated from a queue, which triggers fill.
"""

import re
import string

from sqlalchemy import ColumnElement, Connection, false, select, text

from app.db.tables import messages, threads

_AT_ONCE = 500
_WORD = re.compile(r"\w")
# The separators between words, as in `message_words`.
_BETWEEN_WORDS = str.maketrans(dict.fromkeys(string.punctuation, " "))

_WAITING = text("SELECT 1 FROM message_index_queue LIMIT 1")
_INDEX = text(
    "INSERT OR REPLACE INTO message_index (rowid, text) "
    "SELECT messages.sequence, "
    "(SELECT group_concat(json_extract(part.value, '$.text.value'), char(10)) "
    "FROM json_each(messages.content) AS part) "
    "FROM messages WHERE messages.sequence IN "
    "(SELECT sequence FROM message_index_queue ORDER BY sequence LIMIT :count)"
)
_TAKE_OUT = text(
    "DELETE FROM message_index_queue WHERE sequence IN "
    "(SELECT sequence FROM message_index_queue ORDER BY sequence LIMIT :count)"
)
_FOUND_BY_FTS5 = text("messages.sequence IN (SELECT rowid FROM message_index WHERE text MATCH :q)")
_FOUND_BY_GIN = text(
    "message_words(messages.content) @@ to_tsquery('simple', :q) "
    "AND messages.status <> 'in_progress'"
)


def is_behind(connection: Connection) -> bool:
    """Return whether there are messages that are not indexed yet."""
    return connection.dialect.name == "sqlite" and connection.execute(_WAITING).first() is not None


def catch_up(connection: Connection) -> bool:
    """Index some of the waiting messages. True if there may be more."""
    if connection.dialect.name != "sqlite":
        return False
    connection.execute(_INDEX, {"count": _AT_ONCE})
    return connection.execute(_TAKE_OUT, {"count": _AT_ONCE}).rowcount == _AT_ONCE


def threads_with(connection: Connection, words: str) -> ColumnElement[bool]:
    """Return the condition that a message of the thread contains all of the words."""
    asked = _distinct(words.translate(_BETWEEN_WORDS).split())
    if not asked:
        return false()
    if connection.dialect.name == "sqlite":
        found = _FOUND_BY_FTS5.bindparams(q=" ".join(map(_for_fts5, asked)))
    else:
        found = _FOUND_BY_GIN.bindparams(q=" & ".join(map(_for_postgresql, asked)))
    return threads.c.id.in_(select(messages.c.thread_id).where(found))


def _distinct(words: list[str]) -> list[str]:
    """Return the words without prefixes of others: the longer one is more specific and cheaper."""
    ordered = sorted({word for word in words if _WORD.search(word)})
    # When sorted, a word comes directly before those that begin with it.
    return [
        word
        for place, word in enumerate(ordered)
        if not "".join(ordered[place + 1 : place + 2]).startswith(word)
    ]


def _for_fts5(word: str) -> str:
    return f'"{word}" *'


def _for_postgresql(word: str) -> str:
    return f"'{word}':*"
