"""Markers: how the model names the passage that it cites, and how they become annotations.

A marker is `【m:n†name】`: the run's search number m, its result number n, and the file's name.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from app.schemas.steps import RunStep

_MARKER = re.compile(r"【[^【】]*】")
_OPENING = "【"
# A marker is no longer; text that merely holds the bracket is not held back for more.
_LONGEST = 300
_NOT_IN_MARKERS = str.maketrans("【】†", "   ")


def marker(search: int, result: int, filename: str) -> str:
    # White space of every kind is folded: the model must be able to copy the marker.
    name = " ".join(filename.translate(_NOT_IN_MARKERS).split())[:200]
    return f"【{search}:{result}†{name}】"


def markers_of(steps: Iterable[RunStep]) -> dict[str, str]:
    """Return the file ids of all that a run has found so far, by marker."""
    calls = [
        call
        for step in steps
        for call in step.step_details.get("tool_calls", [])
        if call["type"] == "file_search"
    ]
    found: dict[str, str] = {}
    for search, call in enumerate(calls):
        found |= markers_in(call, search)
    return found


def markers_in(call: dict[str, Any], search: int) -> dict[str, str]:
    """Return the file ids of what one search found, by marker; none for another tool's call."""
    results = call.get("file_search", {}).get("results", [])
    return {
        marker(search, place, result["file_name"]): result["file_id"]
        for place, result in enumerate(results)
    }


class CitationReader:
    """Finds known markers in a text that comes in pieces; an unknown one stays text."""

    def __init__(self, markers: Mapping[str, str]) -> None:
        self._markers = markers
        self._held = ""
        self._length = 0

    def feed(self, piece: str) -> tuple[str, list[dict[str, Any]]]:
        """Return what can be said now, and its annotations.

        What may be the beginning of a marker is held back until it is whole: a client must not
        hear of a marker before its annotation. Offsets count characters (code points).
        """
        if not self._markers:
            return piece, []
        text = self._held + piece
        opened = text.rfind(_OPENING)
        is_open = opened >= 0 and "】" not in text[opened:] and len(text) - opened < _LONGEST
        said, self._held = (text[:opened], text[opened:]) if is_open else (text, "")
        annotations = self._annotations(said)
        self._length += len(said)
        return said, annotations

    def rest(self) -> str:
        """Return what was held back for more that did not come."""
        rest, self._held = self._held, ""
        return rest

    def _annotations(self, said: str) -> list[dict[str, Any]]:
        return [
            {
                "type": "file_citation",
                "text": found[0],
                "start_index": self._length + found.start(),
                "end_index": self._length + found.end(),
                "file_citation": {"file_id": self._markers[found[0]]},
            }
            for found in _MARKER.finditer(said)
            if found[0] in self._markers
        ]


def without_citations(text: str, annotations: list[dict[str, Any]]) -> str:
    """Return a text without its cited markers: in a later run they would mean something else."""
    cited = [one for one in annotations if one["type"] == "file_citation"]
    for one in sorted(cited, key=lambda one: -one["start_index"]):
        text = text[: one["start_index"]] + text[one["end_index"] :]
    return text
