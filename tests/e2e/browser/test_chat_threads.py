"""The list of conversations: search, renaming, deletion."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.pages import needs_libraries

pytestmark = needs_libraries


@pytest.fixture
def served(start):
    return start()


def thread(server, text, **metadata):
    said = [{"role": "user", "content": text}]
    body = {"messages": said, "metadata": metadata}
    return server.http.post("/threads", json=body).json()["id"]


def titles(page):
    return page.page.locator(".thread-link")


def test_a_new_conversation_is_first_in_the_list(chat, served, upstream):
    thread(served, "An older one")
    page = chat(on=served)
    expect(titles(page)).to_have_text(["An older one"])
    page.hear("When are you open?")
    expect(titles(page)).to_have_text(["When are you open?", "An older one"])
    expect(titles(page).first).to_have_attribute("aria-current", "page")
    expect(page.page).to_have_title("When are you open? – Threadkeeper")
    page.page.reload()
    expect(titles(page)).to_have_text(["When are you open?", "An older one"])
    titles(page).last.click()
    expect(page.questions.locator(".bubble")).to_have_text(["An older one"])
    expect(titles(page).last).to_have_attribute("aria-current", "page")


def test_it_is_renamed(chat, served):
    thread_id = thread(served, "hello", kept="yes")
    page = chat(on=served)
    titles(page).hover()
    page.button("Rename “hello”").click()
    field = page.page.get_by_label("New title")
    expect(field).to_be_focused()
    field.fill("인사")
    field.press("Enter")
    expect(titles(page)).to_have_text(["인사"])
    expect(titles(page)).to_be_focused()
    page.page.reload()
    expect(titles(page)).to_have_text(["인사"])
    metadata = served.http.get(f"/threads/{thread_id}").json()["metadata"]
    assert metadata == {"kept": "yes", "title": "인사"}
    titles(page).hover()
    page.button("Rename “인사”").click()
    field.fill("other")
    field.press("Escape")
    expect(titles(page)).to_have_text(["인사"])


def test_it_is_deleted_once_that_is_confirmed(chat, served, upstream):
    page = chat(on=served)
    page.hear("hello")
    thread_id = page.thread_id
    titles(page).hover()
    page.button("Delete “hello”").click()
    dialog = page.page.get_by_role("dialog")
    expect(dialog).to_contain_text(
        "“hello”, its messages and the files attached only to it will be deleted."
    )
    dialog.get_by_role("button", name="Cancel").click()
    expect(titles(page)).to_have_count(1)
    page.button("Delete “hello”").click()
    dialog.get_by_role("button", name="Delete").click()
    expect(titles(page)).to_have_count(0)
    expect(page.page.locator("#start")).to_be_visible()
    assert served.http.get(f"/threads/{thread_id}").status_code == 404


def test_the_list_is_searched(chat, served):
    thread(served, "About bread")
    thread(served, "케이크 이야기")
    page = chat(on=served)
    search = page.page.get_by_role("searchbox", name="Search conversations")
    search.fill("케이크")
    expect(titles(page)).to_have_text(["케이크 이야기"])
    search.fill("nothing like it")
    expect(page.page.get_by_text("No conversations found.")).to_be_visible()
    search.fill("")
    expect(titles(page)).to_have_count(2)


def test_a_long_list_is_loaded_in_parts(chat, served):
    for number in range(35):
        thread(served, f"Number {number}")
    page = chat(on=served)
    expect(titles(page)).to_have_count(30)
    page.button("Load more").click()
    expect(titles(page)).to_have_count(35)
    expect(page.button("Load more")).to_have_count(0)


def test_the_chat_works_without_the_list(chat, served, upstream):
    page = chat(on=served, expected=re.compile("status of 405"))
    refused = {"status": 405, "body": "{}"}
    page.page.route(re.compile(r"/threads\?"), lambda route: route.fulfill(**refused))
    page.page.reload()
    expect(page.page.get_by_text("The conversations could not be loaded.")).to_be_visible()
    expect(page.page.get_by_role("searchbox")).to_be_hidden()
    assert page.hear("hello") == "Answer to: hello"
