"""Code that an assistant runs: on the chat page as it is written, with its output and pictures."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.support.charts import bar_chart
from tests.support.pages import needs_libraries
from tests.support.scripted_run import ScriptedRun, file_path, text_part

pytestmark = needs_libraries

TYPE = "code_interpreter"
CODE = ("import pandas as pd\n", "print(pd)\n")
WHOLE = "".join(CODE)
LOGS = ("line one\n", "둘째 줄\n")
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


@pytest.fixture
def picture(http) -> str:
    """The id of an image file on the server."""
    file = {"file": ("chart.png", bar_chart(), "image/png")}
    return http.post("/files", data={"purpose": "vision"}, files=file).json()["id"]


@pytest.fixture
def scripted(visit, server, upstream):
    """Open the chat page, ask, and return the page and the run that emits events."""

    def open_page(**options):
        page = visit(**options)
        run = ScriptedRun.on(page)
        page.goto(f"{server.base_url}/chat")
        field = page.locator("#message")
        field.fill("Draw five bars.")
        field.press("Enter")
        return page, run.begin()

    return open_page


def begun(run: ScriptedRun) -> ScriptedRun:
    run.open_step().call_delta({"index": 0, "id": "c", "type": TYPE, TYPE: {"input": ""}})
    return run


def write(run: ScriptedRun, text: str) -> None:
    run.call_delta({"index": 0, "type": TYPE, TYPE: {"input": text}})


def put_out(run: ScriptedRun, index: int, **output) -> None:
    run.call_delta({"index": 0, "type": TYPE, TYPE: {"outputs": [{"index": index, **output}]}})


def call(*outputs, code=WHOLE):
    return {"id": "c", "type": TYPE, TYPE: {"input": code, "outputs": list(outputs)}}


def logs(text: str):
    return {"type": "logs", "logs": text}


def image(file_id: str):
    return {"type": "image", "image": {"file_id": file_id}}


def test_code_and_output_are_shown_as_they_come(scripted, picture):
    page, run = scripted(permissions=["clipboard-read", "clipboard-write"])
    begun(run)
    shown = page.locator(".call")
    expect(shown.locator("summary")).to_have_text("Running code…")
    expect(shown).to_have_attribute("open", "")
    write(run, CODE[0])
    code = shown.locator("pre").first
    expect(code).to_have_text(CODE[0])
    code.evaluate("(node) => { node.marked = true; }")
    write(run, CODE[1])
    expect(code).to_have_text(WHOLE)
    assert code.evaluate("(node) => node.marked"), "the same element"
    expect(shown).not_to_contain_text("No output.")
    for number, text in enumerate(LOGS):
        put_out(run, number, **logs(text))
    expect(shown.locator("pre")).to_have_text([WHOLE, "".join(LOGS)])
    put_out(run, 2, **image(picture))
    drawn = shown.get_by_role("img", name="Image made by the tool")
    expect(drawn).to_have_js_property("naturalWidth", 320)
    shown.get_by_role("button", name="Copy code").click()
    assert page.evaluate("navigator.clipboard.readText()") == WHOLE
    run.end_step(call(logs(LOGS[0]), logs(LOGS[1]), image(picture)))
    expect(shown.locator("summary")).to_have_text("Ran code")
    # The reader's focus is in it.
    expect(shown).to_have_attribute("open", "")
    expect(shown.locator("h3:visible")).to_have_text(["Code", "Output"])
    run.message(
        {"type": "image_file", "image_file": {"file_id": picture}}, text_part("Here.")
    ).end()
    expect(page.locator(".message").get_by_role("img")).to_have_js_property("naturalWidth", 320)
    page.locator("#toggle-language").click()
    expect(shown.locator("summary")).to_have_text("코드를 실행했습니다")
    expect(shown.locator("h3:visible")).to_have_text(["코드", "결과"])
    expect(shown.get_by_role("button", name="코드 복사")).to_be_visible()


def test_it_folds_once_the_code_has_run(scripted):
    page, run = scripted()
    write(begun(run), "print()")
    shown = page.locator(".call")
    expect(shown).to_have_attribute("open", "")
    run.end_step(call(code="print()"))
    expect(shown).not_to_have_attribute("open", "")
    shown.locator("summary").click()
    expect(shown).to_have_attribute("open", "")
    expect(shown).to_contain_text("No output.")
    run.message(text_part("Done.")).end()
    expect(page.locator(".markdown")).to_have_text("Done.")
    expect(shown).to_have_attribute("open", "")


def test_readers_decide_themselves_what_is_unfolded(scripted):
    page, run = scripted()
    write(begun(run), "print(")
    shown = page.locator(".call")
    expect(shown).to_have_attribute("open", "")
    shown.locator("summary").click()
    expect(shown).not_to_have_attribute("open", "")
    write(run, "1)")
    put_out(run, 0, **logs("1"))
    expect(shown.locator("pre").last).to_have_text("1")
    expect(shown).not_to_have_attribute("open", "")
    shown.locator("summary").press("Enter")
    expect(shown).to_have_attribute("open", "")
    shown.locator("summary").blur()
    run.end_step(call(logs("1"), code="print(1)")).message(text_part("Done.")).end()
    expect(shown.locator("summary")).to_have_text("Ran code")
    expect(shown).to_have_attribute("open", "")


def test_long_code_stays_at_its_end_while_it_grows(scripted):
    page, run = scripted()
    begun(run)
    for number in range(60):
        write(run, f"print({number})\n")
    code = page.locator(".call pre")
    expect(code).to_contain_text("print(59)")
    end = "(node) => node.scrollHeight - node.scrollTop - node.clientHeight < 8"
    assert code.evaluate("(node) => node.scrollHeight > node.clientHeight")
    assert code.evaluate(end)
    code.evaluate("(node) => { node.scrollTop = 0; }")
    write(run, "print('more')\n")
    expect(code).to_contain_text("more")
    assert not code.evaluate(end), "a reader who scrolled up stays there"
    run.end_step(call(code="x")).message(text_part("Done.")).end()


@pytest.mark.parametrize(
    "path", ["sandbox:/mnt/data/표 (1).csv", "sandbox:/mnt/data/%ED%91%9C.csv"]
)
def test_a_made_file_is_saved_under_its_name(scripted, http, path):
    file = {"file": ("x.csv", b"a,b\n1,2\n", "text/csv")}
    file_id = http.post("/files", data={"purpose": "assistants"}, files=file).json()["id"]
    page, run = scripted()
    written = f"[the table](<{path}>)"
    run.message(text_part(written, file_path(written, path, file_id))).end()
    name = "표 (1).csv" if " " in path else "표.csv"
    expect(page.locator(".source-chip")).to_have_text(name)
    with page.expect_download() as download:
        page.locator(".source-chip").click()
    assert download.value.suggested_filename.endswith(".csv")
    assert "표" in download.value.suggested_filename
    assert download.value.path().read_bytes() == b"a,b\n1,2\n"


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize(
    ("locale", "size"), [("ko-KR", {}), ("en-US", PHONE)], ids=["desktop-ko", "phone-en"]
)
def test_it_is_accessible(scripted, picture, colours, locale, size):
    page, run = scripted(locale=locale, color_scheme=colours, reduced_motion="reduce", **size)
    begun(run)
    write(run, WHOLE * 12)
    put_out(run, 0, **logs("".join(LOGS)))
    put_out(run, 1, **image(picture))
    drawn = page.locator(".call").get_by_role("img")
    expect(drawn).to_have_js_property("naturalWidth", 320)
    assert not Axe().run(page).response["violations"]
    run.end_step(call(logs("".join(LOGS)), image(picture)))
    run.message(
        {"type": "image_file", "image_file": {"file_id": picture}}, text_part("Here.")
    ).end()
    expect(page.locator(".markdown")).to_have_text("Here.")
    page.locator(".call summary").click()
    assert not Axe().run(page).response["violations"]
    width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1], "nothing sticks out"
