"""Tool calls and message parts on the chat page, of known and unknown types."""

import json
import re

import pytest
from playwright.sync_api import expect

from app.api.pages import FOLDER
from tests.support.charts import bar_chart
from tests.support.pages import needs_libraries
from tests.support.scripted_run import ScriptedRun, file_path, text_part

pytestmark = needs_libraries

TYPE = "made_up"
INPUT = ('{"rows": ', "[1, 2", "]}")
LOGS = ("line one\n", "둘째 줄\n")
# A tool as a developer would add one: a module, and a line that registers it.
MODULE = """
  import { piecesOf } from "./pieces.js";

  export const madeUp = {
    icon: "M4 4h16v16H4z",
    texts: {
      en: { doing: "Making it up…", done: "Made it up" },
      ko: { doing: "지어내는 중…", done: "지어냈습니다" },
    },
    title: (call, busy, t) => t(busy ? "doing" : "done"),
    pieces: ({ made_up: made }, t) => [
      { kind: "text", heading: "Rows", text: made.input },
      ...piecesOf("outputs", made.outputs, t),
    ],
  };
"""
LINE = 'export { madeUp as made_up } from "./made_up.js";\n'


@pytest.fixture
def picture(http) -> str:
    """The id of an image file on the server."""
    file = {"file": ("chart.png", bar_chart(), "image/png")}
    return http.post("/files", data={"purpose": "vision"}, files=file).json()["id"]


@pytest.fixture
def scripted(visit, server, upstream):
    """Open the chat page, ask, and yield the page and the run that emits events."""

    def open_page(prepare=lambda page: None, **options):
        page = visit(**options)
        prepare(page)
        run = ScriptedRun.on(page)
        page.goto(f"{server.base_url}/chat")
        field = page.locator("#message")
        field.fill("Draw five bars.")
        field.press("Enter")
        return page, run.begin()

    return open_page


def piece(outputs=(), **details):
    return {"index": 0, "type": TYPE, TYPE: {**details, "outputs": list(outputs)}}


def call(picture: str):
    outputs = [
        {"type": "logs", "logs": "".join(LOGS)},
        {"type": "image", "image": {"file_id": picture}},
    ]
    return {"id": "call_1", "type": TYPE, TYPE: {"input": "".join(INPUT), "outputs": outputs}}


def stream_call(run: ScriptedRun, picture: str) -> None:
    """Emit a call in deltas, as the API does: strings and lists in pieces."""
    run.open_step()
    run.call_delta({**piece(input=""), "id": "call_1"})
    for text in INPUT:
        run.call_delta({"index": 0, "type": TYPE, TYPE: {"input": text}})
    for text in LOGS:
        run.call_delta(piece([{"index": 0, "type": "logs", "logs": text}]))
    image = {"index": 1, "type": "image", "image": {"file_id": picture}}
    run.call_delta(piece([image]))


def test_an_unknown_tool_is_shown_as_it_streams(scripted, picture):
    page, run = scripted()
    run.open_step().call_delta({**piece(input=""), "id": "call_1"})
    shown = page.locator(".call")
    expect(shown.locator("summary")).to_have_text(f"Using the tool {TYPE}…")
    shown.locator("summary").click()
    run.call_delta({"index": 0, TYPE: {"input": "print("}})
    code = shown.locator("pre")
    expect(code).to_have_text("print(")
    code.evaluate("(node) => { node.marked = true; }")
    run.call_delta({"index": 0, TYPE: {"input": "1)"}})
    expect(code).to_have_text("print(1)")
    # Growing text stays in the same element, which keeps its scroll position and selection.
    assert code.evaluate("(node) => node.marked")
    for text in LOGS:
        run.call_delta(piece([{"index": 0, "type": "logs", "logs": text}]))
    expect(shown.locator("pre")).to_have_text(["print(1)", "".join(LOGS)])
    run.call_delta(piece([{"index": 1, "type": "image", "image": {"file_id": picture}}]))
    image = shown.get_by_role("img", name="Image made by the tool")
    expect(image).to_be_visible()
    # The completed step replaces what its deltas added up to.
    run.end_step(call(picture)).message(text_part("Here.")).end()
    expect(shown.locator("summary")).to_have_text(f"Used the tool {TYPE}")
    expect(shown.locator("h3:visible")).to_have_text(["Input", "Output"])
    rows = {"rows": [1, 2]}
    expect(shown.locator("pre").first).to_have_text(json.dumps(rows, indent=2))
    expect(image).to_have_js_property("naturalWidth", 320)
    with page.expect_download() as download:
        shown.get_by_text("Download the image").click()
    assert download.value.path().read_bytes() == bar_chart()
    assert download.value.suggested_filename == f"{picture}.png"


def test_a_tool_is_one_module_and_one_line(scripted, picture):
    registered = (FOLDER / "shared/calls/registered.js").read_text("utf-8")

    def prepare(page):
        script = {"content_type": "text/javascript"}
        page.route("**/calls/registered.js", lambda r: r.fulfill(body=registered + LINE, **script))
        page.route("**/calls/made_up.js", lambda r: r.fulfill(body=MODULE, **script))

    page, run = scripted(prepare)
    stream_call(run, picture)
    shown = page.locator(".call")
    expect(shown.locator("summary")).to_have_text("Making it up…")
    shown.locator("summary").click()
    expect(shown.locator(".piece")).to_have_count(3)
    expect(shown.locator(".piece").first).to_have_text(f"Rows{''.join(INPUT)}")
    expect(shown.locator("pre")).to_have_text("".join(LOGS))
    expect(shown.get_by_role("img")).to_have_js_property("naturalWidth", 320)
    run.end_step(call(picture)).message(text_part("Here.")).end()
    expect(shown.locator("summary")).to_have_text("Made it up")
    page.locator("#toggle-language").click()
    expect(shown.locator("summary")).to_have_text("지어냈습니다")
    expect(shown.get_by_role("img", name="도구가 만든 이미지")).to_be_visible()


@pytest.mark.parametrize("outputs", [None, [], {}, "", 7, ["a", None], [{"x": 1}], [{"type": "n"}]])
def test_the_page_survives_any_call(scripted, outputs):
    page, run = scripted()
    run.open_step().end_step({"id": "c", "type": TYPE, TYPE: outputs}, {"id": "d", "type": TYPE})
    run.end_step({"type": TYPE, TYPE: {"outputs": outputs}, "more": outputs})
    run.message(text_part("Still here.")).end()
    expect(page.locator(".markdown")).to_have_text("Still here.")
    expect(page.locator(".call").first).to_contain_text(f"Used the tool {TYPE}")


def test_a_failed_step_says_so(scripted):
    page, run = scripted()
    run.open_step().end_step({"id": "c", "type": TYPE, TYPE: {"input": "x"}}, status="failed")
    expect(page.locator(".step-state")).to_have_text("failed")
    run.message(text_part("It failed.")).end()


def test_a_message_shows_its_pictures_and_unknown_parts(scripted, picture):
    page, run = scripted()
    run.open_message().message_delta({"index": 0, **text_part("Before.")})
    run.message_delta({"index": 1, "type": "image_file", "image_file": {"file_id": picture}})
    image = page.get_by_role("img", name="Image from the assistant")
    expect(image).to_have_js_property("naturalWidth", 320)
    image.evaluate("(node) => { node.marked = true; }")
    address = "https://pictures.example.org/a.png"
    parts = (
        text_part("Before."),
        {"type": "image_file", "image_file": {"file_id": picture}},
        {"type": "image_url", "image_url": {"url": address}},
        {"type": "image_url", "image_url": {"url": "javascript:window.harmed=1"}},
        {"type": "hologram", "hologram": {"depth": 3}},
        {"type": "refusal", "refusal": "I will not say more."},
    )
    run.message(*parts).end()
    expect(page.locator(".markdown")).to_have_text(["Before.", "I will not say more."])
    # The completed message does not load its images again.
    assert image.evaluate("(node) => node.marked")
    link = page.get_by_role("link", name=f"Image at {address}")
    expect(link).to_have_attribute("href", address)
    expect(page.locator("article.answer a[href]")).to_have_count(2)
    expect(page.locator(".unknown-part")).to_contain_text("Content of type hologram")
    expect(page.locator(".unknown-part pre")).to_contain_text('"depth": 3')
    page.locator("#toggle-language").click()
    expect(page.get_by_role("img", name="어시스턴트가 보낸 이미지")).to_be_visible()
    expect(page.locator(".unknown-part")).to_contain_text("hologram 형식의 내용")


def test_an_answer_of_only_a_picture_is_not_called_empty(scripted, picture):
    page, run = scripted()
    run.message({"type": "image_file", "image_file": {"file_id": picture}}).end()
    expect(page.get_by_role("img", name="Image from the assistant")).to_be_visible()
    expect(page.locator("article.answer")).not_to_contain_text("empty answer")


@pytest.mark.parametrize("content", [None, b"no picture at all"])
def test_a_broken_picture_says_so(scripted, http, content):
    file_id = "file-gone"
    if content:
        file = {"file": ("chart.png", content, "image/png")}
        file_id = http.post("/files", data={"purpose": "vision"}, files=file).json()["id"]
    page, run = scripted(expected=re.compile("404"))
    run.message({"type": "image_file", "image_file": {"file_id": file_id}}).end()
    expect(page.locator(".picture")).to_have_text(f"The image {file_id} can't be shown.")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Take [the **table**](sandbox:/mnt/data/표 (1).csv).", "Take the table."),
        ("Take [the table](<sandbox:/mnt/data/표 (1).csv>).", "Take the table."),
        ("Take sandbox:/mnt/data/표 (1).csv now.", "Take 표 (1).csv now."),
        ("Take **sandbox:/mnt/data/표 (1).csv**!", "Take 표 (1).csv!"),
        ("😀 first, then [it](sandbox:/mnt/data/표 (1).csv)", "😀 first, then it"),
    ],
)
def test_a_path_in_the_sandbox_is_a_download(scripted, http, written, said):
    path = "sandbox:/mnt/data/표 (1).csv"
    file = {"file": ("표 (1).csv", b"a,b\n1,2\n", "text/csv")}
    file_id = http.post("/files", data={"purpose": "assistants"}, files=file).json()["id"]
    page, run = scripted()
    run.open_message().message_delta({"index": 0, **text_part(written)})
    # The annotation may arrive after the text.
    delta = {"value": "", "annotations": [{"index": 0, **file_path(written, path, file_id)}]}
    run.message_delta({"index": 0, "type": "text", "text": delta})
    run.message(text_part(written, file_path(written, path, file_id))).end()
    expect(page.locator(".markdown")).to_have_text(said)
    for button in (page.locator(".markdown .file-link"), page.locator(".source-chip")):
        with page.expect_download() as download:
            button.click()
        assert download.value.suggested_filename.endswith(".csv")
        assert download.value.path().read_bytes() == b"a,b\n1,2\n"
    expect(page.locator(".source-chip")).to_have_text("표 (1).csv")


def test_a_failed_download_is_reported(scripted):
    page, run = scripted(expected=re.compile("404"))
    written = "[it](sandbox:/mnt/data/a.csv), `sandbox:/mnt/data/a.csv`"
    annotation = file_path(written, "sandbox:/mnt/data/a.csv", "file-gone")
    run.message(text_part(written, annotation)).end()
    expect(page.locator(".markdown")).to_have_text("it, sandbox:/mnt/data/a.csv")
    page.locator(".markdown .file-link").click()
    expect(page.get_by_role("alert")).to_have_text("The file could not be downloaded.")


def test_a_path_without_a_file_stays_text(scripted):
    page, run = scripted()
    run.message(text_part("[it](sandbox:/mnt/data/a.csv) and sandbox:/mnt/data/b.csv")).end()
    expect(page.locator(".markdown")).to_have_text("it and sandbox:/mnt/data/b.csv")
    expect(page.locator(".markdown a[href], .markdown button")).to_have_count(0)


def test_a_question_lists_all_of_its_files(chat, http, upstream):
    parts = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
    ]
    body = {"messages": [{"role": "user", "content": parts}]}
    page = chat(at=http.post("/threads", json=body).json()["id"])
    expect(page.questions.last.locator("li")).to_have_text("https://example.org/a.png")
