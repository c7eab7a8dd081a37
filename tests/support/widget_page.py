"""The widget on a page, as its visitor sees it."""

from playwright.sync_api import Locator, Page, expect

from tests.support.foreign_site import ForeignSite
from tests.support.server import Running

# A model's answer in pieces, and the number of events after which its first piece has been sent.
ANSWER = ("We open ", "at eight ", "and close ", "at six.")
FIRST_PIECE = 5
# What the shop's own assistant can search.
REFUNDS = "Refunds: whoever is not happy with our bread gets the money back."
OPENING = "Opening hours: we open at eight, and 일요일에는 쉽니다."


def page_with(
    server: Running | str, attributes: str = "", *, lang: str = "en", head: str = ""
) -> str:
    """Return a site's HTML with the widget's tag; `server` may be a base URL with a prefix."""
    base_url = server if isinstance(server, str) else server.base_url
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>A shop</title>'
        f'<meta name="viewport" content="width=device-width">{head}</head>'
        f'<body><main><h1>A shop</h1><p id="own">Bread and cake</p></main>'
        f'<script src="{base_url}/widget.js" {attributes}></script></body></html>'
    )


class WidgetPage:
    """A page of a site with the widget, and the widget's parts."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.launcher = page.locator("threadkeeper-chat .launcher")
        self.dialog = page.get_by_role("dialog")
        self.field = self.dialog.get_by_role("textbox").last
        self.questions = self.dialog.locator(".question")
        self.answer = self.dialog.locator(".answer").last
        self.note = self.dialog.locator(".turn .note").last
        self.notice = self.dialog.locator(".notice")
        self.suggestions = self.dialog.locator(".suggestions button")

    def open(self) -> "WidgetPage":
        """Open the chat, and wait until a message can be sent."""
        self.launcher.click()
        return self.ready()

    def ready(self) -> "WidgetPage":
        expect(self.dialog.locator("button.icon[type=submit]")).to_be_enabled()
        return self

    def ask(self, text: str) -> None:
        self.ready().field.fill(text)
        self.field.press("Enter")

    def hear(self, text: str) -> None:
        """Ask, and wait for the complete answer of a model without a script."""
        self.ask(text)
        expect(self.answer).to_have_text(f"Answer to: {text}")
        self.ready()

    def button(self, name: str) -> Locator:
        return self.dialog.get_by_role("button", name=name, exact=True)


def widget_on(page: Page, site: ForeignSite, html: str, *, policy: str = "") -> WidgetPage:
    """Go to a site that shows this page."""
    page.goto(site.show(html, policy=policy))
    return WidgetPage(page)
