"""Which tools the files that are dropped on the chat page are for."""

import pytest
from playwright.sync_api import expect

from tests.support.pages import needs_libraries
from tests.support.pictures import PIXEL
from tests.support.replies import Reply

pytestmark = needs_libraries

CODE, SEARCH = {"type": "code_interpreter"}, {"type": "file_search"}
CSV = {"name": "매출.csv", "mimeType": "text/csv", "buffer": "날,수\n1,2\n".encode()}
NOTES = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"notes"}
REPORT = {"name": "report.hwpx", "mimeType": "application/hwp+zip", "buffer": b"report"}
PICTURE = {"name": "chart.png", "mimeType": "image/png", "buffer": PIXEL}


@pytest.fixture
def asking(chat, http, upstream):
    """Return a function: it attaches a file to a question to an assistant with these tools."""

    def ask(tools, file):
        body = {"model": "m", "name": "A", "tools": tools}
        assistant_id = http.post("/assistants", json=body).json()["id"]
        page = chat()
        page.page.locator("#assistant").select_option(assistant_id)
        attach(page, file)
        page.hear("What is in it?")
        return page

    return ask


def attach(page, file) -> None:
    page.page.set_input_files("#file-input", files=[file])
    expect(page.page.locator("#attachments li")).to_contain_text(file["name"])
    expect(page.page.locator("#attachments progress")).to_have_count(0)


def question(http, page):
    query = {"order": "desc"}
    messages = http.get(f"/threads/{page.thread_id}/messages", params=query).json()["data"]
    return next(one for one in messages if one["role"] == "user")


def tools_of(attachments) -> list[str]:
    return [tool["type"] for one in attachments for tool in one["tools"]]


def listed(http, page) -> list[str]:
    runs = http.get(f"/threads/{page.thread_id}/runs").json()["data"]
    return [tool["type"] for tool in runs[0]["tools"]]


@pytest.mark.parametrize(
    ("tools", "file", "attached"),
    [
        ([CODE], CSV, ["code_interpreter"]),
        ([CODE], NOTES, ["code_interpreter"]),
        ([CODE], REPORT, ["file_search"]),
        ([SEARCH], CSV, ["file_search"]),
        ([SEARCH, CODE], CSV, ["code_interpreter", "file_search"]),
        ([SEARCH, CODE], REPORT, ["file_search"]),
        ([], CSV, ["code_interpreter", "file_search"]),
        ([], NOTES, ["file_search"]),
        ([CODE], PICTURE, ["code_interpreter"]),
        ([SEARCH], PICTURE, []),
        ([], PICTURE, []),
    ],
)
def test_a_file_is_for_the_tools_that_can_use_it(asking, http, tools, file, attached):
    page = asking(tools, file)
    asked = question(http, page)
    assert tools_of(asked["attachments"]) == attached
    kinds = [part["type"] for part in asked["content"]]
    assert kinds == (["text", "image_file"] if file is PICTURE else ["text"])
    # The run has the tools that its files are for, even if the assistant does not list them.
    own = [tool["type"] for tool in tools]
    assert sorted(listed(http, page)) == sorted({*own, *attached})
    expect(page.questions.locator(".attachment")).to_have_text([file["name"]])
    page.page.reload()
    expect(page.questions.locator(".attachment")).to_have_text([file["name"]])


def test_later_questions_have_the_tools_of_earlier_files(asking, http, upstream):
    page = asking([], CSV)
    page.hear("And now?")
    assert listed(http, page) == ["code_interpreter", "file_search"]
    page.page.reload()
    page.finished()
    upstream.reply(Reply.text("Third."))
    page.hear("And after a reload?")
    assert listed(http, page) == ["code_interpreter", "file_search"]


def test_an_edited_question_keeps_its_files(asking, http):
    page = asking([CODE], PICTURE)
    page.page.reload()
    page.finished()
    page.questions.last.hover()
    page.button("Edit and send again").click()
    page.page.get_by_label("Edited message").fill("Make it grey.")
    page.questions.last.get_by_role("button", name="Send", exact=True).click()
    page.button("Delete and send").click()
    expect(page.questions.last).to_contain_text("Make it grey.")
    page.finished()
    asked = question(http, page)
    assert [part["type"] for part in asked["content"]] == ["text", "image_file"]
    assert tools_of(asked["attachments"]) == ["code_interpreter"]
