"""The console's knowledge: an assistant's documents, and questions on trial."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.support.documents import docx_file
from tests.support.pages import needs_libraries

pytestmark = needs_libraries

KEYS = {"shop": "key-of-the-shop-1234567", "bank": "key-of-the-bank-1234567"}
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
GUIDE: dict[str, Any] = {"name": "설치 안내.docx", "mimeType": WORD, "buffer": docx_file()}
PRICES = {
    "name": "prices.md",
    "mimeType": "text/markdown",
    "buffer": b"A loaf of rye costs 5 euros.",
}
NEW_PRICES = {**PRICES, "buffer": b"A loaf of rye costs 6 euros."}
DAMAGED: dict[str, Any] = {"name": "broken.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-"}
UNKNOWN: dict[str, Any] = {
    "name": "song.mp3",
    "mimeType": "audio/mpeg",
    "buffer": b"ID3\x04\x00\x00",
}


@pytest.fixture
def server(start):
    return start()


def assistant(http, **more) -> str:
    body = {"model": "m", "name": "Baker", "tools": [{"type": "code_interpreter"}], **more}
    assistant_id: str = http.post("/assistants", json=body).raise_for_status().json()["id"]
    return assistant_id


def documents(page):
    return page.view.locator(".document")


def row(page, name):
    return documents(page).filter(has_text=name)


def add(page, *files) -> None:
    page.view.locator(".drop-zone input[type=file]").set_input_files(files)


def passages(page, question):
    page.view.get_by_label("Question").fill(question)
    page.button("Find passages").click()
    return page.view.locator(".passages > li")


def stored(http, assistant_id) -> dict[str, str]:
    """The names of the files that the assistant searches, and their status."""
    resources = http.get(f"/assistants/{assistant_id}").json()["tool_resources"]
    (store,) = resources["file_search"]["vector_store_ids"]
    files = http.get(f"/vector_stores/{store}/files").json()["data"]
    return {http.get(f"/files/{one['id']}").json()["filename"]: one["status"] for one in files}


def test_the_first_documents_make_an_assistant_search(console, server):
    http = server.http
    assistant_id = assistant(http)
    page = console(server, "knowledge")
    page.view.get_by_role("link", name="Baker").click()
    page.at(f"knowledge/{assistant_id}")
    expect(page.heading).to_have_text("Knowledge of Baker")
    expect(page.view.get_by_text("No documents yet")).to_be_visible()
    add(page, GUIDE, PRICES, DAMAGED, UNKNOWN)
    for name in (GUIDE["name"], PRICES["name"]):
        expect(row(page, name)).to_contain_text("Ready")
    expect(row(page, DAMAGED["name"])).to_contain_text("Could not be read")
    expect(row(page, UNKNOWN["name"])).to_contain_text("This kind of file can't be read.")
    tools = http.get(f"/assistants/{assistant_id}").json()["tools"]
    assert [tool["type"] for tool in tools] == ["code_interpreter", "file_search"]
    assert stored(http, assistant_id)[GUIDE["name"]] == "completed"
    found = passages(page, "디바이스는 어디에 다나요?")
    expect(found.first).to_contain_text("디바이스를 벽에 답니다.")
    expect(found.first).to_contain_text(GUIDE["name"])


def test_what_was_added_is_there_after_a_reload(console, server):
    assistant_id = assistant(server.http)
    page = console(server, f"knowledge/{assistant_id}")
    add(page, PRICES)
    expect(row(page, "prices.md")).to_contain_text("Ready")
    page.page.reload()
    expect(row(page, "prices.md")).to_contain_text("Ready")
    expect(row(page, "prices.md")).to_contain_text("28 B")


def test_a_document_is_replaced_once_the_new_one_is_ready(console, server):
    assistant_id = assistant(server.http)
    page = console(server, f"knowledge/{assistant_id}")
    add(page, PRICES)
    expect(row(page, "prices.md")).to_contain_text("Ready")
    page.view.locator(".document input[type=file]").set_input_files(NEW_PRICES)
    expect(documents(page)).to_have_count(1)
    found = passages(page, "rye")
    expect(found).to_have_count(1)
    expect(found).to_contain_text("6 euros")
    assert len(server.http.get("/files").json()["data"]) == 1


def test_a_damaged_successor_replaces_nothing(console, server):
    assistant_id = assistant(server.http)
    page = console(server, f"knowledge/{assistant_id}")
    add(page, PRICES)
    expect(row(page, "prices.md")).to_contain_text("Ready")
    page.view.locator(".document input[type=file]").set_input_files(DAMAGED)
    expect(row(page, "broken.pdf")).to_contain_text("Could not be read")
    expect(documents(page)).to_have_count(2)
    assert stored(server.http, assistant_id)["prices.md"] == "completed"


def test_a_document_is_removed_after_a_question(console, server):
    assistant_id = assistant(server.http)
    page = console(server, f"knowledge/{assistant_id}")
    add(page, PRICES)
    expect(row(page, "prices.md")).to_contain_text("Ready")
    page.button("Remove prices.md").click()
    page.button("Cancel").click()
    expect(documents(page)).to_have_count(1)
    page.button("Remove prices.md").click()
    page.dialog.get_by_role("button", name="Remove").click()
    expect(page.view.get_by_text("No documents yet")).to_be_visible()
    assert server.http.get("/files").json()["data"] == []


def test_a_question_without_a_passage_says_so(console, server):
    assistant_id = assistant(server.http)
    page = console(server, f"knowledge/{assistant_id}")
    expect(passages(page, "parking")).to_have_count(0)
    expect(page.view.get_by_text("No passage was found")).to_be_visible()


def test_a_file_that_the_server_refuses_stays_with_its_reason(console, start):
    server = start(max_file_bytes=1000)
    assistant_id = assistant(server.http)
    page = console(server, f"knowledge/{assistant_id}", expected=re.compile("status of 413"))
    add(page, {**PRICES, "buffer": b"x" * 5000})
    expect(row(page, "prices.md")).to_contain_text("too large")
    page.button("Dismiss prices.md").click()
    expect(documents(page)).to_have_count(0)


def test_a_configured_assistant_is_searched_but_not_changed(console, server):
    page = console(server, "knowledge/asst_default")
    expect(page.view.get_by_text("server's configuration")).to_be_visible()
    expect(page.view.locator(".drop-zone")).to_have_count(0)
    expect(page.button("Find passages")).to_be_visible()


def test_another_projects_assistant_is_not_found(console, start):
    server = start(api_keys=[f"{project}:{key}" for project, key in KEYS.items()])
    headers = {"authorization": f"Bearer {KEYS['bank']}"}
    body = {"model": "m", "name": "Teller"}
    theirs = server.http.post("/assistants", json=body, headers=headers).json()["id"]
    page = console(server, f"knowledge/{theirs}", expected=re.compile("status of 40[14]"))
    page.sign_in(KEYS["shop"])
    expect(page.view.get_by_role("alert")).to_contain_text("belongs to another project")


def test_it_is_accessible(console, server, look):
    assistant_id = assistant(server.http)
    page = console(server, "knowledge", **look)
    expect(page.view.get_by_role("link").first).to_be_visible()
    page.assert_accessible()
    page.view.get_by_role("link", name="Baker").click()
    add(page, GUIDE, DAMAGED)
    expect(page.view.locator(".chip-accent")).to_have_count(1)
    expect(page.view.locator(".chip-danger")).to_have_count(1)
    page.view.locator(".trial-form input").fill("디바이스")
    page.page.keyboard.press("Enter")
    expect(page.view.locator(".passages > li")).to_have_count(1)
    page.assert_accessible()
    assert stored(server.http, assistant_id)
