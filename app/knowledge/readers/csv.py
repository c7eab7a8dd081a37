"""CSV and TSV."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from app.knowledge.readers.refusal import invalid
from app.knowledge.readers.tables import lines
from app.knowledge.readers.text import whole

_SAMPLE = 8192
_LONGEST_CELL = 1 << 20


def parts(file: io.FileIO, limits: dict[str, Any]) -> Iterator[str]:
    text = whole(file, limits).replace("\0", "")
    csv.field_size_limit(_LONGEST_CELL)
    try:
        yield from lines(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)))
    except csv.Error:
        raise invalid("The file is damaged: a cell has no end, or is too long.") from None


def _delimiter(text: str) -> str:
    """Return the delimiter: the sign that occurs most evenly in the first lines."""
    sample = text[:_SAMPLE].splitlines()[:20]
    counts = {sign: [line.count(sign) for line in sample if line.strip()] for sign in ",\t;|"}
    return max(counts, key=lambda sign: (min(counts[sign], default=0), sum(counts[sign])))
