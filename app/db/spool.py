"""Sorts more objects than fit into memory, in a temporary SQLite file."""

import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Self

_SCHEMA = (
    "PRAGMA journal_mode = OFF",
    "PRAGMA synchronous = OFF",
    "CREATE TABLE items (rank INTEGER, time INTEGER, place INTEGER, parent TEXT,"
    " key TEXT PRIMARY KEY, line BLOB) WITHOUT ROWID",
)
_ADD = "INSERT OR IGNORE INTO items VALUES (?, ?, ?, ?, ?, ?)"
_SORTED = "SELECT line FROM items WHERE rank = ? ORDER BY time, place"
_ORPHANS = (
    "SELECT parent, min(time) FROM items WHERE rank > ? AND parent NOT IN"
    " (SELECT key FROM items WHERE rank = ?) AND parent <> '' GROUP BY parent ORDER BY min(time)"
)


class Spool:
    """Items with a rank; those of a rank are read back by time, then in the order of `place`."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="threadkeeper-")
        path = Path(self._folder.name) / "spool.db"
        self._connection = sqlite3.connect(path, isolation_level=None)
        for statement in _SCHEMA:
            self._connection.execute(statement)
        self._connection.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._folder.cleanup()

    def add(
        self, rank: int, key: str, line: bytes, *, time: int, place: int, parent: str = ""
    ) -> bool:
        """Add an item that belongs to `parent`; return False if there is one with this key."""
        values = (rank, time, place, parent, key, line)
        return self._connection.execute(_ADD, values).rowcount > 0

    def of_rank(self, rank: int) -> Iterator[bytes]:
        for (line,) in self._connection.execute(_SORTED, (rank,)):
            yield line

    def missing_parents(self, rank: int) -> list[tuple[str, int]]:
        """Return the parents of items above this rank that are not items of it themselves.

        Each comes with the time of its first item.
        """
        return [*self._connection.execute(_ORPHANS, (rank, rank))]
