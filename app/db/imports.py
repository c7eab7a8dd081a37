"""Statements that write imported rows, many at a time.

An object's id is taken as it is, so each statement checks whom an existing row belongs to. A row
that is there is overwritten only if an earlier import wrote it and nobody changed it since.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.exc import DataError, IntegrityError

from app.db import summaries
from app.db.import_kinds import KINDS, AnyRow, Kind, T, note_runs
from app.db.knowledge_rows import StoreFileRow
from app.db.rows import MessageRow, RunRow
from app.domain.access import REMOVED


class RowsRefused(Exception):
    """The database refused one of the rows; nothing was written."""


@dataclass(frozen=True)
class Written:
    """`existing`: the row was there, and it is unchanged."""

    how: Literal["created", "updated", "existing"]


@dataclass(frozen=True)
class Refused:
    """The row can't be written because of the value of `field`."""

    field: str
    reason: str


Outcome = Written | Refused

CREATED, UPDATED, EXISTING = Written("created"), Written("updated"), Written("existing")
# Says no more about an object of another project than that its id is not free.
_TAKEN = Refused("id", "This id can't be used here.")
_BEING_REMOVED = Refused(
    "id", "A file of this id was deleted, and its content is still being removed. Try again later."
)
_LEAVING = Refused(
    "id", "An object of this id was deleted, and is still being removed. Try again later."
)


@dataclass(frozen=True)
class Import:
    """The project that imports, and the function that returns what an import decides of a row."""

    project: str
    digest: Callable[[Any], str]


def write(
    connection: Connection,
    importing: Import,
    rows: Sequence[AnyRow],
    assumed: set[str] | None = None,
) -> list[Outcome]:
    """Write rows with distinct ids; return what became of each. Raises `RowsRefused`.

    With `assumed`, nothing is written: the ids of the rows that would have been created are added
    to it, and objects with these ids may be referred to as if they existed.
    """
    outcomes: dict[int, Outcome] = {}
    try:
        # In the order in which they depend on each other.
        for kind, table in KINDS.items():
            places = [place for place, row in enumerate(rows) if type(row) is kind]
            if places:
                writing = _Writing(connection, importing, table, assumed)
                some = writing.write([rows[place] for place in places])
                outcomes.update(zip(places, some, strict=True))
    except (DataError, IntegrityError) as error:
        raise RowsRefused from error
    return [outcomes[place] for place in range(len(rows))]


class _Writing(Generic[T]):
    def __init__(
        self,
        connection: Connection,
        importing: Import,
        kind: Kind[T],
        assumed: set[str] | None,
    ) -> None:
        self._connection = connection
        self._importing = importing
        self._kind = kind
        self._assumed = assumed

    def write(self, rows: Sequence[T]) -> list[Outcome]:
        missing = self._missing_parents(rows)
        there = self._there(rows)
        blocked = self._blocked([row.id for row in rows if _key(row) not in there])
        outcomes = [
            self._orphan(row, missing) or self._compared(row, there.get(_key(row)), blocked)
            for row in rows
        ]
        new = [row for row, how in zip(rows, outcomes, strict=True) if how == CREATED]
        changed = [row for row, how in zip(rows, outcomes, strict=True) if how == UPDATED]
        if self._assumed is not None:
            self._assumed.update("".join(_key(row)) for row in new)
            return outcomes
        self._kind.rows.insert(self._connection, *new)
        for row in changed:
            self._overwrite(row, there[_key(row)])
        if self._kind.note is not None:
            self._kind.note(self._connection, [*new, *changed])
        return outcomes

    def _blocked(self, ids: Sequence[str]) -> Collection[str]:
        find = self._kind.blocked
        return find(self._connection, ids) if find is not None and ids else ()

    def _there(self, rows: Sequence[T]) -> dict[tuple[str, str], Any]:
        table = self._kind.table
        wanted = select(table).where(table.c.id.in_(sorted({row.id for row in rows})))
        found = self._connection.execute(wanted)
        return {_key(row): row for row in found}

    def _missing_parents(self, rows: Sequence[T]) -> dict[str, set[str]]:
        missing = {}
        for column, find in (self._kind.parents or {}).items():
            named = {getattr(row, column) for row in rows}
            there = find(self._connection, self._importing.project, named)
            missing[column] = named - set(there) - (self._assumed or set())
        return missing

    def _orphan(self, row: T, missing: Mapping[str, set[str]]) -> Refused | None:
        for column, ids in missing.items():
            if getattr(row, column) in ids:
                by_id = self._kind.id_of if column == "id" else ""
                named = by_id or column.removesuffix("_id").replace("_", " ")
                return Refused(column, f"No {named} found with id '{getattr(row, column)}'.")
        return None

    def _compared(self, row: T, found: Any, blocked: Collection[str]) -> Outcome:
        if found is None:
            if row.id in blocked:
                return _BEING_REMOVED
            return EXISTING if "".join(_key(row)) in (self._assumed or ()) else CREATED
        if getattr(found, "project", None) == REMOVED:
            return _LEAVING
        if not self._is_same_owner(row, found):
            return _TAKEN
        if found.imported is None or found.imported == row.imported:
            return EXISTING
        # Overwritten only if nobody has changed it since the import.
        before = self._kind.rows.read(found)
        return UPDATED if self._importing.digest(before) == found.imported else EXISTING

    def _is_same_owner(self, row: T, found: Any) -> bool:
        return all(getattr(row, name) == getattr(found, name) for name in self._kind.owner)

    def _overwrite(self, row: T, found: Any) -> None:
        table = self._kind.table
        values = self._kind.rows.values(row, without=self._kind.fixed)
        statement = update(table).where(table.c.id == bindparam("key"))
        keys = {"key": row.id}
        if isinstance(row, MessageRow):
            summaries.discard(self._connection, row.thread_id, found.sequence)
        if isinstance(row, RunRow):
            note_runs(self._connection, [found])
        if isinstance(row, StoreFileRow):
            statement = statement.where(table.c.vector_store_id == bindparam("store"))
            keys["store"] = row.vector_store_id
        self._connection.execute(statement, {**values, **keys})


def _key(row: Any) -> tuple[str, str]:
    """Return what identifies a row: a file may be in several vector stores."""
    return getattr(row, "vector_store_id", ""), row.id
