"""The React example: type-checked, built with Vite, and used like a visitor."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.examples import EXAMPLES, KEY
from tests.support.node_packages import project, run_node
from tests.support.node_site import once_expired, serving
from tests.support.replies import Reply
from tests.support.tcp_proxy import TcpProxy

# npm has to fetch packages from a registry that may be slow.
pytestmark = pytest.mark.timeout(240)

PIECES = ("어서 ", "오세요. ", "무엇을 ", "찾으세요?")
ANSWER = "".join(PIECES)
FIRST_PIECE = 5
BROKEN = re.compile("ERR_|401|404")


class Shop:
    """The built page, and a proxy to the server that it calls."""

    def __init__(self, origin: str, line: TcpProxy) -> None:
        self.origin = origin
        self.line = line


class ReactPage:
    def __init__(self, page: Page, origin: str) -> None:
        page.goto(origin)
        self.page = page
        self.answers = page.locator("p.assistant")
        self.questions = page.locator("p.user")
        self.alert = page.get_by_role("alert")

    @property
    def answer(self) -> Locator:
        return self.answers.last

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name)

    def ask(self, message: str) -> None:
        self.page.get_by_role("textbox", name="메시지").fill(message)
        self.button("보내기").click()

    def is_finished(self) -> None:
        expect(self.page.get_by_role("log")).to_have_attribute("aria-busy", "false")


@pytest.fixture(scope="session")
def react(tmp_path_factory) -> Path:
    return project(tmp_path_factory, EXAMPLES / "react")


@pytest.fixture(scope="module")
def shop(react, start_shared, tmp_path_factory) -> Iterator[Shop]:
    built = tmp_path_factory.mktemp("react")
    with serving(built) as origin:
        server = start_shared(api_keys=[f"shop:{KEY}"], public_chat=True, cors_origins=[origin])
        address = urlsplit(server.base_url)
        line = TcpProxy((address.hostname, address.port))
        url = f"http://127.0.0.1:{line.port}/api/v1"
        vite = ("node_modules/vite/bin/vite.js", "build", "--emptyOutDir", "--outDir", built)
        given = {"THREADKEEPER_URL": url, "THREADKEEPER_API_KEY": KEY}
        ran = run_node(react, *vite, environment=given)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert not [path for path in built.rglob("*.js") if KEY in path.read_text("utf-8")]
        yield Shop(origin, line)
        line.cut()


@pytest.fixture
def chat(visit, shop, upstream):
    def open_chat(**options) -> ReactPage:
        return ReactPage(visit(**options), shop.origin)

    return open_chat


def test_its_types_are_correct(react):
    ran = run_node(react, "node_modules/typescript/bin/tsc")
    assert ran.returncode == 0, ran.stdout


def test_an_answer_streams_and_the_conversation_continues(chat, upstream):
    page = chat()
    upstream.reply(Reply.text(*PIECES, "\u2028<b>!</b>").stalled(after=FIRST_PIECE))
    page.ask("안녕하세요")
    expect(page.answer).to_have_text("어서")
    upstream.release()
    expect(page.answer).to_have_text(f"{ANSWER}\u2028<b>!</b>")
    page.is_finished()
    page.ask("또 왔어요")
    expect(page.answer).to_have_text("Answer to: 또 왔어요")
    page.is_finished()
    expect(page.questions).to_have_count(2)
    assert len(upstream.requests[1].body["input"]) == 3


def test_an_answer_is_stopped(chat, upstream):
    page = chat()
    upstream.reply(Reply.text(*PIECES).stalled(after=FIRST_PIECE))
    page.ask("안녕하세요")
    expect(page.answer).to_have_text("어서")
    page.button("멈추기").click()
    page.is_finished()
    expect(page.alert).to_have_count(0)
    expect(page.answer).to_have_text("어서")
    page.ask("다시")
    expect(page.answer).to_have_text("Answer to: 다시")


def test_an_answer_continues_after_a_reload(chat, upstream):
    page = chat()
    upstream.reply(Reply.text(*PIECES).stalled(after=FIRST_PIECE))
    page.ask("안녕하세요")
    expect(page.answer).to_have_text("어서")
    page.page.reload()
    expect(page.answer).to_have_text("어서")
    expect(page.questions).to_have_text(["안녕하세요"])
    expect(page.button("멈추기")).to_be_visible()
    upstream.release()
    expect(page.answer).to_have_text(ANSWER)
    page.is_finished()
    expect(page.answers).to_have_count(1)
    page.page.reload()
    expect(page.answer).to_have_text(ANSWER)
    assert len(upstream.requests) == 1


def test_a_lost_connection_loses_nothing(chat, shop, upstream):
    page = chat(expected=BROKEN)
    upstream.reply(Reply.text(*PIECES).stalled(after=FIRST_PIECE))
    page.ask("안녕하세요")
    expect(page.answer).to_have_text("어서")
    with page.page.expect_event("requestfailed"):
        shop.line.cut()
    upstream.release()
    shop.line.mend()
    expect(page.answer).to_have_text(ANSWER)
    page.is_finished()
    expect(page.alert).to_have_count(0)
    assert len(upstream.requests) == 1


def test_an_undelivered_message_can_be_sent_again(chat, upstream):
    page = chat(expected=BROKEN)
    page.ask("하나")
    page.is_finished()
    page.page.route("**/api/v1/chat", lambda route: route.abort())
    page.ask("둘")
    expect(page.alert).to_be_visible()
    expect(page.page.get_by_role("textbox")).to_have_value("둘")
    expect(page.questions).to_have_text(["하나"])
    page.page.unroute("**/api/v1/chat")
    page.button("보내기").click()
    expect(page.answer).to_have_text("Answer to: 둘")
    expect(page.alert).to_have_count(0)


def test_a_failed_answer_is_shown(chat, upstream):
    page = chat()
    upstream.reply(Reply.http_error(500, {"error": {"message": "It broke."}}))
    page.ask("안녕하세요")
    expect(page.alert).to_contain_text("The assistant could not answer.")
    page.is_finished()
    expect(page.questions).to_have_text(["안녕하세요"])


def test_an_expired_session_is_renewed(chat, shop, upstream):
    page = chat(expected=BROKEN)
    page.ask("하나")
    page.is_finished()
    page.page.route("**/api/v1/chat", once_expired(shop.origin))
    page.ask("둘")
    expect(page.answer).to_have_text("Answer to: 둘")
    assert len(upstream.requests[1].body["input"]) == 3, "it is the same conversation"


def test_an_unknown_visitor_starts_over(chat, upstream):
    page = chat(expected=BROKEN)
    page.ask("하나")
    page.is_finished()
    page.page.evaluate("localStorage.setItem('threadkeeper-session', 'no-token-of-yours')")
    page.page.reload()
    page.is_finished()
    expect(page.questions).to_have_count(0)
    page.ask("둘")
    expect(page.answer).to_have_text("Answer to: 둘")
    assert len(upstream.requests[1].body["input"]) == 1


def test_a_new_conversation(chat, upstream):
    page = chat()
    page.ask("하나")
    page.is_finished()
    page.button("새 대화").click()
    expect(page.questions).to_have_count(0)
    page.ask("둘")
    expect(page.answer).to_have_text("Answer to: 둘")
    assert len(upstream.requests[1].body["input"]) == 1
