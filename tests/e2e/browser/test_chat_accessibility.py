"""The chat page checked by axe, in both themes and at several sizes."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.support.function_calls import call, function_tools
from tests.support.pages import needs_libraries
from tests.support.replies import Reply
from tests.support.searches import SEARCH, library, search

pytestmark = needs_libraries

DESKTOP = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
ANSWER = (
    "## 제목\n\nText【0:0†refund.txt】 with `code`, [a link](https://example.org) and\n\n"
    "```python\nprint(1)\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n> quoted\n\n- [x] done"
)


@pytest.fixture(params=["light", "dark"])
def colours(request) -> str:
    return request.param


@pytest.fixture(params=[("ko-KR", DESKTOP), ("en-US", PHONE)], ids=["desktop-ko", "phone-en"])
def page(request, chat, colours, server):
    locale, size = request.param
    files = library(server.client)
    tools = [SEARCH, *function_tools("list_screens")]
    metadata = {"greeting": "Hello 안녕", "suggestions": "One?\nTwo?"}
    changes = {"name": "Librarian", "tools": tools, "metadata": metadata}
    server.http.post(f"/assistants/{files.assistant_id}", json=changes)
    page = chat(locale=locale, color_scheme=colours, reduced_motion="reduce", **size)
    page.page.locator("#assistant").select_option(files.assistant_id)
    return page


def assert_accessible(page) -> None:
    results = Axe().run(page.page)
    assert not results.response["violations"], results.generate_report()


def test_an_empty_conversation(page):
    assert_accessible(page)


def test_answers_and_their_actions(page, upstream):
    upstream.reply(
        Reply.function_calls(search("refund 환불"), call("list_screens", "call_2")),
        Reply.text(ANSWER),
    )
    page.ask("환불은 언제 되나요?")
    page.finished()
    for summary in page.answer.locator("summary").all():
        summary.click()
    page.answer.locator("[data-action=ratedUp]").click()
    expect(page.answer.locator("[aria-pressed=true]")).to_be_visible()
    assert_accessible(page)
    page.answer.locator(".source-chip").click()
    expect(page.page.locator(".passage")).to_be_visible()
    assert_accessible(page)


def test_an_answer_in_progress_and_a_failed_one(page, upstream):
    upstream.reply(Reply.text("Half", " and half").stalled(after=5))
    page.ask("Go on")
    expect(page.text).to_have_text("Half")
    assert_accessible(page)
    page.page.locator("#stop").click()
    expect(page.answer).to_have_attribute("aria-busy", "false")
    upstream.reply(Reply.http_error(500, {"error": {"message": "It broke."}}))
    page.ask("And now?")
    expect(page.answer.get_by_role("alert")).to_be_visible()
    assert_accessible(page)


def test_an_attachment(page):
    file = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"notes"}
    page.page.set_input_files("#file-input", files=[file])
    expect(page.page.locator("#attachments li")).to_be_visible()
    assert_accessible(page)


def test_the_list_and_its_questions(page, upstream):
    page.hear("hello there")
    menu: Callable[[], None] = page.page.locator("#open-menu").click
    if page.page.locator("#open-menu").is_visible():
        menu()
    item = page.page.locator(".thread").first
    item.hover()
    assert_accessible(page)
    item.get_by_role("button").last.click()
    expect(page.page.get_by_role("dialog")).to_be_visible()
    assert_accessible(page)


def test_landmarks_and_headings(chat):
    page = chat()
    for role in ("main", "navigation", "banner", "search"):
        expect(page.page.locator(f"{_LANDMARKS[role]}")).to_have_count(1)
    expect(page.page.locator("h1")).to_have_count(1)


_LANDMARKS = {"main": "main", "navigation": "nav", "banner": "header", "search": "[role=search]"}
