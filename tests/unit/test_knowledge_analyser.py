"""Which words of a question find which words of a text."""

import random
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.knowledge import analyser
from app.knowledge.analyser import tokens
from app.knowledge.word_cache import LONGEST_WORD, WordCache


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("디바이스를", "디바이스"),
        ("디바이스에서는", "디바이스"),
        ("디바이스들이", "디바이스"),
        ("화면이", "화면"),
        ("화면을", "화면"),
        ("화면보호기", "화면"),
        ("해지하려면", "해지"),
        ("해지됐나요?", "해지"),
        ("해지", "해지"),
        ("구독해지", "해지"),
        ("배너광고", "광고"),
        ("메시지가", "시지"),
        ("환불받으려면", "환불"),
        ("등록해주세요", "등록"),
        ("앱이", "앱"),
        ("앱에서", "앱"),
        ("running", "run"),
        ("runs", "run"),
        ("Devices'", "devic"),
        ("SCR-101", "scr101"),
        ("SCR-101", "scr"),
        ("SCR-101은", "101"),
        ("scr101", "scr101"),
        ("SCR_101", "scr101"),
        ("1,000원", "1000"),
        ("2.4.1", "2.4.1"),
        ("ＰＤＦ로는", "pdf"),
        ("4K", "4k"),
        ("東京都", "東京"),
        ("東", "東"),
        ("Привет", "привет"),
    ],
)
def test_a_word_has_the_token(text, token):
    assert token in tokens(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("꺼져요", "꺼집니다"),
        ("꺼졌는데", "꺼지지"),
        ("나와요", "나오지"),
        ("바꾸려면", "바꿔"),
        ("재생목록", "재생 목록"),
        ("디스플레이", "디스플레이를"),
        ("refunded", "refund"),
    ],
)
def test_two_forms_meet(one, other):
    assert set(tokens(one)) & set(tokens(other))


@pytest.mark.parametrize("text", ["", "  \n", "?!", "어떻게 하나요?", "what is the", "은", "😀"])
def test_what_says_nothing_has_no_token(text):
    assert tokens(text) == []


def test_a_particle_after_a_name_is_dropped():
    assert tokens("SCR-101은") == tokens("SCR-101")
    assert tokens("PDF를") == ["pdf"]


def test_tokens_come_in_order_and_as_often_as_they_occur():
    assert tokens("화면 device 화면") == ["화면", "devic", "화면"]


def test_no_token_is_long_or_has_a_space():
    found = tokens("a" * 5000 + " " + "가" * 5000 + " " + "1" * 5000 + " 화면\u3000설정 a'b\"c")
    assert max(map(len, found)) <= 64
    assert not any(
        character.isspace() or character in "'\"\\" for token in found for character in token
    )


def words(count: int, length: int) -> str:
    """Return Korean words of so many syllables, all different."""
    chance = random.Random(length)
    return " ".join(
        "".join(chr(chance.randrange(0xAC00, 0xD7A4)) for _ in range(length)) for _ in range(count)
    )


def test_what_is_remembered_has_a_bound_in_bytes():
    made = WordCache(lambda _kind, word: (word[:2], word[2:]), 100_000)
    tracemalloc.start()
    try:
        for number in range(5_000):
            assert made("korean", f"{number:030}") == ("00", f"{number:028}")
        assert tracemalloc.get_traced_memory()[0] < 200_000
    finally:
        tracemalloc.stop()
    assert 0 < len(made) < 500


def test_a_text_without_spaces_is_not_remembered():
    before = len(analyser._remembered)
    assert len(tokens(words(200, LONGEST_WORD + 1))) > 200 * LONGEST_WORD - 200
    assert len(analyser._remembered) == before


def test_a_word_that_comes_again_is_made_once():
    calls = []

    def make(_kind: str, word: str) -> tuple[str, ...]:
        calls.append(word)
        return (word,)

    made = WordCache(make, 100_000)
    for word in ["one", "two", "one", "two", "o" * 100, "o" * 100]:
        assert made("latin", word) == (word,)
    assert calls == ["one", "two", "o" * 100, "o" * 100]


def test_threads_do_not_disturb_one_another():
    words = [f"{number}nationalizations" for number in range(500)]
    alone = [analyser._english(word) for word in words]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            together = list(
                threads.map(lambda _: [analyser._english(word) for word in words], range(8))
            )
    finally:
        sys.setswitchinterval(interval)
    assert together == [alone] * 8
