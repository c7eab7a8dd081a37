"""The console's texts: the same ones in both languages, each of them used."""

import re

import pytest
from playwright.sync_api import Page

from app.api.pages import FOLDER
from tests.support.pages import needs_libraries

pytestmark = needs_libraries

CONSOLE = FOLDER / "console"
VIEWS = sorted(path.parent.name for path in CONSOLE.glob("views/*/texts.js"))
MODULES = {
    "console": ("console/texts.js", "consoleTexts"),
    **{name: (f"console/views/{name}/texts.js", "texts") for name in VIEWS},
}

# For any view that needs them.
ANY_VIEW = {"save", "saving", "delete", "nothingFound", "nothingFoundText"}


@pytest.fixture
def texts(visit, server):
    """All texts: by module, and in it by language and name."""
    page: Page = visit()
    page.goto(f"{server.base_url}/console")
    load = "async ([path, table]) => (await import(`./static/${path}`))[table]"
    return {name: page.evaluate(load, [*module]) for name, module in MODULES.items()}


def test_both_languages_have_the_same_texts(texts):
    for name, table in texts.items():
        assert [*table["en"]] == [*table["ko"]], name
        for text in table["en"]:
            blanks = [sorted(re.findall(r"\{\w+\}", table[one][text])) for one in ("en", "ko")]
            assert blanks[0] == blanks[1], text


def test_no_two_views_have_a_text_of_the_same_name(texts):
    names = [name for table in texts.values() for name in table["en"]]
    assert sorted(names) == sorted(set(names))


def test_every_text_is_used(texts):
    files = [path for kind in ("js", "html") for path in CONSOLE.rglob(f"*.{kind}")]
    sources = "\n".join(path.read_text("utf-8") for path in files)
    # A view's label has the view's name; the sign-in form asks for its own text.
    shown = {*VIEWS, "signInText", *ANY_VIEW}
    for table in texts.values():
        used = [name for name in table["en"] if re.search(rf'["\']{name}["\']', sources)]
        assert {*table["en"]} - shown <= {*used}


def test_every_text_of_the_page_exists(texts):
    page = (CONSOLE / "index.html").read_text("utf-8")
    asked = set(re.findall(r'data-(?:text|label|placeholder)="(\w+)"', page))
    shell = {"dark", "otherLanguage", "otherLanguageShort", "signOut"}
    assert asked <= {*texts["console"]["en"]} | shell
