"""The pages that people open first: `/`, the API docs, the widget's demo."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.pages import needs_libraries

pytestmark = needs_libraries

KEY = "key-of-the-shop-1234567"
DRAWN_MS = 60_000
UPLOAD = '.opblock-post:has([data-path="/api/v1/files"])'


@pytest.mark.parametrize(
    ("locale", "shown", "hidden"),
    [
        ("ko-KR", "서버가 실행 중입니다", "The server is running"),
        ("en-US", "The server is running", "서버가 실행 중입니다"),
    ],
)
def test_the_first_page_uses_the_readers_language(visit, start, locale, shown, hidden):
    server = start(openai_base_url="", openai_api_key="")
    page = visit(locale=locale)
    page.goto(server.base_url)
    expect(page.get_by_text(shown)).to_be_visible()
    expect(page.get_by_text(hidden)).to_be_hidden()
    expect(page.get_by_role("status")).to_contain_text("OPENAI_API_KEY")
    page.locator('a[href="widget/demo"]').click()
    expect(page).to_have_url(f"{server.base_url}/widget/demo")


def test_the_widgets_demo_works_at_once(visit, start, upstream):
    page = visit(locale="ko-KR")
    page.goto(f"{start().base_url}/widget/demo")
    expect(page.locator(".needs")).to_be_hidden()
    page.get_by_role("button", name="채팅 열기").click()
    page.get_by_role("textbox").fill("안녕하세요")
    page.keyboard.press("Enter")
    talk = page.get_by_role("log")
    expect(talk.get_by_text("Answer to: 안녕하세요")).to_be_visible()


def test_with_keys_the_widgets_demo_says_what_to_set(visit, start):
    page = visit(locale="ko-KR")
    page.goto(f"{start(api_keys=[f'shop:{KEY}']).base_url}/widget/demo")
    expect(page.locator(".needs")).to_be_visible()
    expect(page.locator(".needs .ko")).to_contain_text("PUBLIC_CHAT=true")


def test_the_document_keeps_its_key_for_the_tab(visit, start):
    server = start(api_keys=[f"shop:{KEY}"])
    page = visit()
    page.goto(f"{server.base_url}/docs")
    page.locator("button.authorize").first.click()
    # The dialog has a form for each way to send the key.
    bearer = page.locator(".auth-container", has_text="bearer (http, Bearer)")
    bearer.locator("input").fill(KEY)
    bearer.locator("button.authorize").click()
    page.reload()
    expect(page.locator(".auth-wrapper button.authorize.locked")).to_be_visible()
    # It is kept in no other tab, and not after this one is closed.
    assert KEY not in page.evaluate("JSON.stringify(localStorage)")
    page.locator("button.authorize").first.click()
    bearer.locator("button", has_text="Logout").click()
    page.reload()
    expect(page.locator(".auth-wrapper button.authorize.unlocked")).to_be_visible()
    assert KEY not in page.evaluate("JSON.stringify(sessionStorage)")


def test_a_file_is_uploaded_for_assistants_without_expiry(visit, start):
    page = visit()
    page.goto(f"{start().base_url}/docs")
    form = page.locator(UPLOAD)
    # The document is long, and Swagger UI draws all of it first.
    form.wait_for(timeout=DRAWN_MS)
    form.locator("button.opblock-summary-control").first.click()
    form.locator("button.try-out__btn").click()
    file = {"name": "hours.txt", "mimeType": "text/plain", "buffer": b"Open from 8."}
    form.locator("input[type=file]").set_input_files(file)
    with page.expect_response(re.compile("/api/v1/files$")) as answered:
        form.locator("button.execute").click()
    made = answered.value.json()
    assert (made["purpose"], made["expires_at"]) == ("assistants", None)
