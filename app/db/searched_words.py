"""Splits what is searched for as SQLite's index of messages has split these.

The index does not know which words follow each other, so FTS5 refuses a query that it would split
into several words. Only FTS5 knows where it splits: its letters are those of its own Unicode table.
"""

from sqlalchemy import Connection, text

# Each connection creates its own; they are empty but for one search.
_CREATE = (
    text(
        "CREATE VIRTUAL TABLE IF NOT EXISTS temp.searched"
        " USING fts5(text, content = '', detail = none, columnsize = 0, tokenize = 'unicode61')"
    ),
    text(
        "CREATE VIRTUAL TABLE IF NOT EXISTS temp.searched_words"
        " USING fts5vocab(temp, searched, row)"
    ),
)
_PUT = text("INSERT INTO temp.searched (rowid, text) VALUES (1, :words)")
_READ = text("SELECT term FROM temp.searched_words")
_EMPTY = text("INSERT INTO temp.searched (searched) VALUES ('delete-all')")


def split(connection: Connection, words: str) -> list[str]:
    """Return the distinct words, as they are in the index; only on SQLite."""
    for statement in _CREATE:
        connection.execute(statement)
    connection.execute(_PUT, {"words": words})
    found = list(connection.execute(_READ).scalars())
    connection.execute(_EMPTY)
    return found
