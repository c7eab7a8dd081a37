"""Markers, with which the model cites a passage.

A marker is `【m:n†name】`: the run's search number m, its result number n, and the file's name.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from app.engine.tools.marks import Mark

_MARKER = re.compile(r"【[^【】]*】")
_OPENING = "【"
# The longest possible marker: longer text after a bracket is not held back.
_LONGEST = 300
_NOT_IN_MARKERS = str.maketrans("【】†", "   ")


def marker(search: int, result: int, filename: str) -> str:
    # All white space becomes single spaces, so that the model can copy the marker.
    name = " ".join(filename.translate(_NOT_IN_MARKERS).split())[:200]
    return f"【{search}:{result}†{name}】"


def markers_in(call: Mapping[str, Any], search: int) -> dict[str, str]:
    """Return the file ids of the results of the run's search number `search`, by marker."""
    return {
        marker(search, place, result["file_name"]): result["file_id"]
        for place, result in enumerate(call["file_search"]["results"])
    }


class Markers:
    """`Marks`: the markers of the passages found so far. An unknown marker stays plain text."""

    def __init__(self) -> None:
        self._files: dict[str, str] = {}

    def add(self, files: Mapping[str, str]) -> None:
        """Add markers, each with the id of its file."""
        self._files |= files

    def unfinished(self, text: str) -> int:
        if not self._files:
            return len(text)
        opened = text.rfind(_OPENING)
        is_open = opened >= 0 and "】" not in text[opened:] and len(text) - opened < _LONGEST
        return opened if is_open else len(text)

    def found(self, text: str) -> Iterator[Mark]:
        for found in _MARKER.finditer(text) if self._files else ():
            if file_id := self._files.get(found[0]):
                citation = {"type": "file_citation", "file_citation": {"file_id": file_id}}
                yield Mark(found.start(), found.end(), citation)
