"""A newcomer without a key: the demo model runs code on a table, and the pages show its chart."""

import pytest
from playwright.sync_api import expect

from tests.support.assistants_files import ANALYST, SHIPPED
from tests.support.callers import ORIGIN
from tests.support.interpreters import require_interpreter
from tests.support.pages import needs_libraries

pytestmark = needs_libraries

KEY = "sk-of-a-test"
TABLE = {
    "name": "도시별 매출.csv",
    "mimeType": "text/csv",
    "buffer": "도시,매출\n서울,120\n부산,80\n".encode(),
}
CLOSED = {
    "api_keys": [f"default:{KEY}"],
    "public_chat": True,
    "public_assistants": [ANALYST],
    "cors_origins": [ORIGIN],
}


@pytest.fixture
def demo(start):
    """Return a function that starts the server as it is shipped, if it can run code here."""
    require_interpreter()
    settings = {"openai_base_url": "", "openai_api_key": "", "assistants_file": str(SHIPPED)}
    return lambda **more: start(code_interpreter="auto", **settings, **more)


def assert_drawn(page, name: str) -> None:
    picture = page.answer.locator(".message").get_by_role("img")
    expect(picture).to_be_visible()
    assert picture.evaluate("(image) => image.naturalWidth") > 300
    with page.page.expect_download() as download:
        page.answer.get_by_role("button", name=name).last.click()
    assert download.value.path().read_text("utf-8-sig").startswith(",")


@pytest.mark.parametrize("settings", [{}, CLOSED], ids=["open", "visitor"])
def test_a_suggestion_of_the_example(demo, chat, settings):
    page = chat(on=demo(**settings), locale="ko-KR")
    picker = page.page.locator("#assistant")
    if picker.is_visible():
        picker.select_option(ANALYST)
    page.page.get_by_role("button", name="10월 시청 데이터를 날짜별 그래프로").click()
    page.finished()
    expect(page.answer.locator(".call summary")).to_have_text("코드를 실행했습니다")
    expect(page.text).to_contain_text("[데모 모드] view-events.csv")
    expect(page.text).to_contain_text("그래프: 날짜별 시청 이벤트")
    assert_drawn(page, "view-events_요약.csv")
    page.page.reload()
    assert_drawn(page, "view-events_요약.csv")


def test_a_table_that_is_dropped_on_the_page(demo, chat):
    page = chat(on=demo())
    page.page.set_input_files("#file-input", files=[TABLE])
    expect(page.page.locator("#attachments li")).to_contain_text(TABLE["name"])
    expect(page.page.locator("#attachments progress")).to_have_count(0)
    page.ask("Draw a chart of it.")
    page.finished()
    expect(page.text).to_contain_text("Chart: 매출 by 도시")
    assert_drawn(page, "도시별_매출_summary.csv")
    shown = page.answer.locator(".call")
    shown.locator("summary").click()
    expect(shown.locator("pre").first).to_contain_text('path = "/mnt/data/도시별 매출.csv"')
    expect(shown.locator("pre").nth(1)).to_contain_text("- Rows: 2")
