"""The widget by keyboard, by screen reader, with an input method, and on a phone."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.support.pages import needs_libraries
from tests.support.replies import Reply
from tests.support.searches import search
from tests.support.widget_page import FIRST_PIECE, REFUNDS, WidgetPage, page_with, widget_on

pytestmark = needs_libraries

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
MARKDOWN = (
    "## 제목\n\nText【0:0†refunds.txt】 with `code`, [a link](https://example.org) and\n\n"
    "```python\nprint(1)\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n> quoted\n\n- [x] done"
)


def test_the_keyboard_is_enough(visit, site, server, upstream):
    chat = widget_on(visit(), site, page_with(server))
    page = chat.page
    page.evaluate("addEventListener('keydown', (event) => (window.keys ??= []).push(event.key))")
    page.keyboard.press("Tab")
    expect(chat.launcher).to_be_focused()
    expect(chat.launcher).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Enter")
    expect(chat.field).to_be_focused()
    expect(chat.launcher).to_have_attribute("aria-expanded", "true")
    chat.ready()
    page.keyboard.type("one")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("two")
    page.keyboard.press("Enter")
    expect(chat.answer).to_have_text("Answer to: one two", use_inner_text=True)
    expect(chat.field).to_be_focused()
    page.keyboard.press("Escape")
    expect(chat.dialog).to_be_hidden()
    expect(chat.launcher).to_be_focused()
    # Typing into the chat did not trigger the site's shortcuts.
    assert page.evaluate("window.keys") == ["Tab", "Enter"]


def test_an_enter_that_composes_hangul_sends_nothing(widget):
    chat = widget(lang="ko")
    chat.field.focus()
    devtools = chat.page.context.new_cdp_session(chat.page)
    composing = {"text": "한", "selectionStart": 1, "selectionEnd": 1}
    devtools.send("Input.imeSetComposition", composing)
    expect(chat.field).to_have_value("한")
    taken = {"type": "rawKeyDown", "key": "Process", "windowsVirtualKeyCode": 229}
    devtools.send("Input.dispatchKeyEvent", {**taken, "code": "Enter"})
    chat.field.evaluate("""(field) => field.dispatchEvent(new KeyboardEvent('keydown',
        { key: 'Enter', isComposing: true, bubbles: true, cancelable: true }))""")
    expect(chat.questions).to_have_count(0)
    devtools.send("Input.insertText", {"text": "한글"})
    chat.page.keyboard.press("Enter")
    expect(chat.questions).to_have_text(["나: 한글"])


def test_a_phone_shows_it_on_the_whole_screen(widget):
    chat = widget(viewport=PHONE, has_touch=True, reduced_motion="reduce")
    assert chat.dialog.bounding_box() == {"x": 0, "y": 0, **PHONE}
    expect(chat.dialog).to_have_attribute("aria-modal", "true")
    # Focusing the field would have opened the on-screen keyboard.
    expect(chat.dialog).to_be_focused()
    for _ in range(8):
        chat.page.keyboard.press("Tab")
        assert chat.page.evaluate("document.activeElement.localName") == "threadkeeper-chat"
        assert chat.dialog.evaluate(
            "(dialog) => dialog.contains(dialog.getRootNode().activeElement)"
        )
    chat.button("Close the chat").click()
    expect(chat.launcher).to_be_focused()


@pytest.mark.parametrize("colors", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_axe_finds_nothing(visit, site, server, upstream, colors, size, lang):
    page = visit(color_scheme=colors, reduced_motion="reduce", viewport=size)
    attributes = 'data-assistant="asst_bakery" data-color="#E8590C"'
    chat = widget_on(page, site, page_with(server, attributes, lang=lang))
    assert_accessible(chat)
    chat.open()
    assert_accessible(chat)
    upstream.reply(Reply.text("Half", " and half").stalled(after=FIRST_PIECE))
    chat.ask("Go on")
    expect(chat.answer).to_have_text("Half")
    assert_accessible(chat)
    upstream.release()
    upstream.reply(Reply.function_calls(search("refunds")), Reply.text(MARKDOWN), Reply.failed())
    chat.ask("May I have a refund?")
    chat.answer.locator(".sources button").click()
    expect(chat.answer.locator("blockquote:visible").last).to_have_text(REFUNDS)
    chat.dialog.locator("[aria-pressed]").last.click()
    expect(chat.dialog.locator("[aria-pressed=true]")).to_be_visible()
    assert_accessible(chat)
    chat.ask("And now?")
    expect(chat.note).to_be_visible()
    assert_accessible(chat)


def assert_accessible(chat: WidgetPage) -> None:
    results = Axe().run(chat.page)
    assert not results.response["violations"], results.generate_report()
