"""The string in a call's arguments, shown while they come in."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.tools.arguments import StreamedText

TEXTS = st.text(alphabet=st.sampled_from('ab"\\/\n\t\x00한글😀👩‍👧\u2028 {}:'), max_size=40)


def read(*pieces: str) -> list[str]:
    text = StreamedText()
    return [text.feed(piece) for piece in pieces]


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.booleans(), st.sampled_from([None, 1]), st.data())
def test_however_it_is_split_the_text_is_whole(text, escaped, indent, data):
    arguments = json.dumps({"code": text}, ensure_ascii=escaped, indent=indent)
    places = data.draw(st.lists(st.integers(0, len(arguments)), max_size=8).map(sorted))
    bounds = zip([0, *places], [*places, len(arguments)], strict=True)
    assert "".join(read(*(arguments[a:b] for a, b in bounds))) == text
    assert "".join(read(*arguments)) == text


def test_it_shows_what_is_whole_at_once():
    said = read('{"code": "pri', "nt(\\", "n\\ud83d\\ude", "00", '", 1]')
    assert said == ["pri", "nt(", "\n", "😀", ""]


OTHERS = ["", "{}", "[1]", '{"code": 1}', "print(1)", '{"a": {"b": "c"']


def test_line_breaks_that_are_not_escaped_are_taken():
    assert read('{"code": "a\nb\t', 'c"}') == ["a\nb\t", "c"]


@pytest.mark.parametrize("arguments", OTHERS)
def test_other_forms_show_nothing(arguments):
    assert "".join(read(*arguments)) == ""


def test_an_escape_that_is_none_ends_what_is_shown():
    assert read('{"code": "a\\q', 'bc"}') == ["a", ""]


@pytest.mark.parametrize("half", ["\\udc00", "\\uDFFF", "\\ud83d", "\\ud83d\\u0041"])
def test_half_of_a_pair_ends_what_is_shown(half):
    assert "".join(read(*f'{{"code": "a{half}b"}}')) == "a"
    assert read(f'{{"code": "a{half}b"}}') == ["a"]
