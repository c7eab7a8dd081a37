"""The plain example page: on an open server, and on one with a public chat."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.support.examples import EXAMPLES, KEY
from tests.support.foreign_site import ForeignSite
from tests.support.node_site import once_expired
from tests.support.replies import Reply
from tests.support.server import Running

PAGE = (EXAMPLES / "javascript" / "page.html").read_text("utf-8")
DEFAULT = "http://127.0.0.1:8010/api/v1"
FIRST_PIECE = 5


@pytest.fixture(scope="module")
def site() -> Iterator[ForeignSite]:
    with ForeignSite.serve() as running:
        yield running


@pytest.fixture(scope="module", params=["open", "keyed"])
def shop(start_shared, site, request) -> Running:
    keys = [f"shop:{KEY}"] if request.param == "keyed" else []
    running: Running = start_shared(cors_origins=[site.origin], api_keys=keys, public_chat=True)
    return running


def opened(visit, site: ForeignSite, server: Running, **options) -> Page:
    assert DEFAULT in PAGE
    page: Page = visit(**options)
    page.goto(site.show(PAGE.replace(DEFAULT, f"{server.base_url}/api/v1")))
    return page


def ask(page: Page, message: str) -> None:
    page.get_by_role("textbox", name="메시지").fill(message)
    page.get_by_role("button", name="보내기").click()


def test_an_answer_streams_and_the_conversation_continues(visit, site, shop, upstream):
    page = opened(visit, site, shop)
    upstream.reply(Reply.text("어서 ", "오세요", "\u2028<b>!</b>").stalled(after=FIRST_PIECE))
    ask(page, "안녕하세요")
    answer = page.locator(".answer").last
    expect(answer).to_have_text("어서")
    expect(page.get_by_role("button")).to_be_disabled()
    upstream.release()
    expect(answer).to_have_text("어서 오세요\u2028<b>!</b>")
    expect(page.get_by_role("button")).to_be_enabled()
    ask(page, "또 왔어요")
    expect(page.locator(".answer").last).to_have_text("Answer to: 또 왔어요")
    said = [item.get("role") for item in upstream.requests[1].body["input"]]
    assert said == ["user", "assistant", "user"]


def test_a_failure_is_shown(visit, site, shop, upstream):
    page = opened(visit, site, shop)
    upstream.reply(Reply.http_error(500, {"error": {"message": "It broke."}}))
    ask(page, "안녕하세요")
    # Without keys the reader counts as an operator; else as a visitor, who gets no details.
    expect(page.locator(".error")).to_contain_text(re.compile("It broke|could not answer"))
    ask(page, "다시")
    expect(page.locator(".answer").last).to_have_text("Answer to: 다시")


def test_an_expired_session_is_renewed(visit, site, start, upstream):
    server = start(cors_origins=[site.origin], api_keys=[f"shop:{KEY}"], public_chat=True)
    page = opened(visit, site, server, expected=re.compile("401"))
    ask(page, "하나")
    expect(page.locator(".answer").last).to_have_text("Answer to: 하나")
    page.route("**/api/v1/chat", once_expired(site.origin))
    ask(page, "둘")
    expect(page.locator(".answer").last).to_have_text("Answer to: 둘")
    assert len(upstream.requests[1].body["input"]) == 3, "it is the same conversation"


def test_it_says_if_pages_may_not_chat(visit, site, start, upstream):
    server = start(cors_origins=[site.origin], api_keys=[f"shop:{KEY}"])
    page = opened(visit, site, server, expected=re.compile("401"))
    ask(page, "안녕하세요")
    expect(page.locator(".error")).to_have_count(1)
    assert upstream.requests == []
