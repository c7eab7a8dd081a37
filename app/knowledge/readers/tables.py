"""Turns table rows into lines that can be understood one by one.

A table may be cut into chunks anywhere, so each row repeats its headers: `Plan: Pro | Screens: 10`.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

_SAMPLE = 20
_LONGEST_HEADER = 60


def lines(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield a line for every row that isn't empty."""
    filled = (row for row in map(_trimmed, rows) if any(row))
    first = list(islice(filled, _SAMPLE))
    header = _header(first)
    if header and len(first) == 1:
        yield joined(header)
    for row in chain(first[1:] if header else first, filled):
        yield _line(header, row)


def joined(cells: Sequence[str]) -> str:
    return " | ".join(cell for cell in cells if cell)


def _trimmed(row: Sequence[str]) -> list[str]:
    return [" ".join(cell.split()) for cell in row]


def _header(rows: list[list[str]]) -> list[str]:
    """Return the first row if it looks like a header: short, different, and no numbers."""
    if not rows:
        return []
    first = rows[0]
    names = [cell for cell in first if cell]
    widest = max(sum(map(bool, row)) for row in rows)
    named = len(names) >= 2 and len(names) >= widest - 1 and len(set(names)) == len(names)
    return first if named and all(map(_is_name, names)) else []


def _is_name(cell: str) -> bool:
    return len(cell) <= _LONGEST_HEADER and not cell.replace(".", "").replace(",", "").isdigit()


def _line(header: list[str], row: list[str]) -> str:
    names = header + [""] * (len(row) - len(header))
    return joined(
        [
            f"{name}: {cell}" if name and cell else cell
            for name, cell in zip(names, row, strict=False)
        ]
    )
