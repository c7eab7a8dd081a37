"""A server-side tool in the code interpreter's place: its calls, its picture and its file."""

import pytest
from playwright.sync_api import expect

from app.tools import TOOLS
from tests.support.callers import ORIGIN
from tests.support.function_calls import call
from tests.support.pages import needs_libraries
from tests.support.pictures import PIXEL
from tests.support.replies import Reply
from tests.support.toy_tool import TYPE, Toy

pytestmark = needs_libraries

PATH = "sandbox:/mnt/data/drawing.png"
CODE = "first draw second"
KEY = "sk-of-a-test"
REPLIES = (
    Reply.function_calls(call(TYPE, "call_1", code=CODE)).in_pieces(3),
    Reply.text(f"Here is [the drawing]({PATH})."),
)


@pytest.fixture(params=["open", "visitor"])
def served(request, start):
    """A server with the tool: an open one, or one with a public chat."""
    settings = {"api_keys": [f"default:{KEY}"], "public_chat": True, "cors_origins": [ORIGIN]}
    body = {"model": "m", "name": "Artist", "tools": [{"type": TYPE}]}
    if request.param == "open":
        server = start(tools=[*TOOLS, Toy])
        return server, server.http.post("/assistants", json=body).json()["id"]
    server = start(tools=[*TOOLS, Toy], **settings)
    headers = {"authorization": f"Bearer {KEY}"}
    found = server.http.post("/assistants", json=body, headers=headers).json()["id"]
    return start(tools=[*TOOLS, Toy], **settings, public_assistants=[found]), found


def test_the_chat_page_shows_all_that_it_made(chat, served, upstream):
    server, assistant_id = served
    page = chat(on=server)
    if page.page.locator("#assistant").is_visible():
        page.page.locator("#assistant").select_option(assistant_id)
    upstream.reply(*REPLIES)
    page.ask("Draw.")
    page.finished()
    shown = page.answer.locator(".call")
    shown.locator("summary").click()
    expect(shown.locator("summary")).to_have_text("Ran code")
    expect(shown.locator("pre").first).to_have_text(CODE)
    for image in (shown, page.answer.locator(".message")):
        expect(image.get_by_role("img")).to_have_js_property("naturalWidth", 1)
    with page.page.expect_download() as download:
        page.answer.locator(".markdown .file-link").click()
    assert download.value.suggested_filename == "drawing.png"
    assert download.value.path().read_bytes() == PIXEL
    page.page.reload()
    expect(page.answer.locator(".message img")).to_have_js_property("naturalWidth", 1)
