"""The console, as its user sees it."""

from typing import Self

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect


class ConsolePage:
    """A browser's page at `/console`."""

    def __init__(self, page: Page, base_url: str) -> None:
        self.page = page
        self.base_url = base_url

    def open(self, at: str = "") -> Self:
        """Open the console; `at` is a path such as `assistants/new`."""
        self.page.goto(f"{self.base_url}/console#/{at}" if at else f"{self.base_url}/console")
        return self

    def at(self, path: str) -> None:
        """Wait until the view of this path is open."""
        expect(self.page).to_have_url(f"{self.base_url}/console#/{path}")

    @property
    def view(self) -> Locator:
        return self.page.locator("#view")

    @property
    def heading(self) -> Locator:
        return self.page.locator("#view h1")

    @property
    def notice(self) -> Locator:
        return self.page.locator("#notice")

    @property
    def dialog(self) -> Locator:
        return self.page.locator("dialog[open]")

    def button(self, name: str, exact: bool = True) -> Locator:
        return self.page.get_by_role("button", name=name, exact=exact)

    def sign_in(self, key: str) -> None:
        self.page.locator("#key").fill(key)
        self.page.keyboard.press("Enter")
        expect(self.page.locator("#sign-in")).to_be_hidden()

    def assert_accessible(self) -> None:
        assert_accessible(self.page)


def assert_accessible(page: Page) -> None:
    results = Axe().run(page)
    assert not results.response["violations"], results.generate_report()
