"""Tool calls, pictures and files in the widget, reduced to what a visitor needs."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Route, expect

from tests.support.charts import bar_chart
from tests.support.pages import needs_libraries
from tests.support.scripted_run import ScriptedRun, file_path, text_part
from tests.support.widget_page import page_with, widget_on

pytestmark = needs_libraries

# Allows scripts and calls to the server, and no images at all.
POLICY = "default-src 'none'; script-src {server}; connect-src {server}; img-src 'none'"
REPORT = b"a,b\n1,2\n"
MADE_UP = {
    "id": "call_1",
    "type": "made_up",
    "made_up": {
        "input": "print(1)",
        "outputs": [{"type": "image", "image": {"file_id": "file-chart"}}],
    },
}


def serve_file(route: Route, origin: str) -> None:
    content = bar_chart() if "file-chart" in route.request.url else REPORT
    route.fulfill(body=content, headers={"access-control-allow-origin": origin})


def opened(visit, site, server, *, serves_files, language="en", **options):
    """Open the widget and ask; serve file requests if visitors may load files."""
    page = visit(**options)
    if serves_files:
        page.route("**/files/file-*/content", lambda route: serve_file(route, site.origin))
    run = ScriptedRun.on(page)
    policy = POLICY.format(server=server.base_url)
    html = page_with(server, f'data-language="{language}"')
    chat = widget_on(page, site, html, policy=policy).open()
    chat.ask("Draw five bars.")
    return chat, run.begin()


def test_a_call_is_a_line_with_what_it_made(visit, site, server, upstream):
    chat, run = opened(visit, site, server, serves_files=True)
    run.open_step().call_delta({"index": 0, "id": "call_1", "type": "made_up"})
    line = chat.dialog.locator(".call")
    expect(line).to_have_text("Using the tool made_up…")
    run.end_step(MADE_UP)
    expect(line).to_contain_text("Used the tool made_up")
    expect(line).not_to_contain_text("print(1)")
    picture = line.get_by_role("img", name="Image made by the tool")
    expect(picture).to_have_js_property("width", 320)
    with chat.page.expect_download() as download:
        line.get_by_text("Download the image").click()
    assert download.value.path().read_bytes() == bar_chart()
    run.message(text_part("Here.")).end()
    expect(chat.answer.locator(".markdown")).to_have_text("Here.")


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_code_that_runs_can_be_unfolded(visit, site, server, upstream, colours):
    chat, run = opened(visit, site, server, serves_files=True, language="ko", color_scheme=colours)
    kind = "code_interpreter"
    run.open_step().call_delta({"index": 0, "id": "c", "type": kind, kind: {"input": "print("}})
    shown = chat.dialog.locator(".call")
    expect(shown.locator("summary")).to_have_text("코드를 실행하는 중…")
    run.call_delta({"index": 0, "type": kind, kind: {"input": "1)"}})
    expect(shown.locator("pre")).to_be_visible()
    expect(shown.locator("pre")).to_have_text("print(1)")
    outputs = [
        {"type": "logs", "logs": "1"},
        {"type": "image", "image": {"file_id": "file-chart"}},
    ]
    run.end_step({"id": "c", "type": kind, kind: {"input": "print(1)", "outputs": outputs}})
    expect(shown.locator("summary")).to_have_text("코드를 실행했습니다")
    expect(shown.locator("pre").first).to_be_hidden()
    run.message({"type": "image_file", "image_file": {"file_id": "file-chart"}}).end()
    expect(chat.answer.get_by_role("img")).to_have_js_property("width", 320)
    shown.locator("summary").press("Enter")
    expect(shown.locator("pre")).to_have_text(["print(1)", "1"])
    expect(shown.get_by_role("img", name="도구가 만든 이미지")).to_be_visible()
    assert not Axe().run(chat.page).response["violations"]


def test_a_message_shows_its_picture_and_its_files(visit, site, server, upstream):
    chat, run = opened(visit, site, server, serves_files=True, language="ko")
    written = "[표](sandbox:/mnt/data/표.csv)를 받으세요."
    annotation = file_path(written, "sandbox:/mnt/data/표.csv", "file-report")
    picture = {"type": "image_file", "image_file": {"file_id": "file-chart"}}
    run.message(picture, text_part(written, annotation), {"type": "hologram"}).end()
    image = chat.answer.get_by_role("img", name="어시스턴트가 보낸 이미지")
    expect(image).to_have_js_property("width", 320)
    expect(chat.answer.locator(".markdown")).to_have_text("표를 받으세요.")
    expect(chat.answer.locator(".unknown-part")).to_contain_text("hologram 형식의 내용")
    for button in (
        chat.answer.locator(".markdown .file-link"),
        chat.answer.locator(".files button"),
    ):
        with chat.page.expect_download() as download:
            button.click()
        assert download.value.suggested_filename == "표.csv"
        assert download.value.path().read_bytes() == REPORT


def test_a_file_that_visitors_may_not_load_is_reported(visit, site, server, upstream):
    chat, run = opened(visit, site, server, serves_files=False, expected=re.compile("404"))
    written = "[a table](sandbox:/mnt/data/a.csv)"
    annotation = file_path(written, "sandbox:/mnt/data/a.csv", "file-report")
    picture = {"type": "image_file", "image_file": {"file_id": "file-chart"}}
    run.message(picture, text_part(written, annotation)).end()
    shown = chat.answer.locator(".picture")
    expect(shown).to_have_text("The image file-chart can't be shown.")
    chat.answer.locator(".markdown .file-link").click()
    expect(chat.notice).to_contain_text("The file could not be downloaded.")
