"""Keyset pagination: page 1,000 costs as much as page 1, in both orders.

The order is that in which the rows were created, regardless of clocks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    bindparam,
    select,
)

from app.domain.errors import not_found

Order = Literal["asc", "desc"]
# A column's value, or one of several.
Wanted = str | Sequence[str]


@dataclass(frozen=True)
class Page:
    """The requested page. `after` and `before` are object ids, both exclusive."""

    limit: int = 20
    order: Order = "desc"
    after: str | None = None
    before: str | None = None


def read_page(
    connection: Connection,
    table: Table,
    kind: str,
    page: Page,
    *,
    only: Mapping[str, Wanted] | None = None,
    where: Sequence[ColumnElement[bool]] = (),
    by: Column[int] | None = None,
    **scope: Wanted,
) -> tuple[list[Row[Any]], bool]:
    """Return a page's rows in list order, and whether more follow in the page's direction.

    `scope` maps columns to their values. So does `only`, but it does not apply to the cursors: if a
    value changes, such as a status, the last row of one page may no longer match on the next.
    `where` contains further conditions like `only`, whose statement is not cached. If they join
    another table whose index is in the list's order, `by` is its column with the row's `sequence`.
    Raises `NotFound` for an unknown cursor.
    """
    # With only `before`, the page ends directly before it, so rows are read backwards from it.
    backwards = page.before is not None and page.after is None
    listed = {**scope, **(only or {})}
    values: dict[str, Any] = {**listed, "count": page.limit + 1}
    for side, cursor in (("after", page.after), ("before", page.before)):
        if cursor is not None:
            values[f"{side}_sequence"] = _position(connection, table, kind, cursor, scope)
    statement = _statement(
        table,
        table.c.sequence if by is None else by,
        _shape(listed),
        page.order,
        page.after is not None,
        page.before is not None,
        backwards,
    )
    rows = list(connection.execute(statement.where(*where) if where else statement, values))
    has_more = len(rows) > page.limit
    rows = rows[: page.limit]
    return (rows[::-1] if backwards else rows), has_more


# The columns of the condition, and whether each has several values.
_Shape = tuple[tuple[str, bool], ...]


def _shape(scope: Mapping[str, Wanted]) -> _Shape:
    return tuple((name, not isinstance(wanted, str)) for name, wanted in scope.items())


def _position(
    connection: Connection, table: Table, kind: str, cursor: str, scope: dict[str, Wanted]
) -> int:
    position: int | None = connection.execute(
        _cursor(table, _shape(scope)), {**scope, "cursor": cursor}
    ).scalar()
    if position is None:
        raise not_found(kind, cursor)
    return position


@lru_cache
def _cursor(table: Table, scope: _Shape) -> Select[Any]:
    statement = select(table.c.sequence).where(table.c.id == bindparam("cursor"))
    return _scoped(statement, table, scope)


@lru_cache
def _statement(
    table: Table,
    key: Column[int],
    scope: _Shape,
    order: Order,
    after: bool,
    before: bool,
    backwards: bool,
) -> Select[Any]:
    statement = _scoped(select(table), table, scope)
    newest_first = order == "desc"
    if after:
        statement = statement.where(_beyond(key, "after", downwards=newest_first))
    if before:
        statement = statement.where(_beyond(key, "before", downwards=not newest_first))
    if newest_first != backwards:
        statement = statement.order_by(key.desc())
    else:
        statement = statement.order_by(key)
    return statement.limit(bindparam("count"))


def _beyond(key: Column[int], side: str, *, downwards: bool) -> ColumnElement[bool]:
    cursor: BindParameter[int] = bindparam(f"{side}_sequence")
    return key < cursor if downwards else key > cursor


def _scoped(statement: Select[Any], table: Table, scope: _Shape) -> Select[Any]:
    return statement.where(
        *(
            table.c[name].in_(bindparam(name, expanding=True))
            if several
            else table.c[name] == bindparam(name)
            for name, several in scope
        )
    )
