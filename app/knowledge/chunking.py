"""Cuts text into overlapping chunks of a bounded size, at the ends of paragraphs, lines, sentences
or words. Pure."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

# The same estimate as for a thread's history: English has about four bytes per token, Korean about
# three.
_BYTES_PER_TOKEN = 3

# Where a chunk may end, the best place first: after a paragraph, a line, a sentence, a word. The
# number is the least share of a chunk's new text that must come before that place: a chunk may be
# shorter than possible for the sake of a good end, but not by any amount.
_ENDS = (
    (re.compile(r"\n[ \t]*\n\s*"), 0.5),
    (re.compile(r"\n\s*"), 0.6),
    # Korean notes often end their sentences with 다, 요, 음 or 함 and no full stop.
    (re.compile(r"[.!?…][\"'”’)\]]*\s+|[。！？][」』”’]*|(?<=[다요음함])\s+"), 0.6),
    (re.compile(r"\s+"), 0.8),
)
# Characters that belong to the one before them: marks, joiners, the later letters of decomposed
# Hangul, skin tones, second halves of surrogate pairs.
_JOINED = re.compile(
    "[\u0300-\u036f\u1160-\u11ff\u200d\u3099\u309a\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\udc00-\udfff]"
)
_MARKS = frozenset({"Mn", "Mc", "Me"})


@dataclass(frozen=True)
class Chunk:
    """A chunk: `text` is the document's text from `start` to `end`, in characters."""

    index: int
    start: int
    end: int
    text: str


def chunk(text: str, max_tokens: int = 800, overlap_tokens: int = 400) -> list[Chunk]:
    """Cut a text into chunks of at most `max_tokens`. Each overlaps the one before it by up to
    `overlap_tokens`.

    Only white space is left out; a text of white space alone has no chunks. Raises `ValueError`
    for an overlap of more than half a chunk.
    """
    if not 0 <= overlap_tokens <= max_tokens // 2:
        raise ValueError("the overlap must be between 0 and half of a chunk")
    spans = _spans(text, max_tokens * _BYTES_PER_TOKEN - 1, overlap_tokens * _BYTES_PER_TOKEN)
    return [Chunk(index, start, end, text[start:end]) for index, (start, end) in enumerate(spans)]


def estimated_tokens(text: str) -> int:
    """Estimate how many tokens a text has."""
    return len(text.encode(errors="replace")) // _BYTES_PER_TOKEN + 1


def _spans(text: str, size: int, overlap: int) -> Iterator[tuple[int, int]]:
    start, length = _without_space(text, 0, len(text))
    while start < length:
        end = _end(text, start, length, size, overlap)
        # White space at the edges is left out, so that a chunk begins and ends with a word.
        yield _without_space(text, start, end)
        if end >= length:
            return
        start = _next_start(text, start, end, overlap)


def _without_space(text: str, start: int, end: int) -> tuple[int, int]:
    part = text[start:end]
    return end - len(part.lstrip()), start + len(part.rstrip())


def _end(text: str, start: int, length: int, size: int, overlap: int) -> int:
    longest = start + max(1, _fitting(text, start, size))
    if longest >= length:
        return length
    for pattern, share in _ENDS:
        least = start + _fitting(text, start, round(overlap + (size - overlap) * share))
        ends = [found.end() for found in pattern.finditer(text, least, longest)]
        if ends:
            return ends[-1]
    return _between_characters(text, longest, start)


def _next_start(text: str, start: int, end: int, overlap: int) -> int:
    # Measured backwards from the end, so that the overlap is as large as allowed.
    tail = text[max(start, end - overlap) : end].encode(errors="replace")
    first = end - len(tail[len(tail) - min(overlap, len(tail)) :].decode(errors="ignore"))
    for pattern, _ in _ENDS[1:] if first < end else ():
        found = pattern.search(text, first, (first + end) // 2)
        if found:
            return found.end()
    return max(_between_characters(text, first, start), start + 1)


def _fitting(text: str, start: int, size: int) -> int:
    """Return how many characters from `start` on fit into `size` bytes."""
    encoded = text[start : start + size].encode(errors="replace")
    return len(encoded[:size].decode(errors="ignore"))


def _between_characters(text: str, place: int, start: int) -> int:
    """Return the last place up to `place` that does not separate a letter from its marks.

    A letter with more marks than fit into a chunk is separated nevertheless.
    """
    for candidate in range(place, start, -1):
        if not _is_joined(text, candidate):
            return candidate
    return place


def _is_joined(text: str, place: int) -> bool:
    if place >= len(text):
        return False
    character = text[place]
    return (
        text[place - 1] == "\u200d"
        or _JOINED.match(character) is not None
        or unicodedata.category(character) in _MARKS
    )
