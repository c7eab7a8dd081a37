"""The Korean README keeps in step with the English one."""

import re

import pytest

from tests.support.readme import Readme, code_marks

ENGLISH = Readme("README.md")
KOREAN = Readme("README.ko.md")
# Texts within code that each README says in its own language.
SAID = {
    "Summarise this:": "다음 문서를 요약해 주세요:",
    "Tells a city's weather.": "도시의 날씨를 알려 줍니다.",
    "The connection was lost.": "연결이 끊겼습니다.",
}


def without_comments(block):
    """Return the lines of code; a shell's comments are in the reader's language."""
    lines = block.code.splitlines()
    return [re.sub(r"\s+# .*$", "", line) for line in lines] if block.language == "sh" else lines


def in_korean(block):
    code = block.code
    for english, korean in SAID.items():
        code = code.replace(f'"{english}"', f'"{korean}"')
    return block._replace(code=code)


def links_of(readme):
    """Return where it leads to, but to the other README; anchors are in its own language."""
    targets = re.findall(r"<(http[^>]+)>", readme.prose) + readme.linked_files
    return sorted(target for target in targets if not target.startswith("README"))


def test_headings_are_of_the_same_levels_in_the_same_order():
    assert [one.level for one in KOREAN.headings] == [one.level for one in ENGLISH.headings]


def test_code_is_of_the_same_languages_in_the_same_order():
    assert [one.language for one in KOREAN.blocks] == [one.language for one in ENGLISH.blocks]


@pytest.mark.parametrize("language", sorted({block.language for block in ENGLISH.blocks} - {""}))
def test_code_is_the_same(language):
    theirs = [without_comments(in_korean(b)) for b in ENGLISH.blocks if b.language == language]
    ours = [without_comments(b) for b in KOREAN.blocks if b.language == language]
    assert ours == theirs


def test_every_setting_has_the_same_default_and_a_meaning_in_korean():
    rows = [row.split(" | ", 2) for row in KOREAN.table("| 설정 | 기본값 | 뜻 |")]
    theirs = [row.split(" | ", 2) for row in ENGLISH.table("| Setting | Default | Meaning |")]
    assert [(name, default.replace("비어 있음", "empty")) for name, default, _ in rows] == [
        (name, default) for name, default, _ in theirs
    ]
    # Addresses are the same in every language.
    meanings = [meaning for name, _, meaning in rows if name != "| `DATABASE_URL`"]
    assert [meaning for meaning in meanings if not re.search("[가-힣]", meaning)] == []


def test_each_section_names_the_same_things_in_code_marks():
    for korean, english in zip(KOREAN.sections, ENGLISH.sections, strict=True):
        assert code_marks(korean) == code_marks(english), english.splitlines()[0]


def test_tables_have_as_many_rows():
    for korean, english in zip(KOREAN.sections, ENGLISH.sections, strict=True):
        rows = [section.count("\n|") for section in (korean, english)]
        assert rows[0] == rows[1], english.splitlines()[0]


def test_links_lead_to_the_same_places():
    assert links_of(KOREAN) == links_of(ENGLISH)


def test_each_leads_to_the_other():
    assert "README.md" in KOREAN.linked_files
    assert "README.ko.md" in ENGLISH.linked_files
