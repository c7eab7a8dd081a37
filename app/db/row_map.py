"""Converts a table's rows to frozen objects and back. Nothing else does.

A row's class has a field for each column of the table, with the column's name. The only exception
is `sequence`, which the database counts and which orders lists. So a new column needs the table, a
migration and a field, and no change here. `tests/unit/test_rows.py` compares the three.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from operator import attrgetter
from typing import Any, Generic, TypeVar, get_args, get_type_hints

from pydantic import BaseModel, ConfigDict, TypeAdapter
from sqlalchemy import Connection, Table, insert

from app.db.prepared import Prepared

T = TypeVar("T")

_COUNTED_BY_DATABASE = "sequence"
# Validators are built for the first row that needs them: all of them would slow down every start.
_LATER = ConfigDict(defer_build=True)


class RowMap(Generic[T]):
    """Reads and writes the rows of one table as `kind`, a frozen dataclass.

    A JSON column contains plain values, unless its field's annotation names a Pydantic model or a
    dataclass: then it contains those, as JSON. A `packed` column is a JSON object whose members are
    fields of the row: those of the dataclass given for it, from which `kind` inherits.
    """

    def __init__(
        self, table: Table, kind: type[T], *, packed: Mapping[str, type] | None = None
    ) -> None:
        self.table = table
        self.kind = kind
        self._columns = tuple(column.name for column in table.c)
        # Inline: the number that the database counts is not asked for.
        self._insert = insert(table).inline()
        self._insert_one = Prepared(self._insert)
        self._packed = {
            column: tuple(field.name for field in fields(inside))
            for column, inside in (packed or {}).items()
        }
        self._inside = frozenset(name for names in self._packed.values() for name in names)
        self._names = tuple(field.name for field in fields(kind))  # type: ignore[arg-type]
        self._get = attrgetter(*self._names)
        typed = {
            name: TypeAdapter(hint, config=_LATER if get_args(hint) else None)
            for name, hint in get_type_hints(kind).items()
            if _is_structured(hint)
        }
        self._decoders = [(name, adapter.validate_python) for name, adapter in typed.items()]
        self._encoders: dict[str, Callable[[Any], Any]] = {
            name: adapter.dump_python for name, adapter in typed.items()
        }

    @property
    def columns(self) -> frozenset[str]:
        """The columns that have a field of their own."""
        return frozenset(self._columns) - {_COUNTED_BY_DATABASE, *self._packed}

    @property
    def fields(self) -> frozenset[str]:
        """The fields that have a column of their own."""
        return frozenset(self._names) - self._inside

    def read(self, found: Sequence[Any]) -> T:
        """Convert a row of a `select` of the whole table."""
        values = dict(zip(self._columns, found, strict=True))
        values.pop(_COUNTED_BY_DATABASE, None)
        for column, names in self._packed.items():
            members = values.pop(column)
            # Only known names: a newer version may have saved more.
            for name in names:
                if name in members:
                    values[name] = members[name]
        for name, decode in self._decoders:
            if values[name] is not None:
                values[name] = decode(values[name])
        return self.kind(**values)

    def read_all(self, found: Iterable[Sequence[Any]]) -> list[T]:
        return [self.read(row) for row in found]

    def read_first(self, found: Sequence[Any] | None) -> T | None:
        return None if found is None else self.read(found)

    def insert(self, connection: Connection, *rows: T) -> None:
        """Insert the rows, in their order."""
        if len(rows) == 1:
            self._insert_one.write(connection, self.values(rows[0]))
        elif rows:
            connection.execute(self._insert, [self.values(row) for row in rows])

    def values(self, row: T, *, without: Collection[str] = ()) -> dict[str, Any]:
        """Return the row's columns as parameters of a statement, except those in `without`."""
        values = dict(zip(self._names, self._get(row), strict=True))
        for name, encode in self._encoders.items():
            if values[name] is not None:
                values[name] = encode(values[name])
        for column, names in self._packed.items():
            values[column] = {name: values.pop(name) for name in names}
        for column in without:
            del values[column]
        return values

    def encoded(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return some fields as parameters of a statement."""
        encoders = self._encoders
        return {
            name: encoders[name](value) if value is not None and name in encoders else value
            for name, value in values.items()
        }


def _is_structured(hint: Any) -> bool:
    """Return whether the annotation contains a Pydantic model or a dataclass."""
    if arguments := get_args(hint):
        return any(_is_structured(argument) for argument in arguments)
    return isinstance(hint, type) and (issubclass(hint, BaseModel) or is_dataclass(hint))
