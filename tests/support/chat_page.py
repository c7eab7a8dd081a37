"""The chat page, as its user sees it."""

import re
from typing import Self

from playwright.sync_api import Locator, Page, expect


class ChatPage:
    """A browser's page at `/chat`."""

    def __init__(self, page: Page, base_url: str) -> None:
        self.page = page
        self.base_url = base_url

    def open(self, at: str = "") -> Self:
        """Open the page; `at` is a thread's id. Return when a message can be typed."""
        self.page.goto(f"{self.base_url}/chat#{at}" if at else f"{self.base_url}/chat")
        expect(self.field).to_be_visible()
        return self

    @property
    def field(self) -> Locator:
        return self.page.locator("#message")

    @property
    def questions(self) -> Locator:
        return self.page.locator(".question-turn")

    @property
    def answers(self) -> Locator:
        return self.page.locator("article.answer")

    @property
    def answer(self) -> Locator:
        """The newest answer."""
        return self.answers.last

    @property
    def text(self) -> Locator:
        """The text of the newest answer."""
        return self.answer.locator(".markdown").last

    @property
    def thread_id(self) -> str:
        """The id of the open thread, from the page's address."""
        expect(self.page).to_have_url(re.compile("#thread_"))
        return self.page.url.partition("#")[2]

    def button(self, name: str, exact: bool = True) -> Locator:
        return self.page.get_by_role("button", name=name, exact=exact)

    def ask(self, text: str) -> None:
        """Type a message and send it with Enter."""
        self.field.fill(text)
        self.field.press("Enter")

    def hear(self, text: str) -> str:
        """Ask, and return the finished answer's text."""
        self.ask(text)
        self.finished()
        return self.text.inner_text()

    def finished(self) -> None:
        """Wait until the newest answer is complete, and the next message can be sent."""
        expect(self.answer).to_have_attribute("aria-busy", "false")
        expect(self.page.locator("#stop")).to_be_hidden()
        expect(self.button("Copy").or_(self.button("복사")).last).to_be_visible()
