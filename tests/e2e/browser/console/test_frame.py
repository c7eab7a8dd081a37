"""The console's frame: who may enter, navigation, keyboard, languages."""

import re

import pytest
from playwright.sync_api import expect

from app.api.pages import FOLDER
from tests.support.action_documents import weather
from tests.support.pages import needs_libraries

pytestmark = needs_libraries

KEYS = {"shop": "key-of-the-shop-1234567", "bank": "key-of-the-bank-1234567"}
WITH_KEYS = [f"{project}:{key}" for project, key in KEYS.items()]


def assistant(server, name, key=None):
    headers = {"authorization": f"Bearer {key}"} if key else {}
    body = {"model": "m", "name": name}
    answer = server.http.post("/assistants", json=body, headers=headers)
    return answer.raise_for_status().json()["id"]


def rows(page):
    return page.view.locator(".assistant-name")


def test_an_open_server_asks_for_no_key(console, start):
    server = start()
    assistant(server, "Baker")
    page = console(server)
    page.at("assistants")
    expect(rows(page).first).to_have_text("Baker")
    expect(page.page).to_have_title("Assistants – Threadkeeper")
    expect(page.page.locator("#sign-out")).to_be_hidden()


def test_a_key_opens_its_project_alone(console, start):
    server = start(api_keys=WITH_KEYS)
    assistant(server, "Baker", KEYS["shop"])
    assistant(server, "Teller", KEYS["bank"])
    page = console(server, expected=re.compile("status of 401"))
    expect(page.page.get_by_label("API key")).to_be_focused()
    page.page.get_by_label("API key").fill("wrong")
    page.page.keyboard.press("Enter")
    expect(page.page.locator(".problem")).to_contain_text("not valid")
    page.sign_in(KEYS["shop"])
    expect(rows(page).first).to_have_text("Baker")
    expect(page.view.get_by_text("Teller")).to_have_count(0)
    expect(page.page.locator("#signed-in")).to_have_text("Project shop")
    page.page.reload()
    expect(rows(page).first).to_have_text("Baker")
    page.button("Sign out").click()
    expect(page.page.get_by_label("API key")).to_be_visible()
    expect(page.view.get_by_text("Baker")).to_have_count(0)
    assert page.page.evaluate("sessionStorage['threadkeeper.key']") is None
    page.sign_in(KEYS["bank"])
    expect(rows(page).first).to_have_text("Teller")


def test_an_unknown_address_leads_to_the_first_view(console, start):
    page = console(start(), "nowhere/at/all")
    page.at("assistants")
    expect(page.heading).to_have_text("Assistants")


def test_the_language_changes_in_place(console, start):
    page = console(start(), locale="ko-KR")
    expect(page.heading).to_have_text("어시스턴트")
    expect(page.page.locator("#rail a").first).to_have_text("어시스턴트")
    page.page.locator("#toggle-language").click()
    expect(page.heading).to_have_text("Assistants")
    expect(page.page).to_have_title("Assistants – Threadkeeper")


def test_the_keyboard_skips_to_the_heading(console, start):
    page = console(start())
    expect(page.heading).to_be_visible()
    page.page.keyboard.press("Tab")
    expect(page.page.locator("#skip")).to_be_focused()
    page.page.keyboard.press("Enter")
    expect(page.heading).to_be_focused()


def test_a_failure_can_be_tried_again(console, start, visit):
    server = start()
    page = console(server, expected=re.compile("status of 500|ERR_FAILED"))
    expect(page.heading).to_be_visible()
    refused = "**/api/v1/assistants?limit=25*"
    page.page.route(refused, lambda route: route.fulfill(status=500, body="{}"))
    page.page.reload()
    expect(page.view.get_by_role("alert")).to_contain_text("could not be loaded")
    page.page.unroute(refused)
    page.button("Try again").click()
    expect(rows(page).first).to_be_visible()


def test_the_list_is_loaded_page_by_page(console, start):
    server = start()
    for number in range(60):
        assistant(server, f"Helper {number}")
    page = console(server)
    expect(rows(page)).to_have_count(25)
    page.button("Load more").click()
    expect(rows(page)).to_have_count(50)
    page.button("Load more").click()
    expect(rows(page)).to_have_count(61)
    expect(page.button("Load more")).to_have_count(0)


def test_it_is_accessible(console, start, look):
    server = start()
    assistant(server, "Baker 제빵사")
    page = console(server, **look)
    expect(rows(page).first).to_be_visible()
    page.assert_accessible()


def test_the_form_for_the_key_is_accessible(console, start, look):
    page = console(start(api_keys=WITH_KEYS), **look)
    expect(page.page.locator("#key")).to_be_visible()
    page.assert_accessible()


@pytest.mark.parametrize("width", [320, 390, 800, 1280])
def test_nothing_is_wider_than_the_screen(console, start, width):
    server = start()
    assistant(server, "An assistant with a very long name " * 6)
    page = console(server, viewport={"width": width, "height": 700})
    expect(rows(page).first).to_be_visible()
    assert page.page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.page.evaluate("document.querySelector('#view').scrollWidth") <= width


def test_each_view_is_linked_with_its_style():
    page = (FOLDER / "console/index.html").read_text("utf-8")
    linked = set(re.findall(r'href="static/(console/views/[^"]+\.css)"', page))
    there = {path.relative_to(FOLDER).as_posix() for path in FOLDER.glob("console/views/*/*.css")}
    assert linked == there


def test_no_view_shows_anything_of_another_project(console, start):
    """Only the bank has objects: whatever the shop's key opens is as empty as on a new server."""
    server = start(api_keys=WITH_KEYS, default_model="m")
    headers = {"authorization": f"Bearer {KEYS['bank']}"}
    teller = assistant(server, "Teller", KEYS["bank"])
    body = {"name": "vault", "document": weather()}
    action = (
        server.http.post("/actions", json=body, headers=headers).raise_for_status().json()["id"]
    )
    chat = {"message": "secret question", "assistant_id": teller}
    answer = server.http.post("/chat", json=chat, headers=headers).raise_for_status().json()
    page = console(server, expected=re.compile("status of 404"))
    page.sign_in(KEYS["shop"])
    names = [link.get_attribute("href") for link in page.page.locator("#rail a").all()]
    assert len(names) >= 5
    theirs = [f"assistants/{teller}", f"knowledge/{teller}", f"actions/{action}"]
    thread = f"conversations/{answer['thread_id']}"
    for path in [*(name.removeprefix("#/") for name in names if name), *theirs, thread]:
        page.open(path)
        expect(page.view.locator(".state-loading")).to_have_count(0)
        expect(page.view.locator("h1")).not_to_be_empty()
        shown = page.page.locator("#view").inner_text()
        for foreign in ("Teller", "vault", "Weather", "secret question", "Answer to"):
            assert foreign not in shown, path
    for path in [*theirs, thread]:
        page.open(path)
        expect(page.view.get_by_role("alert")).to_contain_text("does not exist")
