"""PPTX: the slides in presentation order, each with its notes."""

import io
from collections.abc import Iterator
from typing import Any

from app.knowledge.readers.ooxml import Package
from app.knowledge.readers.refusal import invalid
from app.knowledge.readers.tables import lines

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_PARAGRAPH, _TABLE, _ROW, _CELL = f"{_A}p", f"{_A}tbl", f"{_A}tr", f"{_A}tc"
_MAIN = "ppt/presentation.xml"


def parts(file: io.FileIO, limits: dict[str, Any]) -> Iterator[str]:
    package = Package(file)
    slides = list(_slides(package))
    if len(slides) > limits["pages"]:
        raise invalid(f"The file has {len(slides)} slides (at most {limits['pages']} are allowed).")
    for number, slide in enumerate(slides, 1):
        yield f"\n# {number}\n"
        yield from _blocks(package, slide)
        for kind, part in package.relations(slide).values():
            if kind == "notesSlide" and part in package:
                yield from _blocks(package, part)


def _slides(package: Package) -> Iterator[str]:
    relations = package.relations(_MAIN)
    tag = f"{_P}sldId"
    for slide in package.elements(_MAIN, {tag}, {tag}):
        _, part = relations.get(slide.get(f"{_R}id"), ("", ""))
        if part in package:
            yield part


def _blocks(package: Package, part: str) -> Iterator[str]:
    for element in package.elements(part, {_PARAGRAPH, _TABLE}, {_PARAGRAPH, _TABLE}):
        yield "\n".join(lines(_rows(element))) if element.tag == _TABLE else _text(element)


def _rows(table: Any) -> Iterator[list[str]]:
    for row in table.iter(_ROW):
        # A nested table is part of its cell's text.
        if next(row.iterancestors(_TABLE)) is table:
            yield [_text(cell) for cell in row.iterchildren(_CELL)]


def _text(element: Any) -> str:
    pieces: list[str] = []
    for found in element.iter(f"{_A}t", f"{_A}br", _PARAGRAPH):
        if found.tag == f"{_A}t":
            pieces.append(found.text or "")
        elif pieces:
            pieces.append("\n")
    return "".join(pieces)
