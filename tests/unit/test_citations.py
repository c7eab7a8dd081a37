"""Markers of passages: written, found again in a text that comes in pieces, taken out."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.tools.file_search.markers import Markers, marker, markers_in
from app.engine.tools.marks import AnnotationReader, Mark, without_citations

GUIDE, PRICES = "【0:0†guide.txt】", "【1:3†요금표.pdf】"
MARKERS = {GUIDE: "file-guide", PRICES: "file-prices"}
# Emoji of one and of several code points, Hangul whole and in its parts.
BEFORE = "😀👩‍👧 한글 \u1100\u1161\u11a8 "

Annotations = list[dict[str, Any]]


def reader_of(files: dict[str, str]) -> AnnotationReader:
    markers = Markers()
    markers.add(files)
    return AnnotationReader([markers])


def read(*pieces: str) -> tuple[list[str], Annotations]:
    """Return what is said piece by piece, the rest last, and all annotations."""
    reader = reader_of(MARKERS)
    said: list[str] = []
    annotations: Annotations = []
    for piece in pieces:
        text, found = reader.feed(piece)
        said.append(text)
        annotations += found
        # Nobody hears of a marker before its annotation.
        reported = "".join(said)
        assert len(annotations) == sum(reported.count(one) for one in MARKERS)
    rest, found = reader.finish()
    return [*said, rest], annotations + found


def cited(text: str, annotations: Annotations) -> list[tuple[str, str]]:
    """Return what is cited, having looked that every offset is right."""
    for one in annotations:
        assert one["type"] == "file_citation"
        assert text[one["start_index"] : one["end_index"]] == one["text"]
    return [(one["text"], one["file_citation"]["file_id"]) for one in annotations]


def test_a_whole_marker_is_a_citation():
    said, annotations = read(f"So it is {GUIDE}.")
    assert said == [f"So it is {GUIDE}.", ""]
    assert annotations == [
        {
            "type": "file_citation",
            "text": GUIDE,
            "start_index": 9,
            "end_index": 9 + len(GUIDE),
            "file_citation": {"file_id": "file-guide"},
        }
    ]


@pytest.mark.parametrize("place", range(len(f"{BEFORE}{PRICES} 끝") + 1))
def test_a_marker_may_be_split_anywhere(place):
    text = f"{BEFORE}{PRICES} 끝"
    said, annotations = read(text[:place], text[place:])
    assert "".join(said) == text
    assert cited(text, annotations) == [(PRICES, "file-prices")]
    assert not any(piece.count("【") != piece.count("】") for piece in said), said


def test_a_marker_that_comes_letter_by_letter_is_said_at_once():
    said, annotations = read(*f"a {GUIDE}b")
    assert [piece for piece in said if piece] == ["a", " ", GUIDE, "b"]
    assert cited(f"a {GUIDE}b", annotations) == [(GUIDE, "file-guide")]


def test_several_in_one_piece_and_one_twice():
    text = f"{GUIDE}{PRICES} {BEFORE}{GUIDE}"
    _, annotations = read(text)
    assert cited(text, annotations) == [
        *((GUIDE, "file-guide"), (PRICES, "file-prices"), (GUIDE, "file-guide")),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "【9:9†guide.txt】",
        "【0:0†Guide.txt】",
        "【0:0†guide.txt 】",
        "【공지】 오늘 휴무",
        "【】",
        "】 alone 【",
        "【0:0【0:0†guide】",
    ],
)
def test_what_is_no_known_marker_stays_text(text):
    said, annotations = read(*text)
    assert ("".join(said), annotations) == (text, [])


def test_a_marker_behind_a_false_start_is_found():
    text = f"【【0:0†gui{GUIDE}】"
    for pieces in ([text], [*text]):
        said, annotations = read(*pieces)
        assert cited("".join(said), annotations) == [(GUIDE, "file-guide")]


def test_an_open_bracket_is_held_back_and_then_released():
    reader = reader_of(MARKERS)
    assert reader.feed("before 【0:0†gui") == ("before ", [])
    assert reader.feed("de") == ("", [])
    assert reader.finish() == ("【0:0†guide", [])
    assert reader.finish() == ("", [])


def test_a_long_text_behind_a_bracket_is_not_held_for_ever():
    reader = reader_of(MARKERS)
    reported = "".join(reader.feed(piece)[0] for piece in ["【", *["many words "] * 100])
    assert len(reported) > 700
    assert len(reader.finish()[0]) < 300
    said, annotations = read("【", *["many words "] * 100, GUIDE)
    assert cited("".join(said), annotations) == [(GUIDE, "file-guide")]


def test_without_anything_to_cite_nothing_is_held():
    reader = reader_of({})
    assert reader.feed("a 【0:0†gui") == ("a 【0:0†gui", [])
    assert reader.finish() == ("", [])


_PARTS = [
    GUIDE,
    PRICES,
    "【",
    "】",
    "†",
    "0:0",
    "👩‍👧",
    "각",
    "한글",
    " ",
    "x" * 150,
    "【1:3†요금표.pd",
]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(_PARTS), max_size=12).map("".join), st.data())
def test_however_it_is_split_it_says_and_cites_the_same(text, data):
    whole, annotations = read(text)
    assert "".join(whole) == text
    cited(text, annotations)
    assert len(annotations) == text.count(GUIDE) + text.count(PRICES)
    places = data.draw(st.lists(st.integers(0, len(text)), max_size=10).map(sorted))
    pieces = [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]
    said, found = read(*pieces)
    assert ("".join(said), found) == (text, annotations)


# What a later run is shown


def test_cited_markers_are_taken_out_and_others_stay():
    text = f"{BEFORE}하나{GUIDE} 둘{PRICES}{GUIDE} 【0:9†other.txt】 {GUIDE}"
    _, annotations = read(text)
    path = {"type": "file_path", "text": "하나", "start_index": len(BEFORE), "end_index": 99}
    for given_order in (annotations, annotations[::-1]):
        left = without_citations(text, [path, *given_order])
        assert left == f"{BEFORE}하나 둘 【0:9†other.txt】 "
    assert without_citations(text, []) == text


# Markers


@pytest.mark.parametrize(
    ("name", "reported"),
    [
        ("guide.txt", "guide.txt"),
        ("보고서 (최종).pdf", "보고서 (최종).pdf"),
        ("a【0:1†b】c†.txt", "a 0:1 b c .txt"),
        ("two\nlines\r.txt", "two lines .txt"),
        ("", ""),
        ("긴" * 999, "긴" * 200),
    ],
)
def test_no_file_name_breaks_a_marker(name, reported):
    made = marker(12, 19, name)
    assert made == f"【12:19†{reported}】"
    reader = reader_of({made: "file-1"})
    text = f"a {made}{made}"
    said = ""
    annotations: Annotations = []
    for letter in text:
        piece, found = reader.feed(letter)
        said += piece
        annotations += found
    assert said == text
    assert len(cited(text, annotations)) == 2


def search(*files: tuple[str, str]) -> dict[str, Any]:
    results = [{"file_id": key, "file_name": name, "score": 1} for key, name in files]
    return {"id": "call_1", "type": "file_search", "file_search": {"results": results}}


def test_a_search_has_markers_of_its_number():
    assert markers_in(search(("file-a", "a.txt"), ("file-b", "same.txt")), 0) == {
        "【0:0†a.txt】": "file-a",
        "【0:1†same.txt】": "file-b",
    }
    assert markers_in(search(), 1) == {}
    assert markers_in(search(("file-c", "same.txt")), 2) == {"【2:0†same.txt】": "file-c"}


# Several kinds of marks in one text


class Paths:
    """Marks that end where something else begins: `at:` and letters."""

    def unfinished(self, text: str) -> int:
        found = re.search(r"(a|at|at:[a-z]*)$", text)
        return found.start() if found else len(text)

    def found(self, text: str) -> list[Mark]:
        return [
            Mark(one.start(), one.end(), {"type": "file_path"})
            for one in re.finditer(r"at:[a-z]+", text)
        ]


def read_both(*pieces: str) -> tuple[str, list[tuple[str, str]]]:
    markers = Markers()
    markers.add(MARKERS)
    reader = AnnotationReader([markers, Paths()])
    said, annotations = "", list[dict[str, Any]]()
    for text, found in [*map(reader.feed, pieces), reader.finish()]:
        said += text
        annotations += found
    for one in annotations:
        assert said[one["start_index"] : one["end_index"]] == one["text"]
    return said, [(one["type"], one["text"]) for one in annotations]


@pytest.mark.parametrize("text", [f"at:b {GUIDE} c at:end", f"{GUIDE}at:x", f"at:y{GUIDE}at:", ""])
def test_marks_of_several_kinds_are_found_however_the_text_is_split(text):
    whole = read_both(text)
    assert whole[0] == text
    assert read_both(*text) == whole
    assert len(whole[1]) == text.count(GUIDE) + len(re.findall("at:[a-z]", text))


def test_a_mark_at_the_end_is_found_when_the_text_ends():
    assert read_both("see at:here") == ("see at:here", [("file_path", "at:here")])


def test_of_two_marks_that_overlap_the_first_counts():
    name = "【0:0†at:guide】"
    markers = Markers()
    markers.add({name: "file-guide"})
    for pieces in ([name + "."], [*name, "."]):
        reader = AnnotationReader([markers, Paths()])
        found = [one for piece in pieces for one in reader.feed(piece)[1]]
        assert [one["type"] for one in found] == ["file_citation"]
