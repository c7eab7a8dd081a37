"""Each Korean document says the same as the English one."""

import re

import pytest

from tests.support.manual import ENGLISH, Document, code_marks, name_in_korean

# Texts within code that each language has its own version of.
TRANSLATED = {
    "Summarise this:": "다음 문서를 요약해 주세요:",
    "Too long": "너무 길어요",
    "Returns the weather in a city.": "도시의 날씨를 알려 줍니다.",
    "The connection was lost.": "연결이 끊겼습니다.",
}
PAIRS = [(one, Document(name_in_korean(one.name))) for one in ENGLISH]
every_pair = pytest.mark.parametrize(
    ("english", "korean"), PAIRS, ids=[english.name for english, _ in PAIRS]
)


def comparable(block):
    """Return the lines of code in Korean, without a shell's comments."""
    code = block.code
    for english, korean in TRANSLATED.items():
        code = code.replace(f'"{english}"', f'"{korean}"')
    lines = code.splitlines()
    if block.language == "sh":
        # Comments are in the reader's language.
        return [line for line in (re.sub(r"(^|\s+)# .*$", "", line) for line in lines) if line]
    return lines


def places(document):
    """Return where the document links to, by file; anchors are in its own language."""
    folder = document.path.parent
    files = [(folder / link.file).resolve() for link in document.links if link.file]
    return sorted({*map(str, files), *re.findall(r"<(http[^>]+)>", document.prose)})


@every_pair
def test_headings_have_the_same_levels_in_the_same_order(english, korean):
    levels = [[heading.level for heading in one.headings] for one in (english, korean)]
    assert levels[0] == levels[1]


@every_pair
def test_code_is_the_same(english, korean):
    assert [block.language for block in korean.blocks] == [
        block.language for block in english.blocks
    ]
    for theirs, ours in zip(english.blocks, korean.blocks, strict=True):
        # The output of a program is in the language of the system.
        if theirs.language:
            assert comparable(ours) == comparable(theirs)


@every_pair
def test_each_section_has_the_same_names_in_code_marks(english, korean):
    for theirs, ours in zip(english.sections, korean.sections, strict=True):
        assert code_marks(ours) == code_marks(theirs), theirs.splitlines()[0]


@every_pair
def test_tables_have_as_many_rows(english, korean):
    for theirs, ours in zip(english.sections, korean.sections, strict=True):
        assert ours.count("\n|") == theirs.count("\n|"), theirs.splitlines()[0]


@every_pair
def test_links_lead_to_the_same_places(english, korean):
    translated = {str(one.path): str(other.path) for one, other in PAIRS}
    expected = {translated.get(place, place) for place in places(english)}
    # Each README links to the other one.
    others = (
        {str(one.path) for pair in PAIRS[:1] for one in pair} if korean is PAIRS[0][1] else set()
    )
    assert set(places(korean)) - others == expected - others


@every_pair
def test_the_korean_text_is_korean(english, korean):
    # Not by its length: names and code take much of some sections.
    for section in korean.sections:
        assert re.search("[가-힣]", section), section.splitlines()[0]
