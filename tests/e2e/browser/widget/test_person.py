"""A visitor asks for a person, who answers in the widget."""

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.support.pages import needs_libraries
from tests.support.waiting import wait_until
from tests.support.widget_page import page_with, widget_on

pytestmark = needs_libraries

TEXTS = {
    "en": ("Talk to a person", "We have notified our team.", "Sue is answering."),
    "ko": ("상담원 연결", "상담원에게 알렸습니다.", "Sue 님이 답변하고 있습니다."),
}


@pytest.fixture
def owner(server):
    headers = {"authorization": "Bearer sk-of-a-test"}
    with httpx.Client(base_url=f"{server.base_url}/api/v1", headers=headers) as client:
        yield client


def assert_accessible(page) -> None:
    results = Axe().run(page)
    assert not results.response["violations"], results.generate_report()


def waiting(owner, contact: str) -> str:
    listed = owner.get("/handovers", params={"state": "waiting"}).json()["data"]
    return next((one["id"] for one in listed if one["contact"] == contact), "")


@pytest.mark.parametrize(
    ("lang", "colors", "size"),
    [("en", "light", (1280, 800)), ("ko", "dark", (390, 844))],
    ids=["desktop-light-en", "phone-dark-ko"],
)
def test_a_person_answers_in_the_same_conversation(
    visit, site, server, upstream, owner, lang, colors, size
):
    ask, told, answering = TEXTS[lang]
    viewport = {"width": size[0], "height": size[1]}
    page = visit(color_scheme=colors, reduced_motion="reduce", viewport=viewport)
    chat = widget_on(page, site, page_with(server, 'data-handover="on"', lang=lang)).open()
    expect(chat.button(ask)).to_be_hidden()
    chat.hear("hello")
    chat.button(ask).click()
    contact = f"{lang}-{colors}-{size[0]}@example.org"
    chat.dialog.locator(".person-form input").fill(contact)
    assert_accessible(page)
    chat.button(ask).click()
    bar = chat.dialog.locator(".person-bar")
    expect(bar).to_contain_text(told)
    assert_accessible(page)
    thread_id = waiting(owner, contact)
    assert owner.post(f"/threads/{thread_id}/take", json={"name": "Sue"}).is_success
    expect(bar).to_contain_text(answering)
    chat.ask("are you human?")
    expect(chat.questions.last).to_contain_text("are you human?")
    reply = {"content": "Yes, **I** am."}
    assert owner.post(f"/threads/{thread_id}/reply", json=reply).is_success
    expect(chat.answer).to_have_text("Yes, I am.")
    expect(chat.dialog.locator(".speaker:not(.unseen)").last).to_have_text("Sue")
    assert_accessible(page)
    assert owner.post(f"/threads/{thread_id}/hand_back").is_success
    expect(bar).not_to_contain_text(answering)
    chat.hear("back to the bot")
    # And after a reload, all of it is there again.
    page.reload()
    expect(chat.ready().dialog.locator(".speaker:not(.unseen)")).to_have_text("Sue")
    expect(chat.questions).to_have_count(3)


def test_an_answer_that_comes_while_the_chat_is_closed_is_marked(
    visit, site, server, upstream, owner
):
    page = visit()
    chat = widget_on(page, site, page_with(server, 'data-handover="on"')).open()
    chat.hear("hello")
    chat.button("Talk to a person").click()
    chat.dialog.locator(".person-form input").fill("closed@example.org")
    chat.button("Talk to a person").click()
    expect(chat.button("Never mind")).to_be_visible()
    page.evaluate("Threadkeeper.close()")
    thread_id = waiting(owner, "closed@example.org")
    owner.post(f"/threads/{thread_id}/take", json={"name": "Sue"})
    owner.post(f"/threads/{thread_id}/reply", json={"content": "Here I am."})
    expect(page).to_have_title("New message – A shop")
    expect(chat.launcher).to_have_class("launcher unread")
    chat.open()
    expect(page).to_have_title("A shop")
    expect(chat.answer).to_have_text("Here I am.")


def test_a_visitor_may_change_his_mind(visit, site, server, upstream, owner):
    chat = widget_on(visit(), site, page_with(server, 'data-handover="on"')).open()
    chat.hear("hello")
    chat.button("Talk to a person").click()
    chat.dialog.locator(".person-form input").fill("mind@example.org")
    chat.button("Talk to a person").click()
    wait_until(lambda: waiting(owner, "mind@example.org"))
    chat.button("Never mind").click()
    expect(chat.button("Talk to a person")).to_be_visible()
    assert not waiting(owner, "mind@example.org")


def test_without_the_offer_there_is_no_button(widget):
    chat = widget()
    chat.hear("hello")
    expect(chat.button("Talk to a person")).to_be_hidden()
