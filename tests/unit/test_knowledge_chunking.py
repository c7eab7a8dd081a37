"""Chunks: bounded, overlapping, nothing lost, cut at good places."""

import time
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from app.knowledge.chunking import chunk, estimated_tokens

WORDS = some.sampled_from(
    [
        "화면을",
        "켭니다.",
        "device",
        "is",
        "on.",
        "\n",
        "\n\n",
        " ",
        "가",
        "각",
        "e\u0301",
        "👩\u200d🔧",
        "東",
    ]
)
TEXTS = some.one_of(some.text(max_size=2000), some.lists(WORDS, max_size=400).map(" ".join))
SIZES = some.sampled_from([(20, 0), (20, 10), (50, 20), (100, 50)])


@settings(deadline=None)
@given(TEXTS, SIZES)
def test_whatever_the_text(text, size):
    most, overlap = size
    pieces = chunk(text, most, overlap)
    assert [piece.index for piece in pieces] == list(range(len(pieces)))
    reached = 0
    for piece in pieces:
        assert piece.text == text[piece.start : piece.end]
        assert piece.text and piece.text == piece.text.strip()
        assert estimated_tokens(piece.text) <= most
        assert not text[reached : piece.start].strip(), "nothing is left out"
        shared = text[piece.start : reached]
        assert estimated_tokens(shared) <= overlap + 1
        assert piece.end > reached
        reached = piece.end
    assert not text[reached:].strip()


@settings(deadline=None)
@given(
    some.lists(some.sampled_from(["e\u0301", "각", "👩\u200d🔧", "x"]), max_size=300).map("".join)
)
def test_no_letter_is_parted_from_its_marks(text):
    for piece in chunk(text, 20, 10):
        for place in (piece.start, piece.end):
            if 0 < place < len(text):
                assert not unicodedata.combining(text[place])
                assert "\u200d" not in text[place - 1 : place + 1]
                assert not "\u1160" <= text[place] <= "\u11ff"


def test_a_short_text_is_one_chunk():
    [piece] = chunk("  화면을 켭니다.\n")
    assert (piece.start, piece.end, piece.text) == (2, 10, "화면을 켭니다.")
    assert chunk(" \n ") == []


@pytest.mark.parametrize(
    ("sentence", "end"),
    [
        ("디바이스를 켜고 잠시 기다리면 화면이 나옵니다. ", "."),
        ("전원을 확인하고 케이블을 다시 끼워 주세요 ", "요"),
        ("The player restarts when it is done. ", "."),
        ("画面が表示されます。", "。"),
    ],
)
def test_sentences_stay_whole(sentence, end):
    pieces = chunk(sentence * 100, 100, 40)
    assert len(pieces) > 5
    assert all(piece.text.endswith(end) for piece in pieces)
    assert all(piece.text.startswith(sentence[:3]) for piece in pieces)


def test_a_paragraph_is_a_better_end_than_a_sentence():
    paragraph = "One sentence here. Another one there. "
    first, *_ = chunk(paragraph * 6 + "\n\n" + paragraph * 6, 100, 0)
    assert first.text == (paragraph * 6).strip()


def test_chunks_overlap_by_what_was_asked():
    pieces = chunk("단어 " * 4000, 800, 400)
    for one, other in pairwise(pieces):
        assert 300 < estimated_tokens(one.text[other.start - one.start :]) <= 401


@pytest.mark.parametrize(("most", "overlap"), [(100, 51), (100, -1)])
def test_an_overlap_beyond_half_is_refused(most, overlap):
    with pytest.raises(ValueError, match="half"):
        chunk("a", most, overlap)


@pytest.mark.parametrize(
    "text", ["가" * 300_000, "\u0301" * 300_000, "a " * 300_000, "\n" * 300_000]
)
def test_no_text_takes_long(text):
    started = time.process_time()
    chunk(text)
    assert time.process_time() - started < 5
