"""Spreadsheets, with calamine: XLSX and XLS."""

import datetime
import io
from collections.abc import Iterable, Iterator
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from app.knowledge.readers.refusal import invalid
from app.knowledge.readers.tables import lines


def parts(file: io.FileIO, limits: dict[str, Any]) -> Iterator[str]:
    file.seek(0)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BufferedReader(file))
        for name in workbook.sheet_names:
            yield f"\n# {name}\n"
            yield from lines(map(_cells, workbook.get_sheet_by_name(name).iter_rows()))
    except (CalamineError, OSError, ValueError):
        raise invalid("The file is damaged: it can't be read as a spreadsheet.") from None


def _cells(row: Iterable[object]) -> list[str]:
    return [_cell(value) for value in row]


def _cell(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat(" ") if isinstance(value, datetime.datetime) else value.isoformat()
    return str(value)
