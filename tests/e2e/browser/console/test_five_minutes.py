"""From an empty database to an assistant on another site's page, in a browser alone."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.action_documents import FOLDER as DOCUMENTS
from tests.support.administration import ADMIN_KEY
from tests.support.called_api import CalledApi, Reply
from tests.support.console_page import ConsolePage, assert_accessible
from tests.support.documents import docx_file
from tests.support.foreign_site import ForeignSite
from tests.support.function_calls import call
from tests.support.pages import needs_libraries
from tests.support.person import Person
from tests.support.replies import Reply as ModelReply
from tests.support.widget_page import WidgetPage

pytestmark = needs_libraries

MOST_SECONDS = 300
# For the server, above all while it reads the documents: many times what it takes.
WAITING = 30
HANGUL = Path(__file__).parents[3] / "support/hangul"
API_KEY = "key-of-the-product-search"
INSTRUCTIONS = "Answer in the visitor's language, and cite the documents."
QUESTION = "SCR-101은 얼마나 무겁고, 상품은 몇 개 있나요?"
SITE = (
    "<!doctype html><html lang='ko'><title>전자 상점</title>"
    "<main><h1>전자 상점</h1></main>{}</html>"
)


@pytest.fixture
def api():
    with CalledApi.serve() as called:
        called.authorization = f"Bearer {API_KEY}"
        called.replies["/stats"] = Reply.json({"numberOfDocuments": 4711})
        yield called


@pytest.fixture
def site():
    with ForeignSite.serve() as running:
        yield running


def cited_answer(body):
    """Say what the two calls returned, with the passage's marker."""
    found = "\n".join(
        str(item["output"]) for item in body["input"] if item.get("type") == "function_call_output"
    )
    marker = re.search(r"【[^】]+】(?=\n[^【]*3kg)", found)
    count = re.search(r'"numberOfDocuments": ?(\d+)', found)
    if marker is None or count is None:
        return ModelReply.text(f"Nothing in: {found}")
    return ModelReply.text(f"3kg입니다{marker[0]}. 상품은 {count[1]}개입니다.")


def picture(console, name):
    if folder := os.environ.get("SCREENSHOTS"):
        console.page.screenshot(path=Path(folder) / f"{name}.png")


def make_project_and_key(console: ConsolePage, person: Person) -> str:
    """Make a project and a key with it, as the administrator; return the key as it is copied."""
    page = console.page
    person.paste(page.locator("#key"), ADMIN_KEY)
    person.enter(page.locator("#key"))
    console.at("access")
    console.assert_accessible()
    person.click(console.button("New project"))
    person.type(console.dialog.get_by_label("Name"), "shop")
    person.click(console.button("Create project"))
    console.at("access/shop")
    console.assert_accessible()
    person.click(console.button("New key"))
    person.type(console.dialog.get_by_label("What it is for"), "me")
    person.click(console.button("Make key"))
    value = console.dialog.get_by_label("New key").input_value()
    person.click(console.button("Copy the key"))
    person.click(console.dialog.get_by_role("button", name="Close"))
    person.click(console.button("Sign out"))
    person.paste(page.locator("#key"), value)
    person.enter(page.locator("#key"))
    return value


def make_action(console: ConsolePage, person: Person, api: CalledApi) -> None:
    """Make an action of a real document, which offers one of its 113 operations."""
    view = console.view
    person.click(console.page.get_by_role("link", name="Actions", exact=True))
    expect(view.get_by_text("No actions yet")).to_be_visible()
    console.assert_accessible()
    person.click(console.button("New action"))
    person.choose_files(view.locator("input[type=file]"), [DOCUMENTS / "meilisearch.json"])
    person.paste(view.get_by_label("Server", exact=True), api.url)
    person.choose(view.get_by_label("Type", exact=True), "bearer")
    person.paste(view.get_by_label("Secret", exact=True), API_KEY)
    console.assert_accessible()
    person.click(console.button("Create"))
    person.click(console.button("Choose none"))
    person.type(view.get_by_label("Find an operation"), "get_stats")
    person.click(view.get_by_role("checkbox", name="get_stats", exact=True))
    person.click(console.button("Save"))
    expect(view.get_by_role("status").filter(has_text="1 of 113")).to_be_visible()
    console.assert_accessible()
    picture(console, "console-action")


def make_assistant(console: ConsolePage, person: Person) -> None:
    """Make an assistant with the action, and give it three documents."""
    view = console.view
    person.click(console.page.get_by_role("link", name="Assistants", exact=True))
    person.click(console.button("New assistant"))
    person.type(view.get_by_label("Name", exact=True), "상점 도우미")
    person.type(view.get_by_label("Instructions", exact=True), INSTRUCTIONS)
    person.click(view.get_by_role("checkbox", name="meilisearch", exact=True))
    console.assert_accessible()
    person.click(console.button("Create"))
    expect(console.heading).to_have_text("상점 도우미")
    person.click(console.page.get_by_role("link", name="Knowledge", exact=True))
    person.click(view.get_by_role("link", name="상점 도우미"))
    word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    guide = {"name": "설치 안내.docx", "mimeType": word, "buffer": docx_file()}
    tables = [
        {
            "name": name,
            "mimeType": "application/octet-stream",
            "buffer": (HANGUL / file).read_bytes(),
        }
        for name, file in (("성적.hwpx", "table.hwpx"), ("표.hwp", "table.hwp"))
    ]
    person.choose_files(view.locator(".drop-zone input[type=file]"), [guide, *tables])
    expect(view.locator(".document")).to_have_count(3)
    expect(view.locator(".document", has_text="Ready")).to_have_count(3)
    console.assert_accessible()


def allow_site(console: ConsolePage, person: Person, site: ForeignSite) -> str:
    """Allow the site's pages to chat; return the tag as it is copied."""
    person.click(console.page.get_by_role("link", name="Assistants", exact=True))
    person.click(console.view.get_by_role("link", name="상점 도우미"))
    person.click(console.button("Put it on your site"))
    frame = console.page.frame_locator(".site-frame")
    expect(frame.get_by_role("dialog", name="상점 도우미")).to_be_visible()
    person.paste(console.dialog.get_by_label("Address of your site"), f"{site.origin}/index.html")
    expect(console.dialog.get_by_text("will be allowed, with all its pages")).to_be_visible()
    person.paste(console.dialog.get_by_label("Administrator's key"), ADMIN_KEY)
    console.assert_accessible()
    person.click(console.button("Allow this site"))
    expect(console.dialog.locator(".site-said")).to_contain_text("may chat now")
    tag = console.dialog.locator(".code-sample")
    expect(tag).to_contain_text("data-key=")
    picture(console, "console-site")
    person.click(console.dialog.get_by_role("button", name="Copy", exact=True))
    return tag.inner_text()


def test_five_minutes_without_a_shell(visit, start, upstream, api, site):
    server = start(admin_key=ADMIN_KEY, actions_allow=[api.host])
    upstream.reply(
        ModelReply.function_calls(call("file_search", query="SCR-101 무게")),
        ModelReply.function_calls(call("meilisearch__get_stats", "call_2")),
    )
    upstream.reply_with(cited_answer)
    person = Person()
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    console = ConsolePage(page, server.base_url).open()
    make_project_and_key(console, person)
    make_action(console, person, api)
    make_assistant(console, person)
    tag = allow_site(console, person, site)
    person.edit_own_page()
    visitor = visit(locale="ko-KR")
    visitor.goto(site.show(SITE.format(tag)))
    widget = WidgetPage(visitor)
    person.click(widget.launcher)
    person.type(widget.ready().field, QUESTION)
    assert_accessible(visitor)
    person.enter(widget.field)
    expect(widget.answer).to_contain_text("3kg입니다")
    expect(widget.answer).to_contain_text("상품은 4711개입니다.")
    widget.answer.get_by_role("button", name=re.compile("설치 안내.docx")).first.click()
    expect(widget.answer.locator("blockquote:visible")).to_contain_text("3kg")
    assert_accessible(visitor)
    assert [(one.method, one.target) for one in api.asked] == [("GET", "/stats")]
    assert person.work.seconds + WAITING < MOST_SECONDS, person.work
