"""The widget with a visitor whom the site vouches for."""

import re
import time
from uuid import uuid4

import jwt
import pytest
from playwright.sync_api import expect

from tests.support.pages import needs_libraries
from tests.support.server import thread_server
from tests.support.widget_page import WidgetPage, page_with, widget_on

pytestmark = needs_libraries

SECRET = "a-secret-of-the-sites-backend-0123456789"


@pytest.fixture
def signed():
    """Sign a token for a user whom no other test knows."""
    test = uuid4().hex
    return lambda name, seconds=600: token_for(f"{name}-{test}", seconds)


def token_for(subject: str, seconds: int) -> str:
    return jwt.encode({"sub": subject, "exp": int(time.time()) + seconds}, SECRET, "HS256")


@pytest.fixture(scope="module")
def signing(settings, tmp_path_factory):
    folder = tmp_path_factory.mktemp("users")
    changed = {"user_token_secret": SECRET, "database_url": f"sqlite:///{folder}/users.db"}
    with thread_server(**settings | changed) as running:
        yield running


@pytest.fixture
def on_page(site, signing, upstream):
    """Go to the site as somebody, and open the widget."""

    def go(page, user: str | None, lang: str = "en") -> WidgetPage:
        attributes = f'data-user="{user}"' if user else ""
        return widget_on(page, site, page_with(signing, attributes, lang=lang))

    return go


def test_a_users_conversation_follows_him(visit, on_page, signed):
    on_page(visit(), signed("ann")).open().hear("from my phone")
    desk = on_page(visit(), signed("ann")).open()
    expect(desk.questions).to_have_text(["You: from my phone"])
    desk.button("New conversation").click()
    desk.page.reload()
    expect(desk.ready().questions).to_have_count(0)


def test_what_he_asked_before_signing_in_is_kept(visit, on_page, signed):
    page = visit()
    on_page(page, None).open().hear("as a stranger")
    page.evaluate("Threadkeeper.close()")
    signed_in = on_page(page, signed("bea")).open()
    expect(signed_in.questions).to_have_text(["You: as a stranger"])
    elsewhere = on_page(visit(), signed("bea")).open()
    expect(elsewhere.questions).to_have_text(["You: as a stranger"])


@pytest.mark.parametrize("who", ["", "dan"])
def test_the_next_one_at_this_browser_sees_nothing(visit, on_page, signed, who):
    page = visit()
    on_page(page, signed("cem")).open().hear("my secret")
    page.evaluate("Threadkeeper.close()")
    stored = page.evaluate("JSON.stringify({...localStorage})")
    assert "token" not in stored, "a user's token stays in the browser"
    after = on_page(page, signed(who) if who else None).open()
    expect(after.questions).to_have_count(0)
    assert "cem" not in page.evaluate("JSON.stringify({...localStorage})")
    after.hear("mine")
    page.evaluate("Threadkeeper.close()")
    again = on_page(page, signed("cem")).open()
    # What a stranger asks at a browser is the one's who signs in there next.
    expect(again.questions).to_have_text(["You: my secret" if who else "You: mine"])


def test_he_may_sign_in_and_out_without_a_new_page(visit, on_page, signed):
    page = visit()
    chat = on_page(page, signed("eva")).open()
    chat.hear("of Eva")
    # Another token of the same user changes nothing.
    page.evaluate("token => Threadkeeper.setUser(token)", signed("eva"))
    expect(chat.ready().questions).to_have_text(["You: of Eva"])
    page.evaluate("token => Threadkeeper.setUser(token)", signed("finn"))
    expect(chat.questions).to_have_count(0)
    chat.hear("of Finn")
    page.evaluate("Threadkeeper.setUser(null)")
    expect(chat.questions).to_have_count(0)
    # The last one counts, however fast they come.
    page.evaluate(
        "tokens => tokens.forEach((token) => Threadkeeper.setUser(token))",
        [signed("eva"), signed("eva"), signed("finn")],
    )
    expect(chat.questions).to_have_text(["You: of Finn"])
    page.evaluate("token => Threadkeeper.setUser(async () => token)", signed("eva"))
    expect(chat.questions).to_have_text(["You: of Eva"])


def test_a_session_is_renewed_with_a_new_token(visit, on_page, signed):
    page = visit(expected=re.compile("401"))
    chat = on_page(page, signed("gil")).open()
    chat.hear("one")
    page.evaluate(
        "token => Threadkeeper.setUser(async () => { window.asked = 1; return token; })",
        signed("gil"),
    )
    refused = {"count": 0}

    def refuse_once(route):
        if refused["count"]:
            route.fallback()
            return
        refused["count"] = 1
        route.fulfill(
            status=401,
            headers={"access-control-allow-origin": "*"},
            json={"error": {"message": "expired", "code": "session_expired"}},
        )

    page.route("**/api/v1/chat", refuse_once)
    page.evaluate("window.asked = 0")
    chat.hear("two")
    assert refused["count"] == 1 and page.evaluate("window.asked") == 1


@pytest.mark.parametrize(
    ("lang", "said"),
    [("en", "Your sign-in could not be confirmed."), ("ko", "로그인을 확인하지 못했습니다.")],
)
def test_an_expired_token_is_an_error_and_not_a_stranger(visit, on_page, signed, lang, said):
    page = visit(expected=re.compile("401"))
    chat = on_page(page, signed("hal", -3600), lang)
    with page.expect_console_message(lambda one: "user token has expired" in one.text):
        chat.launcher.click()
    expect(chat.notice).to_contain_text(said)
    expect(chat.dialog.locator("button.icon[type=submit]")).to_be_disabled()
