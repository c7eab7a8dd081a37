"""DOCX: paragraphs, tables and text boxes in document order, then the notes."""

import io
import re
from collections.abc import Iterator
from typing import Any

from app.knowledge.readers.ooxml import Package
from app.knowledge.readers.tables import lines

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_PARAGRAPH, _TABLE, _ROW, _CELL = f"{_W}p", f"{_W}tbl", f"{_W}tr", f"{_W}tc"
_STYLE, _LIST = f"{_W}pPr/{_W}pStyle", f"{_W}pPr/{_W}numPr"
_SIGNS = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}
# A second form of the same text, for old applications.
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_HEADING = re.compile(r"(?:heading|제목)\s*([1-6])", re.IGNORECASE)
_MAIN = "word/document.xml"
_NOTES = ("word/footnotes.xml", "word/endnotes.xml")


def parts(file: io.FileIO, limits: dict[str, Any]) -> Iterator[str]:
    package = Package(file)
    for part in (_MAIN, *_NOTES):
        if part in package:
            yield from _blocks(package, part)


def _blocks(package: Package, part: str) -> Iterator[str]:
    for element in package.elements(part, {_PARAGRAPH, _TABLE}, {_PARAGRAPH, _TABLE}):
        if element.tag == _TABLE:
            yield "\n".join(lines(_rows(element))) + "\n"
        else:
            yield _prefix(element) + _text(element)


def _rows(table: Any) -> Iterator[list[str]]:
    for row in table.iter(_ROW):
        # A nested table is part of its cell's text.
        if next(row.iterancestors(_TABLE)) is table:
            yield [_text(cell) for cell in row.iterchildren(_CELL)]


def _prefix(paragraph: Any) -> str:
    style = paragraph.find(_STYLE)
    heading = _HEADING.match(style.get(f"{_W}val", "")) if style is not None else None
    if heading:
        return "\n" + "#" * int(heading.group(1)) + " "
    return "- " if paragraph.find(_LIST) is not None else ""


def _text(element: Any) -> str:
    pieces: list[str] = []
    for found in element.iter():
        if found.tag == f"{_W}t":
            if next(found.iterancestors(_FALLBACK), None) is None:
                pieces.append(found.text or "")
        elif found.tag in _SIGNS:
            pieces.append(_SIGNS[found.tag])
        elif found.tag == _PARAGRAPH and found is not element and pieces:
            pieces.append("\n")
    return "".join(pieces)
