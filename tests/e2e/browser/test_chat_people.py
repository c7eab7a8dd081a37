"""A person answers on the chat page, in place of the assistant."""

import pytest
from playwright.sync_api import expect

from tests.support.pages import needs_libraries

pytestmark = needs_libraries


@pytest.fixture
def served(start):
    return start(assistant_id="asst_default")


@pytest.fixture
def assistant(served):
    body = {"model": "m", "name": "Helper", "metadata": {"handover": "on"}}
    return served.http.post("/assistants", json=body).json()["id"]


def ok(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_person_is_asked_for_and_answers_while_the_page_is_open(
    chat, served, assistant, upstream
):
    page = chat(on=served)
    bar = page.page.locator("#person-bar")
    expect(bar).to_be_hidden()
    page.page.get_by_label("Assistant", exact=True).select_option(assistant)
    page.hear("Where is my refund?")
    page.button("Talk to a person").click()
    page.page.get_by_label("How can we reach you").fill("hana@example.org")
    page.button("Talk to a person").click()
    expect(bar).to_contain_text("We have notified our team.")
    path = f"/threads/{page.thread_id}"
    assert ok(served.http.get(f"{path}/handover"))["contact"] == "hana@example.org"
    ok(served.http.post(f"{path}/take", json={"name": "Sujin"}))
    ok(served.http.post(f"{path}/reply", json={"content": "I am looking into it."}))
    # Without another question or a reload.
    expect(page.text).to_have_text("I am looking into it.")
    expect(bar).to_have_text("Sujin is answering.")
    expect(page.answer.locator(".who")).to_have_text("Sujin")
    expect(page.answers.first.locator(".who")).to_have_text("Helper")
    # Nobody rates a person, or has their answer written again.
    expect(page.answer.locator(".actions button")).to_have_count(1)
    page.ask("Thank you!")
    expect(page.questions).to_have_count(2)
    expect(page.page.locator(".failure")).to_have_count(0)
    ok(served.http.post(f"{path}/hand_back"))
    expect(page.button("Talk to a person")).to_be_visible()
    page.hear("And now?")
    expect(page.answer.locator(".who")).to_have_text("Helper")
    page.page.reload()
    expect(page.answers.nth(1).locator(".who")).to_have_text("Sujin")
    expect(page.questions).to_have_count(3)


def test_nobody_is_offered_where_handover_is_off(chat, served, upstream):
    page = chat(on=served)
    page.hear("hello")
    expect(page.page.locator("#person-bar")).to_be_hidden()
