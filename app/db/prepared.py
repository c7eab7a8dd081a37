"""Statements of the busiest paths: compiled once, then executed by the driver itself.

SQLAlchemy's own execution of a statement takes several times as long as SQLite's. A `Prepared` is
written like any other statement. Only its rows are plain tuples, lists of values (`IN`) are not
supported, and the engine's statement events are not called: the time limits of searches need these.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine import Dialect

from app.db.driver import execute

Convert = Callable[[Any], Any]


class Prepared:
    """A `select`, `insert`, `update` or `text`, for both databases."""

    def __init__(self, statement: Any) -> None:
        self._statement = statement
        # By database, and for a statement without columns of its own by those that are written.
        self._compiled: dict[Any, _Compiled] = {}

    def all(self, connection: Connection, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Execute the statement and return its rows."""
        compiled = self._for(connection, connection.dialect.name, None)
        cursor = compiled.execute(connection, values)
        return compiled.rows(cursor, cursor.fetchall())

    def first(self, connection: Connection, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """Execute the statement and return its first row; None if there is none."""
        rows = self.all(connection, values)
        return rows[0] if rows else None

    def scalar(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """Execute the statement and return the first row's first column; None if there is none."""
        rows = self.all(connection, values)
        return rows[0][0] if rows else None

    def run(self, connection: Connection, values: Mapping[str, Any]) -> None:
        """Execute a statement that returns nothing."""
        self._for(connection, connection.dialect.name, None).execute(connection, values)

    def write(self, connection: Connection, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Execute an `insert` or `update` of the columns in `values`; return its rows."""
        columns = tuple(values)
        compiled = self._for(connection, (connection.dialect.name, columns), columns)
        cursor = compiled.execute(connection, values)
        return compiled.rows(cursor, cursor.fetchall()) if cursor.description else []

    def _for(
        self, connection: Connection, key: Any, columns: tuple[str, ...] | None
    ) -> "_Compiled":
        found = self._compiled.get(key)
        if found is None:
            found = _Compiled(self._statement, connection.dialect, columns)
            self._compiled[key] = found
        return found


class _Compiled:
    """The SQL for one database, and how values are converted to it and from it."""

    def __init__(self, statement: Any, dialect: Dialect, columns: tuple[str, ...] | None) -> None:
        compiled = statement.compile(
            dialect=dialect, column_keys=None if columns is None else [*columns]
        )
        if compiled.post_compile_params:
            raise TypeError("A statement with lists of values can't be prepared.")
        self._sql: str = compiled.string
        self._dialect = dialect
        self._names: list[str] | None = compiled.positiontup
        # For each parameter its place, its name in the given values, and how it is converted.
        self._given: list[tuple[Any, str, Convert | None]] = []
        constant: dict[Any, Any] = {}
        for place, name in enumerate(self._names or compiled.binds):
            bind = compiled.binds[name]
            convert = bind.type.dialect_impl(dialect).bind_processor(dialect)
            place = name if self._names is None else place
            if bind.required:
                self._given.append((place, bind.key, convert))
            else:
                value = bind.effective_value
                constant[place] = value if convert is None else convert(value)
        self._template: Any = constant
        if self._names is not None:
            self._template = [constant.get(place) for place in range(len(self._names))]
        types = [column.type for column in getattr(statement, "exported_columns", ())]
        self._types = [kind.dialect_impl(dialect) for kind in types]
        self._converts: list[tuple[int, Convert]] | None = None

    def execute(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """Return the driver's cursor. Raises SQLAlchemy's errors."""
        parameters = self._template.copy()
        for place, name, convert in self._given:
            value = values[name]
            parameters[place] = value if convert is None else convert(value)
        if not connection.in_transaction():
            connection.begin()
        return execute(connection, self._sql, parameters)

    def rows(self, cursor: Any, found: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        if not found:
            return found
        if self._converts is None:
            self._converts = self._converts_of(cursor.description)
        if not self._converts:
            return found
        return [self._converted(row, self._converts) for row in found]

    def _converts_of(self, description: list[Any]) -> list[tuple[int, Convert]]:
        converts = (
            kind.result_processor(self._dialect, column[1])
            for kind, column in zip(self._types, description, strict=False)
        )
        return [(place, convert) for place, convert in enumerate(converts) if convert is not None]

    @staticmethod
    def _converted(row: tuple[Any, ...], converts: list[tuple[int, Convert]]) -> tuple[Any, ...]:
        values = [*row]
        for place, convert in converts:
            values[place] = convert(values[place])
        return tuple(values)
