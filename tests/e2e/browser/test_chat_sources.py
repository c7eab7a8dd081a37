"""Citations, tool steps and attached files on the chat page."""

import re

from playwright.sync_api import expect

from tests.support.function_calls import call, function_tools
from tests.support.pages import needs_libraries
from tests.support.replies import Reply
from tests.support.searches import REFUND, SCHEDULE, library, search

pytestmark = needs_libraries

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8"
    "cf50000000030101000b9c0ff30000000049454e44ae426082"
)

# A run's own stream, which breaks when the test says so.
BREAKABLE_RUN = """() => {
  const real = window.fetch;
  window.fetch = async (...request) => {
    const response = await real(...request);
    if (!String(request[0]).endsWith("/runs")) return response;
    const through = new TransformStream({ start: (controller) => {
      window.breakConnection = () => controller.error(new TypeError("network error"));
    } });
    response.body.pipeTo(through.writable).catch(() => {});
    return new Response(through.readable, response);
  };
}"""


def cited(upstream, *, deltas):
    upstream.reply(Reply.function_calls(search("refund 환불 schedule")), Reply.text(*deltas))


def test_citations_open_what_they_cite(chat, server, upstream):
    files = library(server.client)
    server.http.post(f"/assistants/{files.assistant_id}", json={"name": "Librarian"})
    page = chat()
    page.page.get_by_label("Assistant").select_option(files.assistant_id)
    found = (
        "【0:0†",
        "refund.txt】",
        ", and 😀 ",
        "【0:1†schedule.txt】",
        " twice 【0:0†refund.txt】 ",
    )
    cited(upstream, deltas=("사흘 안에 ", *found, "【9:9†none】."))
    page.ask("환불은 언제 되나요?")
    page.finished()
    marks = page.text.locator(".citation")
    expect(marks).to_have_text(["1", "2", "1"])
    expect(page.text).to_have_text("사흘 안에 1, and 😀 2 twice 1 【9:9†none】.")
    page.button("Source 1: refund.txt").first.click()
    panel = page.page.get_by_role("dialog")
    expect(panel.get_by_role("heading")).to_have_text("refund.txt")
    expect(panel.locator(".passage")).to_have_text(REFUND)
    with page.page.expect_download() as download:
        panel.get_by_role("button", name="Download the file").click()
    assert download.value.suggested_filename == "refund.txt"
    assert download.value.path().read_text("utf-8") == REFUND
    page.page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(marks.first).to_be_focused()
    page.page.reload()
    page.answer.get_by_role("button", name="2 schedule.txt").click()
    expect(panel.locator(".passage")).to_have_text(SCHEDULE)
    panel.get_by_role("button", name="Close the source").click()
    expect(panel).to_be_hidden()


def test_a_copied_answer_has_no_marks(chat, server, upstream):
    files = library(server.client)
    page = chat(permissions=["clipboard-read", "clipboard-write"])
    page.page.get_by_label("Assistant").select_option(files.assistant_id)
    cited(upstream, deltas=("**사흘** 안에 됩니다【0:0†refund.txt】.",))
    page.ask("환불은 언제 되나요?")
    page.finished()
    page.button("Copy").click()
    expect(page.page.get_by_role("alert")).to_have_text("Copied")
    assert page.page.evaluate("navigator.clipboard.readText()") == "**사흘** 안에 됩니다."


def test_tool_steps_are_shown_as_they_happen(chat, http, upstream):
    tools = function_tools("list_screens")
    body = {"model": "m", "name": "Analyst", "tools": tools}
    http.post("/assistants", json=body)
    page = chat()
    page.page.get_by_label("Assistant").select_option("Analyst")
    upstream.reply(
        Reply.function_calls(call("list_screens", city="부산")),
        Reply.text("Two", " screens.").stalled(after=5),
    )
    page.ask("Which screens are in Busan?")
    step = page.answer.locator("details")
    expect(step).to_contain_text("Called list_screens")
    expect(page.text).to_have_text("Two")
    step.locator("summary").click()
    upstream.release()
    page.finished()
    expect(step.locator("pre").first).to_have_text(re.compile('"city": "부산"'))
    expect(step.locator("pre").last).to_contain_text("해운대 광장")
    page.page.reload()
    page.finished()
    expect(page.answer.locator("details")).to_have_count(0)
    page.button("Show tool steps").click()
    expect(page.answer.locator("details")).to_contain_text("Called list_screens")


def test_an_attached_file_is_searched(chat, http, upstream):
    page = chat()
    text = "The bakery opens at seven. Its bread is sold until noon."
    file = {"name": "영업 시간.txt", "mimeType": "text/plain", "buffer": text.encode()}
    page.page.set_input_files("#file-input", files=[file])
    attached = page.page.locator("#attachments li")
    expect(attached).to_contain_text("영업 시간.txt")
    expect(attached.locator("progress")).to_have_count(0)
    upstream.reply(
        Reply.function_calls(search("bakery opens")), Reply.text("At seven【0:0†영업 시간.txt】.")
    )
    page.ask("When does it open?")
    page.finished()
    expect(page.text).to_have_text("At seven1.")
    expect(page.questions.last.locator("li")).to_have_text("영업 시간.txt")
    expect(attached).to_have_count(0)
    assert [tool["name"] for tool in upstream.requests[0].body["tools"]] == ["file_search"]
    page.page.locator(".citation").click()
    expect(page.page.get_by_role("dialog").locator(".passage")).to_have_text(text)
    page.page.keyboard.press("Escape")
    # Later questions can be about the attached file, too.
    page.page.reload()
    expect(page.questions.last.locator("li")).to_have_text("영업 시간.txt")
    page.hear("And until when?")
    assert [tool["name"] for tool in upstream.requests[-1].body["tools"]] == ["file_search"]


def test_a_lost_stream_of_a_run_is_resumed(chat, upstream):
    """Its events have no ids: all of them arrive again, and none is shown twice."""
    page = chat()
    page.page.evaluate(BREAKABLE_RUN)
    image = {"name": "dot.png", "mimeType": "image/png", "buffer": PNG}
    page.page.set_input_files("#file-input", files=[image])
    expect(page.page.locator("#attachments progress")).to_have_count(0)
    upstream.reply(Reply.text("Before", " and after").stalled(after=5))
    page.ask("What is this?")
    expect(page.text).to_have_text("Before")
    with page.page.expect_request("**/events"):
        page.page.evaluate("window.breakConnection()")
    expect(page.text).to_have_text("Before")
    upstream.release()
    expect(page.text).to_have_text("Before and after")
    page.finished()
    expect(page.answer).not_to_contain_text("Connection lost.")
    assert len(upstream.requests) == 1


def test_an_image_is_seen(chat, upstream):
    page = chat()
    image = {"name": "dot.png", "mimeType": "image/png", "buffer": PNG}
    page.page.set_input_files("#file-input", files=[image])
    expect(page.page.locator("#attachments progress")).to_have_count(0)
    page.hear("What is this?")
    (said,) = upstream.requests[0].body["input"]
    assert [part["type"] for part in said["content"]] == ["input_text", "input_image"]
    expect(page.questions.last.locator("li")).to_have_text("dot.png")


def test_a_failed_upload_is_reported_and_a_file_is_removed(chat, start, upstream):
    server = start(max_file_bytes=10)
    page = chat(on=server, expected=re.compile("status of 413"))
    large = {"name": "large.txt", "mimeType": "text/plain", "buffer": b"x" * 11}
    small = {"name": "small.txt", "mimeType": "text/plain", "buffer": b"x"}
    page.page.set_input_files("#file-input", files=[large, small])
    expect(page.page.get_by_role("alert")).to_have_text("large.txt is too large.")
    expect(page.page.locator("#attachments li")).to_contain_text(["small.txt"])
    page.button("Remove small.txt").click()
    expect(page.page.locator("#attachments")).to_be_hidden()


def test_a_file_is_dropped(chat):
    page = chat()
    page.page.evaluate("""() => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(["x"], "dropped.txt", { type: "text/plain" }));
      const options = { dataTransfer, bubbles: true, cancelable: true };
      for (const name of ["dragover", "drop"])
        document.getElementById("content").dispatchEvent(new DragEvent(name, options));
    }""")
    expect(page.page.locator("#attachments li")).to_contain_text("dropped.txt")
