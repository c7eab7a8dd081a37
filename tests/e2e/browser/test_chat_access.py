"""The chat page of a server with keys: a visitor's session, or a key."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.chat_page import ChatPage
from tests.support.pages import needs_libraries
from tests.support.replies import Reply

pytestmark = needs_libraries

KEY = "sk-of-the-shop-0123456789"
KEYS = {"api_keys": [f"shop:{KEY}"]}
REFUSED = re.compile("status of 401")


@pytest.fixture
def gate(visit, start, upstream):
    """The page of a server with keys, which asks for one."""
    server = start(**KEYS)
    page = ChatPage(visit(expected=REFUSED), server.base_url)
    page.page.goto(f"{server.base_url}/chat")
    expect(page.page.get_by_role("heading", name="Sign in with your key")).to_be_visible()
    return page


def sign_in(page, key=KEY):
    page.page.get_by_label("API key").fill(key)
    page.page.keyboard.press("Enter")


def test_a_key_is_asked_for_and_kept_for_the_tab(gate, visit):
    expect(gate.page.get_by_label("API key")).to_be_focused()
    sign_in(gate)
    assert gate.hear("hello") == "Answer to: hello"
    gate.page.reload()
    expect(gate.text).to_have_text("Answer to: hello")
    assert KEY in gate.page.evaluate("JSON.stringify({ ...sessionStorage })")
    assert KEY not in gate.page.evaluate("JSON.stringify({ ...localStorage }) + document.cookie")
    assert KEY not in gate.page.content()


def test_a_wrong_key_is_reported_and_asked_for_again(gate):
    sign_in(gate, "sk-wrong")
    expect(gate.page.get_by_role("alert")).to_contain_text("This key is not valid.")
    expect(gate.page.get_by_label("API key")).to_be_focused()
    expect(gate.page.get_by_label("API key")).to_have_attribute("aria-invalid", "true")
    expect(gate.field).to_be_hidden()
    sign_in(gate)
    expect(gate.field).to_be_visible()


def test_signing_out_forgets_the_key(gate):
    sign_in(gate)
    gate.hear("hello")
    gate.button("Sign out").click()
    expect(gate.page.get_by_label("API key")).to_be_visible()
    expect(gate.answers).to_have_count(0)
    expect(gate.page.locator(".thread")).to_have_count(0)
    assert gate.page.evaluate("sessionStorage.length") == 0
    assert "#" not in gate.page.url


def test_a_revoked_key_is_asked_for_again(gate):
    sign_in(gate)
    gate.hear("hello")
    # The server's response after the key was removed from its settings.
    refusal = '{"error": {"message": "x", "type": "x", "param": null, "code": "invalid_api_key"}}'
    gate.page.route("**/api/v1/chat", lambda route: route.fulfill(status=401, body=refusal))
    gate.ask("and now?")
    expect(gate.page.get_by_role("alert").last).to_contain_text("This key is not valid.")
    gate.page.unroute("**/api/v1/chat")
    sign_in(gate)
    assert gate.hear("and now?") == "Answer to: and now?"


@pytest.fixture
def visitor(chat, start):
    """The page of a server whose chat is public."""
    return chat(on=start(**KEYS, public_chat=True), expected=REFUSED)


def test_visitors_chat_without_a_key(visitor):
    assert visitor.hear("hello") == "Answer to: hello"
    expect(visitor.page.get_by_role("button", name="Attach files")).to_be_hidden()
    expect(visitor.page.locator(".thread")).to_have_count(1)
    expect(visitor.button("Rename “hello”")).to_have_count(0)
    visitor.button("Good answer").click()
    visitor.page.reload()
    expect(visitor.text).to_have_text("Answer to: hello")
    expect(visitor.button("Good answer")).to_have_attribute("aria-pressed", "true")


def test_a_visitors_failed_answer_is_asked_for_again(visitor, upstream):
    upstream.reply(Reply.http_error(500, {"error": {"message": "It broke."}}))
    visitor.ask("hello")
    visitor.button("Try again").click()
    expect(visitor.text).to_have_text("Answer to: hello")
    visitor.page.reload()
    expect(visitor.text).to_have_text("Answer to: hello")
    expect(visitor.questions).to_have_count(1)


def test_a_visitor_may_use_a_key_and_go_back(visitor):
    visitor.hear("as a visitor")
    visitor.button("Use a key instead").click()
    visitor.button("Continue without a key").click()
    expect(visitor.text).to_have_text("Answer to: as a visitor")
    visitor.button("Use a key instead").click()
    sign_in(visitor)
    expect(visitor.page.get_by_role("button", name="Attach files")).to_be_visible()
    visitor.button("Sign out").click()
    expect(visitor.button("Use a key instead")).to_be_visible()
    expect(visitor.page.locator(".thread-link")).to_have_text(["as a visitor"])


def test_an_invalid_session_is_replaced(visitor):
    visitor.hear("hello")
    visitor.page.evaluate("""() => {
      const name = "threadkeeper.session";
      const session = JSON.parse(localStorage.getItem(name));
      localStorage.setItem(name, JSON.stringify({ ...session, token: "stale" }));
    }""")
    visitor.page.goto(f"{visitor.base_url}/chat?again")
    assert visitor.hear("hello again") == "Answer to: hello again"
