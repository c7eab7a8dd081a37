"""The widget: a visitor's conversation, on a site of another origin."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.pages import needs_libraries
from tests.support.replies import Reply
from tests.support.searches import search
from tests.support.server import thread_server
from tests.support.widget_page import ANSWER, FIRST_PIECE, OPENING, REFUNDS, page_with, widget_on

pytestmark = needs_libraries

HOSTILE_MARKDOWN = (
    "<script>window.harmed = 1</script>",
    "<img src=x onerror='window.harmed = 1'>",
    "[a](javascript:window.harmed=1) ",
    "<iframe srcdoc='<script>parent.harmed = 1</script>'></iframe>",
    "<style>* { display: none }</style>",
    "![i](https://example.org/seen.png) ",
    "still **here**",
)

HEARING = """
  window.heard = [];
  addEventListener('threadkeeper:message', ({ detail }) => heard.push(detail.role));
"""


def test_a_visitor_chats_and_sees_the_answer_grow(widget, upstream):
    chat = widget('data-title="Bakery"')
    expect(chat.dialog).to_have_accessible_name("Bakery")
    expect(chat.dialog).to_contain_text("How can I help you?")
    upstream.reply(Reply.text(*ANSWER).stalled(after=FIRST_PIECE))
    chat.ask("When are you open?")
    expect(chat.answer).to_have_text("We open")
    expect(chat.page.get_by_role("status")).to_be_empty()
    upstream.release()
    expect(chat.answer).to_have_text("".join(ANSWER))
    # Screen readers get the whole answer, not each piece.
    expect(chat.page.get_by_role("status")).to_have_text("".join(ANSWER))
    expect(chat.field).to_be_focused()


def test_an_answer_continues_after_a_reload(widget, upstream):
    chat = widget()
    upstream.reply(Reply.text(*ANSWER).stalled(after=FIRST_PIECE))
    chat.ask("When are you open?")
    expect(chat.answer).to_have_text("We open")
    chat.page.reload()
    expect(chat.questions).to_have_text(["You: When are you open?"])
    expect(chat.answer).to_have_text("We open")
    upstream.release()
    expect(chat.answer).to_have_text("".join(ANSWER))
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("ends_between_pages", [True, False])
def test_an_answer_is_announced_while_the_chat_is_shut(widget, site, upstream, ends_between_pages):
    chat = widget()
    chat.page.add_init_script(HEARING)
    upstream.reply(Reply.text(*ANSWER).stalled(after=FIRST_PIECE))
    chat.ask("When are you open?")
    expect(chat.answer).to_have_text("We open")
    chat.page.keyboard.press("Escape")
    if ends_between_pages:
        chat.page.goto("about:blank")
        upstream.release()
        chat.page.goto(f"{site.origin}/next")
    else:
        with chat.page.expect_response(re.compile("/events$")):
            chat.page.reload()
        upstream.release()
    expect(chat.launcher).to_have_class(re.compile("unread"))
    assert chat.page.evaluate("window.heard") == ["assistant"]
    chat.launcher.click()
    expect(chat.answer).to_have_text("".join(ANSWER))
    expect(chat.launcher).not_to_have_class(re.compile("unread"))


def test_the_conversation_continues_on_the_next_page(widget, site, upstream):
    chat = widget()
    chat.hear("first")
    chat.page.keyboard.press("Escape")
    chat.page.goto(f"{site.origin}/another")
    expect(chat.dialog).to_be_hidden()
    chat.open()
    expect(chat.answer).to_have_text("Answer to: first")
    chat.hear("second")
    assert len(upstream.requests[1].body["input"]) == 3


def test_a_new_conversation_leaves_the_old_one(widget, upstream):
    chat = widget()
    expect(chat.button("New conversation")).to_be_hidden()
    chat.hear("first")
    chat.button("New conversation").click()
    expect(chat.questions).to_have_count(0)
    chat.hear("second")
    chat.page.reload()
    expect(chat.questions).to_have_text(["You: second"])
    assert len(upstream.requests[1].body["input"]) == 1


def test_a_rate_limit_is_shown_in_seconds(visit, site, settings, upstream):
    with thread_server(**settings | {"public_rate_limit": "5/minute"}) as server:
        chat = widget_on(visit(expected=re.compile("429")), site, page_with(server)).open()
        for text in ("one", "two", "three"):
            chat.ask(text)
            expect(chat.questions.last).to_contain_text(text)
            chat.ready()
        expect(chat.note).to_have_text(
            re.compile(r"Too many requests right now. Please try again in \d+ seconds.")
        )


def test_a_failed_answer_is_shown_and_retried(widget, upstream):
    chat = widget()
    upstream.reply(Reply.failed(), Reply.text("Now it works."))
    chat.ask("hello")
    expect(chat.note).to_contain_text("could not answer")
    chat.button("Try again").click()
    expect(chat.answer).to_have_text("Now it works.")
    expect(chat.note).to_be_hidden()
    chat.ready().page.reload()
    expect(chat.questions).to_have_count(1)
    expect(chat.answer).to_have_text("Now it works.")


def test_an_answer_is_stopped(widget, upstream):
    chat = widget()
    upstream.reply(Reply.text(*ANSWER).stalled(after=FIRST_PIECE))
    chat.ask("hello")
    expect(chat.answer).to_have_text("We open")
    chat.button("Stop").click()
    expect(chat.note).to_have_text("Stopped.")
    assert upstream.wait_hang_up()
    chat.hear("again")


def test_a_question_whose_thread_is_gone_is_asked_on_a_new_one(widget, server, upstream):
    chat = widget(expected=re.compile("404"))
    chat.hear("first")
    kept = chat.page.evaluate("""() => Object.fromEntries(Object.entries(localStorage)
      .map(([key, value]) => [key.split(' ').at(-1), JSON.parse(value)]))""")
    mine = {"authorization": f"Bearer {kept['session']['token']}"}
    gone = server.http.delete(f"/threads/{kept['thread']}", headers=mine)
    assert gone.status_code == 200
    chat.ask("second")
    expect(chat.note).to_have_text("This conversation no longer exists.")
    chat.button("New conversation").last.click()
    expect(chat.questions).to_have_text(["You: second"])
    expect(chat.answer).to_have_text("Answer to: second")


def test_citations_show_the_passage(widget, upstream):
    chat = widget('data-assistant="asst_bakery"')
    upstream.reply(
        Reply.function_calls(search("refunds"), search("일요일", "call_2")),
        Reply.text(
            "You get it back ", "【0:0†refunds.txt】", " 😀 at eight", "【1:0†opening.txt】"
        ),
    )
    chat.ask("May I have a refund?")
    expect(chat.answer.locator(".markdown")).to_have_text("You get it back 1 😀 at eight2")
    chat.answer.get_by_role("button", name="Source 2: opening.txt").click()
    source = chat.answer.get_by_role("button", name="2. opening.txt")
    expect(source).to_be_focused()
    expect(source).to_have_attribute("aria-expanded", "true")
    expect(chat.answer.locator("blockquote:visible")).to_have_text(OPENING)
    chat.page.reload()
    chat.answer.get_by_role("button", name="1. refunds.txt").click()
    expect(chat.answer.locator("blockquote:visible")).to_have_text(REFUNDS)


def test_hostile_markdown_does_nothing(widget, upstream):
    chat = widget()
    upstream.reply(Reply.text(*(f"{line}\n\n" for line in HOSTILE_MARKDOWN)))
    chat.ask("harm me")
    expect(chat.answer.locator("strong")).to_have_text("here")
    chat.ready()
    assert chat.page.evaluate("window.harmed") is None
    assert chat.answer.locator("script, img, iframe, style, [onerror]").count() == 0
    assert chat.answer.locator("a[href^='javascript:']").count() == 0
    link = chat.answer.locator("a[href='https://example.org/seen.png']")
    expect(link).to_have_attribute("rel", re.compile("noopener"))


def test_thumbs_are_kept_with_the_message(widget):
    chat = widget()
    chat.hear("hello")
    good, bad = chat.button("Helpful"), chat.button("Not helpful")
    good.click()
    expect(good).to_have_attribute("aria-pressed", "true")
    bad.click()
    expect(good).to_have_attribute("aria-pressed", "false")
    chat.page.reload()
    expect(bad).to_have_attribute("aria-pressed", "true")
    bad.click()
    expect(bad).to_have_attribute("aria-pressed", "false")


def test_an_invalid_session_is_replaced(widget):
    chat = widget(expected=re.compile("404"))
    chat.hear("hello")
    chat.page.evaluate("""() => {
      const name = Object.keys(localStorage).find((key) => key.endsWith('session'));
      localStorage[name] = JSON.stringify({ ...JSON.parse(localStorage[name]), token: 'stale' });
    }""")
    chat.page.reload()
    chat.hear("hello again")


def test_it_works_with_blocked_storage(visit, site, server, upstream):
    page = visit()
    page.add_init_script("""
      for (const name of ['localStorage', 'sessionStorage'])
        Object.defineProperty(window, name, {
          get() { throw new DOMException('It is blocked.', 'SecurityError'); } });
      delete Crypto.prototype.randomUUID;
    """)
    chat = widget_on(page, site, page_with(server)).open()
    chat.hear("one")
    chat.hear("two")
    assert len(upstream.requests[1].body["input"]) == 3
