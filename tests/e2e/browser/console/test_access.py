"""The console's access: projects, keys that are shown once, and origins."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.administration import ADMIN_KEY
from tests.support.callers import callers
from tests.support.pages import needs_libraries

pytestmark = needs_libraries

SHOP = "key-of-the-shop-1234567"
SITE = "https://www.example.org"


@pytest.fixture
def call_as():
    with callers() as make:
        yield make


@pytest.fixture
def server(start):
    return start(
        api_keys=[f"shop:{SHOP}"], admin_key=ADMIN_KEY, cors_origins=["https://own.example"]
    )


@pytest.fixture
def admin(console, server, call_as):
    # What the forms refuse, the server has refused.
    expected = re.compile("status of 40[04]")
    allowed = ["clipboard-read", "clipboard-write"]
    page = console(server, expected=expected, permissions=allowed)
    page.sign_in(ADMIN_KEY)
    return page


@pytest.fixture
def http(server, call_as):
    return call_as(server, ADMIN_KEY).http


def project(http, name: str = "cafe", **limits) -> None:
    http.post("/admin/projects", json={"name": name, **limits}).raise_for_status()


def key(http, **limits) -> dict:
    body = {"name": "Web shop", **limits}
    made: dict = http.post("/admin/projects/cafe/keys", json=body).raise_for_status().json()
    return made


def rows(page):
    return page.view.locator(".key-row")


def test_a_project_and_a_key_are_made(admin, server, call_as, http):
    admin.at("access")
    expect(admin.view.locator(".access-row", has_text="shop")).to_contain_text("From .env")
    admin.button("New project").click()
    admin.dialog.get_by_label("Name").fill("a b")
    admin.button("Create project").click()
    expect(admin.dialog.locator(".field-error").first).to_contain_text("Invalid 'name'")
    admin.dialog.get_by_label("Name").fill("cafe")
    admin.dialog.get_by_label("Tokens a day").fill("5000")
    admin.button("Create project").click()
    admin.at("access/cafe")
    expect(admin.heading).to_have_text("cafe")
    admin.button("New key").click()
    admin.dialog.get_by_label("What it is for").fill("Kiosk")
    admin.dialog.get_by_label("What it may do").select_option("read")
    admin.dialog.get_by_label("Requests").fill("60/minute")
    admin.button("Make key").click()
    shown = admin.dialog.get_by_label("New key")
    expect(shown).to_have_value(re.compile("^tk-"))
    value = shown.input_value()
    admin.button("Copy the key").click()
    assert admin.page.evaluate("navigator.clipboard.readText()") == value
    admin.dialog.get_by_role("button", name="Close").click()
    # It is nowhere on the page any more, nor in what the server shows.
    expect(rows(admin)).to_have_count(1)
    assert value not in admin.page.content()
    expect(rows(admin)).to_contain_text(f"tk-…{value[-4:]}")
    expect(rows(admin)).to_contain_text("Only read")
    expect(rows(admin)).to_contain_text("Never used")
    me = call_as(server, value).http.get("/me").json()
    assert (me["project"], me["scope"]) == ("cafe", "read")
    assert http.get("/admin/projects/cafe").json()["token_budget"] == 5000


def test_a_key_is_limited_rotated_revoked_and_removed(admin, server, call_as, http):
    project(http)
    old = key(http)
    admin.open("access/cafe")
    rows(admin).get_by_role("button", name="Limits").click()
    admin.dialog.get_by_label("Pages that may use it").fill("https://a.example/path")
    admin.button("Save").click()
    expect(admin.dialog.locator(".field-error", has_text="Invalid 'origins'")).to_be_visible()
    admin.dialog.get_by_label("Pages that may use it").fill(f"{SITE}\nhttps://shop.example")
    admin.dialog.get_by_label("Tokens a day").fill("700")
    admin.button("Save").click()
    expect(rows(admin)).to_contain_text("0 of 700 tokens today")
    expect(rows(admin)).to_contain_text(SITE)
    rows(admin).get_by_role("button", name="Rotate").click()
    admin.dialog.get_by_role("button", name="Rotate").click()
    value = admin.dialog.get_by_label("New key").input_value()
    admin.dialog.get_by_role("button", name="Close").click()
    expect(rows(admin)).to_have_count(2)
    for one in (old["value"], value):
        assert call_as(server, one, origin=SITE).http.get("/threads").is_success
    rows(admin).last.get_by_role("button", name="Revoke").click()
    admin.dialog.get_by_role("button", name="Revoke").click()
    expect(rows(admin).last).to_contain_text("Revoked")
    assert call_as(server, old["value"], origin=SITE).http.get("/threads").status_code == 401
    assert call_as(server, value, origin=SITE).http.get("/threads").is_success
    rows(admin).last.get_by_role("button", name="Remove").click()
    expect(rows(admin)).to_have_count(1)


def test_a_project_is_archived_and_restored(admin, server, call_as, http):
    project(http)
    caller = call_as(server, key(http)["value"])
    admin.open("access/cafe")
    admin.button("Archive").click()
    admin.dialog.get_by_role("button", name="Archive").click()
    expect(admin.button("New key")).to_have_count(0)
    assert caller.http.get("/threads").status_code == 401
    admin.button("Restore").click()
    expect(admin.button("New key")).to_be_visible()
    assert caller.http.get("/threads").is_success


def test_what_the_settings_say_can_not_be_changed(admin):
    admin.open("access/shop")
    expect(admin.view).to_contain_text("Keys in .env: 1")
    for name in ("Archive", "Limits"):
        expect(admin.button(name)).to_have_count(0)
    admin.open("access/none")
    expect(admin.view.get_by_role("alert")).to_contain_text("does not exist")


def test_origins_are_added_and_removed(admin, server, call_as):
    page = call_as(server, origin=SITE)
    section = admin.view.locator(".view-section")
    expect(section.locator(".access-row")).to_contain_text("From .env")
    section.get_by_role("button", name="Add origin").click()
    admin.dialog.get_by_label("Origin").fill(SITE)
    admin.dialog.get_by_role("button", name="Add origin").click()
    expect(section.locator(".access-row")).to_have_count(2)
    assert page.http.get("/access").headers["access-control-allow-origin"] == SITE
    section.get_by_role("button", name="Remove").click()
    admin.dialog.get_by_role("button", name="Remove").click()
    expect(section.locator(".access-row")).to_have_count(1)
    assert "access-control-allow-origin" not in page.http.get("/access").headers


def test_a_projects_key_may_not_see_it(console, server):
    page = console(server, "access")
    page.sign_in(SHOP)
    expect(page.view).to_contain_text("needs the server")
    expect(page.page.locator("#rail a[href='#/access']")).to_have_count(0)


def test_it_is_accessible_and_fits(console, server, http, look, request, tmp_path):
    project(http, token_budget=200000)
    key(http, scope="chat", origins=[SITE], rate="60/minute", token_budget=5000)
    revoked = key(http, name="매장 입구 키오스크 " * 4)
    http.post(f"/admin/keys/{revoked['id']}", json={"revoked": True}).raise_for_status()
    page = console(server, **look)
    page.sign_in(ADMIN_KEY)
    places = {"overview": "access", "project": "access/cafe"}
    for name, place in places.items():
        page.open(place)
        expect(page.view.locator(".rows").first).to_be_visible()
        page.assert_accessible()
        width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.page.evaluate(width) <= 0
        page.page.screenshot(path=tmp_path / f"{name}.png")
    page.view.locator(".view-actions .primary").click()
    expect(page.dialog).to_be_visible()
    page.assert_accessible()
    page.page.screenshot(path=tmp_path / "form.png")
