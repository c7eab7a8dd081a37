"""What SQLite's index of messages is asked for.

The index does not know which words follow each other, so FTS5 refuses a query that it would split
into several words. Only FTS5 knows where it splits: its letters are those of its own Unicode table.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, text

# If more words than these begin with a searched one, FTS5 looks for them: it gathers all of their
# messages before it returns the first one. The messages of words that are named it reads as needed.
_MOST_NAMED = 30
# Precedes whatever a longer word goes on with.
_LEAST = "\x01"

# Each connection creates its own. The first ones are empty but for one search; the last one shows
# what the index has.
_CREATE = (
    text(
        "CREATE VIRTUAL TABLE IF NOT EXISTS temp.searched"
        " USING fts5(text, content = '', detail = none, columnsize = 0, tokenize = 'unicode61')"
    ),
    text(
        "CREATE VIRTUAL TABLE IF NOT EXISTS temp.searched_words"
        " USING fts5vocab(temp, searched, row)"
    ),
    text(
        "CREATE VIRTUAL TABLE IF NOT EXISTS temp.indexed_words"
        " USING fts5vocab(main, message_index, instance)"
    ),
)
_PUT = text("INSERT INTO temp.searched (rowid, text) VALUES (1, :words)")
_READ = text("SELECT term FROM temp.searched_words")
_EMPTY = text("INSERT INTO temp.searched (searched) VALUES ('delete-all')")
_FIRST_FROM = text("SELECT term FROM temp.indexed_words WHERE term >= :word ORDER BY term LIMIT 1")


def split(connection: Connection, words: str) -> list[str]:
    """Return the distinct words, as they are in the index."""
    for statement in _CREATE:
        connection.execute(statement)
    connection.execute(_PUT, {"words": words})
    found = list(connection.execute(_READ).scalars())
    connection.execute(_EMPTY)
    return found


def query(connection: Connection, words: Sequence[str]) -> str | None:
    """Return FTS5's query for messages in which a word begins with each of these from `split`.

    None: there are none.
    """
    wanted = []
    for word in words:
        named = _beginning_with(connection, word)
        if named is None:
            wanted.append(f'"{word}" *')
        elif named:
            wanted.append("(" + " OR ".join(f'"{one}"' for one in named) + ")")
        else:
            return None
    return " AND ".join(wanted)


def _beginning_with(connection: Connection, prefix: str) -> list[str] | None:
    """Return the words of the index that begin with the prefix; None: more than can be named."""
    found: list[str] = []
    least = prefix
    while len(found) <= _MOST_NAMED:
        word = connection.execute(_FIRST_FROM, {"word": least}).scalar()
        if word is None or not word.startswith(prefix):
            return found
        found.append(word)
        least = word + _LEAST
    return None
