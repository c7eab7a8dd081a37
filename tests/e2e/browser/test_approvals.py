"""The chat page and the widget ask before the server makes a call that has consequences."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.support.action_documents import weather
from tests.support.chat_page import ChatPage
from tests.support.foreign_site import ForeignSite
from tests.support.function_calls import call, outputs
from tests.support.pages import needs_libraries
from tests.support.replies import Reply
from tests.support.widget_page import page_with, widget_on

pytestmark = needs_libraries

NAME = "weather__reportWeather"
ARGUMENTS = {"city": "Ulm", "body": {"text": "rain"}}


@pytest.fixture
def site():
    with ForeignSite.serve() as running:
        yield running


@pytest.fixture
def server(start, api, site):
    """A server with one assistant for the public, which may report the weather."""
    settings = {"actions_allow": [api.host], "cors_origins": [site.origin], "public_chat": True}
    first = start(**settings)
    action = first.http.post("/actions", json={"name": "weather", "document": weather(api.url)})
    assert action.status_code == 200
    tools = [{"type": "function", "function": {"name": NAME}}]
    made = first.http.post("/assistants", json={"model": "gpt-5.4-mini", "tools": tools})
    assistant = made.json()["id"]
    return start(**settings, assistant_id=assistant, public_assistants=[assistant])


@pytest.fixture
def asked(upstream):
    upstream.reply(Reply.function_calls(call(NAME, **ARGUMENTS)), Reply.text("Reported."))


def violations(page):
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['help']}" for one in found]


def test_the_chat_page_asks_and_goes_on(visit, server, api, asked, upstream):
    chat = ChatPage(visit(), server.base_url).open()
    chat.ask("Report rain in Ulm.")
    card = chat.page.get_by_role("group", name="May Weather run “reportWeather”?")
    expect(card).to_contain_text(f"POST {api.host}")
    expect(card.locator("pre")).to_contain_text('"text": "rain"')
    expect(card.get_by_role("button")).to_have_text(["Allow", "Don't allow"])
    assert violations(chat.page) == []
    assert api.asked == []
    card.get_by_role("button", name="Allow", exact=True).click()
    expect(chat.text).to_have_text("Reported.")
    expect(card).to_be_hidden()
    assert [one.json for one in api.asked] == [ARGUMENTS["body"]]
    assert outputs(upstream) == ['{"ok":true}']


def test_the_question_is_still_there_after_a_reload_and_can_be_refused(
    visit, server, api, asked, upstream
):
    chat = ChatPage(visit(locale="ko-KR", color_scheme="dark"), server.base_url).open()
    chat.ask("울름에 비가 온다고 알려 줘.")
    card = chat.page.locator(".approval")
    expect(card).to_contain_text("Weather의 “reportWeather” 작업을 허용할까요?")
    chat.page.reload()
    expect(card.get_by_role("button")).to_have_text(["허용", "허용 안 함"])
    assert violations(chat.page) == []
    card.get_by_role("button", name="허용 안 함").click()
    expect(chat.text).to_have_text("Reported.")
    assert api.asked == []
    assert outputs(upstream) == ["The user did not allow this call. It was not made."]


@pytest.mark.parametrize("allows", [True, False])
def test_a_visitor_of_a_site_is_asked_in_the_widget(visit, server, site, api, asked, allows):
    page = visit(viewport={"width": 375, "height": 700})
    widget = widget_on(page, site, page_with(server, "", lang="en")).open()
    widget.ask("Report rain in Ulm.")
    card = widget.dialog.get_by_role("group", name=re.compile("reportWeather"))
    expect(card).to_contain_text(f"POST {api.host}")
    assert violations(page) == []
    card.get_by_role("button", name="Allow" if allows else "Don't allow", exact=True).click()
    expect(widget.dialog.get_by_text("Reported.")).to_be_visible()
    assert len(api.asked) == int(allows)
