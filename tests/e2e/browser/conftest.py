"""A real browser. Each page's console messages and requests are checked."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from tests.conftest import StartServer
from tests.support.chat_page import ChatPage
from tests.support.fake_upstream import FakeUpstream
from tests.support.server import ThreadServer

# Debian's two builds: the headless one opens a page in a third of the time.
CHROMIUMS = (Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium"))
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
WAIT_MS = 45_000
# Tests can't look into closed shadow roots.
OPEN_SHADOWS = """
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (options) {
    return attach.call(this, { ...options, mode: "open" });
  };
"""

Visit = Callable[..., Page]
OpenChat = Callable[..., ChatPage]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Rerun failed browser tests once; the summary line counts the reruns.

    On an overloaded machine, a browser may respond later than a test waits.
    """
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="module")
def database_kind() -> str:
    """The database makes no difference to a browser: use only one kind."""
    return "sqlite"


@pytest.fixture(scope="module")
def server(start_shared: StartServer) -> ThreadServer:
    """The server, with only the assistants that it starts with."""
    return start_shared()


@pytest.fixture
def chromium() -> Browser:
    """The browser, which is started once for the browser tests that follow each other."""
    installed = [path for path in CHROMIUMS if path.exists()]
    if not installed:
        pytest.skip("there is no Chromium: install Debian's package `chromium-headless-shell`")
    if not _started(installed[0]).is_connected():
        _end()
    return _started(installed[0])


_at_end = ExitStack()


@cache
def _started(program: Path) -> Browser:
    playwright = _at_end.enter_context(sync_playwright())
    browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
    _at_end.callback(browser.close)
    expect.set_options(timeout=WAIT_MS)
    return browser


def _end() -> None:
    _at_end.close()
    _started.cache_clear()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """End the browser before tests of another kind: Playwright keeps an event loop running."""
    if nextitem is None or Path(__file__).parent not in nextitem.path.parents:
        _end()


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Visit]:
    """Open an empty page for a new visitor; options are those of a browser context.

    `expected`: a pattern of allowed console errors; `shadow="closed"` leaves shadow roots closed.
    At the end there must be no other error, and no request to another machine.
    """
    watches: list[Watch] = []

    def open_page(
        *, expected: re.Pattern[str] | None = None, shadow: str = "open", **options: Any
    ) -> Page:
        context = chromium.new_context(**{"locale": "en-US", **options})
        context.set_default_timeout(WAIT_MS)
        if shadow == "open":
            context.add_init_script(OPEN_SHADOWS)
        watch = Watch(context.new_page(), expected)
        watches.append(watch)
        return watch.page

    yield open_page
    found = [fault for watch in watches for fault in watch.faults]
    for watch in watches:
        watch.page.context.close()
    assert not found, "\n".join(found)


class Watch:
    """Records what a page must not do, including in its windows and frames."""

    def __init__(self, page: Page, expected: re.Pattern[str] | None) -> None:
        self.page = page
        self._said: list[str] = []
        self._called: list[Request] = []
        self._expected = expected
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self._said.append(f"uncaught: {error}"))
        page.context.on("request", self._see)
        page.context.on("requestfailed", self._forget_refused)

    @property
    def faults(self) -> list[str]:
        return [*self._said, *(f"called {request.url}" for request in self._called)]

    def _hear(self, message: ConsoleMessage) -> None:
        text = f"{message.text} ({message.location['url']})"
        if message.type == "error" and not (self._expected and self._expected.search(text)):
            self._said.append(f"console: {text}")

    def _see(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws") and address.hostname != "127.0.0.1":
            self._called.append(request)

    def _forget_refused(self, request: Request) -> None:
        # The page's policy blocked the request; the console reported that.
        if request.failure == "csp" and request in self._called:
            self._called.remove(request)


@pytest.fixture
def chat(visit: Visit, server: ThreadServer, upstream: FakeUpstream) -> OpenChat:
    """Open the chat page of a server (default: the shared one), ready for a message."""

    def open_chat(on: ThreadServer = server, at: str = "", **options: Any) -> ChatPage:
        return ChatPage(visit(**options), on.base_url).open(at)

    return open_chat
