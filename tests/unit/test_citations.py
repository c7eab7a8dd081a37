"""Markers of passages: written, found again in a text that comes in pieces, taken out."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.tools.citations import (
    CitationReader,
    marker,
    markers_in,
    markers_of,
    without_citations,
)
from app.schemas.steps import RunStep

GUIDE, PRICES = "【0:0†guide.txt】", "【1:3†요금표.pdf】"
MARKERS = {GUIDE: "file-guide", PRICES: "file-prices"}
# Emoji of one and of several code points, Hangul whole and in its parts.
BEFORE = "😀👩‍👧 한글 \u1100\u1161\u11a8 "

Annotations = list[dict[str, Any]]


def read(*pieces: str) -> tuple[list[str], Annotations]:
    """Return what is said piece by piece, the rest last, and all annotations."""
    reader = CitationReader(MARKERS)
    said: list[str] = []
    annotations: Annotations = []
    for piece in pieces:
        text, found = reader.feed(piece)
        said.append(text)
        annotations += found
        # Nobody hears of a marker before its annotation.
        told = "".join(said)
        assert len(annotations) == sum(told.count(one) for one in MARKERS)
    return [*said, reader.rest()], annotations


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
    reader = CitationReader(MARKERS)
    assert reader.feed("before 【0:0†gui") == ("before ", [])
    assert reader.feed("de") == ("", [])
    assert reader.rest() == "【0:0†guide"
    assert reader.rest() == ""


def test_a_long_text_behind_a_bracket_is_not_held_for_ever():
    reader = CitationReader(MARKERS)
    told = "".join(reader.feed(piece)[0] for piece in ["【", *["many words "] * 100])
    assert len(told) > 700
    assert len(reader.rest()) < 300
    said, annotations = read("【", *["many words "] * 100, GUIDE)
    assert cited("".join(said), annotations) == [(GUIDE, "file-guide")]


def test_without_anything_to_cite_nothing_is_held():
    reader = CitationReader({})
    assert reader.feed("a 【0:0†gui") == ("a 【0:0†gui", [])
    assert reader.rest() == ""


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
    ("name", "told"),
    [
        ("guide.txt", "guide.txt"),
        ("보고서 (최종).pdf", "보고서 (최종).pdf"),
        ("a【0:1†b】c†.txt", "a 0:1 b c .txt"),
        ("two\nlines\r.txt", "two lines .txt"),
        ("", ""),
        ("긴" * 999, "긴" * 200),
    ],
)
def test_no_file_name_breaks_a_marker(name, told):
    made = marker(12, 19, name)
    assert made == f"【12:19†{told}】"
    reader = CitationReader({made: "file-1"})
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


def step(*calls: dict[str, Any]) -> RunStep:
    details: dict[str, Any] = {"type": "tool_calls", "tool_calls": [*calls]}
    if not calls:
        details = {"type": "message_creation", "message_creation": {"message_id": "msg_1"}}
    return RunStep(
        id="step_1",
        created_at=1,
        run_id="run_1",
        assistant_id="asst_1",
        thread_id="thread_1",
        type=details["type"],
        status="completed",
        step_details=details,
    )


FUNCTION: dict[str, Any] = {"id": "call_2", "type": "function", "function": {"name": "f"}}


def test_the_markers_of_a_run_count_its_searches_alone():
    steps = [
        step(FUNCTION, search(("file-a", "a.txt"), ("file-b", "same.txt"))),
        step(),
        step(search(), FUNCTION, search(("file-c", "same.txt"))),
    ]
    assert markers_of(steps) == {
        "【0:0†a.txt】": "file-a",
        "【0:1†same.txt】": "file-b",
        "【2:0†same.txt】": "file-c",
    }
    assert markers_of([]) == {}


def test_a_call_that_found_nothing_or_is_none_has_no_markers():
    assert markers_in(search(), 0) == {}
    assert markers_in(FUNCTION, 0) == {}
    assert markers_in({}, 0) == {}
