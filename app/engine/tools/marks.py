"""Annotations in text that arrives in pieces, such as citations and file paths."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Mark:
    """A span of a text, in code points, and its annotation without `text` and offsets."""

    start: int
    end: int
    annotation: dict[str, Any]


class Marks(Protocol):
    """Finds one kind of mark."""

    def unfinished(self, text: str) -> int:
        """Return the start of a mark that later text may complete; the text's length if none."""

    def found(self, text: str) -> Iterable[Mark]:
        """Return the marks in a text, in order, without those that later text may still change."""


class AnnotationReader:
    """Reads one text part, piece by piece."""

    def __init__(self, kinds: Sequence[Marks] = ()) -> None:
        self._kinds = kinds
        self._held = ""
        self._length = 0

    def feed(self, piece: str) -> tuple[str, list[dict[str, Any]]]:
        """Return the text that can be sent now, and its annotations.

        The possible beginning of a mark is held back until the mark is complete: a client must not
        see a mark before its annotation. Offsets count code points from the start of the part.
        """
        if not self._kinds:
            return piece, []
        text = self._held + piece
        end = min(kind.unfinished(text) for kind in self._kinds)
        marks = self._found(text)
        # A mark of one kind may contain what looks like the beginning of another.
        end = min([end, *(mark.start for mark in marks if mark.start < end < mark.end)])
        return self._send(text, end, [mark for mark in marks if mark.end <= end])

    def finish(self) -> tuple[str, list[dict[str, Any]]]:
        """Return the text that is still held back, and its annotations."""
        text = self._held
        return self._send(text, len(text), self._found(text))

    def _found(self, text: str) -> list[Mark]:
        """Return the marks of all kinds; of two that overlap, the one that begins first."""
        marks: list[Mark] = []
        every = (mark for kind in self._kinds for mark in kind.found(text))
        for mark in sorted(every, key=lambda mark: mark.start):
            if not marks or mark.start >= marks[-1].end:
                marks.append(mark)
        return marks

    def _send(self, text: str, end: int, marks: Sequence[Mark]) -> tuple[str, list[dict[str, Any]]]:
        sent, self._held = text[:end], text[end:]
        before = self._length
        self._length += end
        annotations = [
            {
                **mark.annotation,
                "text": sent[mark.start : mark.end],
                "start_index": before + mark.start,
                "end_index": before + mark.end,
            }
            for mark in marks
        ]
        return sent, annotations


def without_citations(text: str, annotations: list[dict[str, Any]]) -> str:
    """Return a text without its citation markers: in a later run they would mean other passages."""
    cited = [one for one in annotations if one["type"] == "file_citation"]
    for one in sorted(cited, key=lambda one: -one["start_index"]):
        text = text[: one["start_index"]] + text[one["end_index"] :]
    return text
