"""Conversations and insights in the console: found, read, answered; in both languages."""

import pytest
from playwright.sync_api import expect

from tests.support.pages import needs_libraries
from tests.support.replies import Reply
from tests.support.searches import SEARCH, search, stores

pytestmark = needs_libraries


@pytest.fixture
def shop(start, upstream):
    """A server with one question in vain, which got a thumb down."""
    server = start()
    http = server.http
    store = http.post("/vector_stores", json={}).json()["id"]
    body = {"model": "m", "name": "Shop", "tools": [SEARCH], **stores(store)}
    assistant = http.post("/assistants", json=body).json()["id"]
    upstream.reply(Reply.function_calls(search("anything")))
    body = {"message": "Do you sell <b>pianos</b>?", "assistant_id": assistant}
    said = http.post("/chat", json=body).json()
    (answer, *_) = http.get(f"/threads/{said['thread_id']}/messages").json()["data"]
    path = f"/threads/{said['thread_id']}/messages/{answer['id']}/feedback"
    http.post(path, json={"rating": "down", "comment": "No answer"})
    http.post("/chat", json={"message": "hello"})
    return server


def test_a_conversation_is_found_and_read(shop, console):
    page = console(shop, "conversations", locale="en-US")
    expect(page.view.locator(".conversation-row")).to_have_count(2)
    page.page.get_by_label("Show").select_option(label="Nothing found")
    expect(page.view.locator(".conversation-row")).to_have_count(1)
    page.assert_accessible()
    page.view.get_by_role("link", name="Do you sell <b>pianos</b>?").click()
    expect(page.heading).to_have_text("Do you sell <b>pianos</b>?")
    expect(page.view.get_by_text("Comment: No answer")).to_be_visible()
    page.button("Show tool steps").click()
    expect(page.view.locator(".conversation-steps").last).to_contain_text("Searched the files")
    page.assert_accessible()
    page.button("Delete").click()
    page.dialog.get_by_role("button", name="Delete").click()
    expect(page.view.locator(".conversation-row")).to_have_count(1)


def test_the_right_answer_is_written(shop, console):
    page = console(shop, "insights", locale="en-US")
    page.button("Write the right answer").click()
    dialog = page.dialog
    expect(dialog.get_by_label("Question")).to_have_value("Do you sell <b>pianos</b>?")
    expect(dialog.get_by_label("Assistant")).not_to_have_value("")
    dialog.get_by_label("Right answer").fill("Yes, from 900 euros.")
    page.assert_accessible()
    dialog.get_by_role("button", name="Save").click()
    expect(page.dialog).to_have_count(0)
    assistants = shop.http.get("/assistants").json()["data"]
    (assistant,) = [one["id"] for one in assistants if one["name"] == "Shop"]
    (answer,) = shop.http.get(f"/assistants/{assistant}/answers").json()["data"]
    assert answer["answer"] == "Yes, from 900 euros."
    # The mark comes from what is stored, and so does the answer that is changed.
    page.page.reload()
    expect(page.view.get_by_text("Answered", exact=True)).to_be_visible()
    expect(page.button("Write the right answer")).to_have_count(0)
    page.button("Change the right answer").click()
    expect(page.dialog.get_by_label("Right answer")).to_have_value("Yes, from 900 euros.")


def test_charts_show_each_day_and_each_assistant(shop, console):
    page = console(shop, "insights", locale="en-US")
    charts = page.view.locator(".insight-chart canvas")
    expect(charts).to_have_count(7)
    answers = page.page.get_by_role("img", name="Answers")
    expect(answers.locator(".u-legend tr")).to_have_count(2)  # the day, and the answers
    page.page.get_by_label("Charts show").select_option(label="Each assistant")
    expect(page.page.get_by_role("img", name="Answers").locator(".u-legend")).to_contain_text(
        "Shop"
    )
    page.page.get_by_text("All numbers as a table").click()
    table = page.page.get_by_role("region", name="By day")
    expect(table.get_by_role("row").filter(has_text="Shop")).to_be_visible()
    page.assert_accessible()


def test_right_answers_are_changed_and_deleted(shop, console):
    assistants = shop.http.get("/assistants").json()["data"]
    (assistant,) = [one["id"] for one in assistants if one["name"] == "Shop"]
    path = f"/assistants/{assistant}/answers"
    shop.http.post(path, json={"question": "When?", "answer": "At 9."}).raise_for_status()
    page = console(shop, f"knowledge/{assistant}", locale="en-US")
    expect(page.view.locator(".answer")).to_contain_text("At 9.")
    expect(page.view.locator(".document")).to_have_count(0)
    page.button("Change the answer to “When?”").click()
    page.dialog.get_by_label("Right answer").fill("At 10.")
    page.dialog.get_by_role("button", name="Save").click()
    expect(page.view.locator(".answer")).to_contain_text("At 10.")
    page.assert_accessible()
    page.button("Delete the answer to “When?”").click()
    page.dialog.get_by_role("button", name="Delete").click()
    expect(page.view.get_by_text("No right answers yet")).to_be_visible()
    assert shop.http.get(path).json()["data"] == []


def test_they_are_accessible_in_each_look(shop, console, look, tmp_path_factory):
    folder = tmp_path_factory.getbasetemp()
    name = f"{look['locale']}-{look['color_scheme']}"
    for view, selector in (
        ("conversations", ".conversation-row"),
        ("insights", ".insight-chart canvas"),
    ):
        page = console(shop, view, **look)
        expect(page.view.locator(selector).first).to_be_visible()
        page.page.screenshot(path=str(folder / f"{view}-{name}.png"), full_page=True)
        width = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        assert page.page.evaluate(width)
        page.assert_accessible()
