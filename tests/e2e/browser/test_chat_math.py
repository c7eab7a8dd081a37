"""Formulas in answers: LaTeX becomes MathML, amounts of money stay text."""

import pytest
from playwright.sync_api import expect

from tests.support.pages import needs_libraries
from tests.support.replies import Reply

pytestmark = needs_libraries

FORMULAS = [
    ("So $x_1 + y_1$ it is", 1),
    ("값은 $x$입니다", 1),
    (r"So \(a_1\) and \[b_2\]", 2),
    ("So\n$$\na = b\n+ c\n$$\nand", 1),
    ("- item $$z_1$$\n- b", 1),
    ("From $3 to $4, or $E=mc^2$", 1),
    ("| a | b |\n|---|---|\n| $x$ | b |", 1),
    ("$5 and $10, US$5-$10, $5/month vs $6/month, $20,000 and $30,000, 5$ and 6$", 0),
    ("예산 $100만 vs $200만", 0),
    (r"\$5 and \$6", 0),
    ("`$x$`\n\n```\n$$x$$\n```", 0),
]


@pytest.mark.parametrize(("written", "count"), FORMULAS)
def test_formulas_are_drawn_and_money_is_not(chat, upstream, written, count):
    page = chat()
    upstream.reply(Reply.text(*written))
    page.ask("Tell me")
    page.finished()
    expect(page.text.locator("math")).to_have_count(count)
    expect(page.text.locator(".math:not(:has(math))")).to_have_count(0)


def test_an_incomplete_formula_is_text(chat, upstream):
    page = chat()
    upstream.reply(Reply.text("So $$x", "^2", "$$ it is").stalled(after=6))
    page.ask("Tell me")
    expect(page.text).to_have_text("So $$x^2")
    expect(page.text.locator("math")).to_have_count(0)
    upstream.release()
    page.finished()
    expect(page.text.locator("math msup")).to_have_count(1)


def test_invalid_latex_shows_its_source(chat, upstream):
    page = chat()
    bombs = [r"$\frac{$", r"$$\def\a{\a\a}\a$$", f"${'{' * 900}x{'}' * 100}$", r"\(\nosuch{x}\)"]
    upstream.reply(Reply.text("\n\n".join(bombs) + "\n\nand $x$."))
    page.ask("Tell me")
    page.finished()
    expect(page.text.locator("math")).to_have_count(1)
    expect(page.text.locator(".math-failed")).to_have_count(4)
    expect(page.text).to_contain_text(r"\nosuch{x}")


def test_the_library_is_loaded_only_for_formulas(chat, upstream):
    page = chat()
    loaded = []
    page.page.on("request", lambda request: loaded.append(request.url.rpartition("/")[2]))
    page.hear("Nothing of that kind")
    assert "katex.js" not in loaded
    upstream.reply(Reply.text("$x$"))
    page.ask("And now?")
    expect(page.text.locator("math")).to_have_count(1)
    assert loaded.count("katex.js") == 1
