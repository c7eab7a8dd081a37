"""A sample row for any table, with a distinct value in every field and no defaults."""

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from itertools import count
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from sqlalchemy import Column, Table

from app.db.row_map import RowMap


def sample_row(rows: RowMap[Any]) -> Any:
    """Return a row whose references point to the sample rows of the other tables."""
    keys = {column.name: key_of(column) for column in rows.table.c if column.foreign_keys}
    keys |= {name: key_of(rows.table.c[name]) for name in ("id",) if name in rows.fields} | keys
    return _made(rows.kind, keys)


def key_of(column: Column[Any]) -> str:
    """Return the sample row's value in a column that other tables may refer to."""
    for reference in column.foreign_keys:
        return key_of(reference.column)
    table = column.table
    assert isinstance(table, Table)
    return f"{table.name}.{column.name}"


def _made(kind: Any, given: Mapping[str, Any]) -> Any:
    hints, numbers = get_type_hints(kind), count(3)
    # For both a dataclass and a Pydantic model.
    names = [field.name for field in fields(kind)] if is_dataclass(kind) else [*kind.model_fields]
    values = {name: _value(hints[name], name, numbers) for name in names}
    return kind(**(values | dict(given)))


def _value(hint: Any, name: str, numbers: "count[int]") -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if name == "tools":
        return [{"type": "function", "function": {"name": f"tool_{next(numbers)}"}}]
    if origin in (Union, UnionType):
        return _value(next(arm for arm in arguments if arm is not NoneType), name, numbers)
    if origin is Literal:
        return arguments[-1]
    if origin is list:
        return [_value(arguments[0], name, numbers)]
    if origin is dict:
        return {f"{name}_{next(numbers)}": _value(arguments[1], name, numbers)}
    if isinstance(hint, type) and (issubclass(hint, BaseModel) or is_dataclass(hint)):
        return _made(hint, {})
    return _plain(hint, name, next(numbers))


def _plain(hint: Any, name: str, number: int) -> Any:
    match hint:
        case _ if hint is bool:
            return True
        case _ if hint is int:
            return number
        case _ if hint is float:
            return number + 0.5
        case _ if hint is bytes:
            return f"{name}_{number}".encode()
    # Any JSON value will do, such as a text.
    return f"{name}_{number}"


def defaults_in(row: Any) -> list[str]:
    """Return the fields in which the row has the default value."""
    return [
        field.name
        for field in fields(row)
        if (field.default is not MISSING and getattr(row, field.name) == field.default)
        or (
            field.default_factory is not MISSING
            and getattr(row, field.name) == field.default_factory()
        )
    ]
