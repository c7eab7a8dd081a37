"""Assistants in the console: made, changed as a draft, tried, published, and restored."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.assistants_files import written
from tests.support.pages import needs_libraries
from tests.support.waiting import wait_until

pytestmark = needs_libraries


@pytest.fixture
def served(start):
    return start()


@pytest.fixture
def path(served):
    body = {
        "model": "m",
        "name": "Baker 제빵사",
        "instructions": "Be brief.\nBe kind.",
        "metadata": {"greeting": "Hello", "other": "kept"},
    }
    made = served.http.post("/assistants", json=body).json()
    return f"assistants/{made['id']}"


def picture(page, name):
    if folder := os.environ.get("SCREENSHOTS"):
        page.page.screenshot(path=Path(folder) / f"console-{name}.png")


def status(page):
    return page.page.locator(".draft-status")


def label(page, name):
    return page.view.get_by_label(name, exact=True)


def test_one_is_made(console, served):
    page = console(served)
    page.button("New assistant").click()
    page.at("assistants/new")
    label(page, "Name").fill("Baker")
    label(page, "Model").fill("gpt-4o")
    label(page, "Suggested questions").fill("One?\nTwo?")
    # What was typed is there after a reload.
    page.page.reload()
    expect(label(page, "Name")).to_have_value("Baker")
    page.button("Create").click()
    expect(page.heading).to_have_text("Baker")
    page.at(page.page.url.partition("#/")[2])
    made = served.http.get("/assistants").json()["data"][0]
    assert (made["name"], made["model"]) == ("Baker", "gpt-4o")
    assert made["metadata"] == {"suggestions": "One?\nTwo?"}


def test_the_api_s_error_is_at_its_field(console, served):
    page = console(served, "assistants/new", expected=re.compile("status of 400"))
    label(page, "Name").fill("Baker")
    label(page, "Temperature").or_(label(page, "온도")).fill("7")
    page.button("Create").click()
    field = page.view.locator("[aria-invalid=true]")
    expect(field).to_be_focused()
    expect(page.view.locator(".field-error:not(:empty)")).to_contain_text("temperature")


def test_changes_are_a_draft_until_they_are_published(console, served, path):
    page = console(served, path)
    expect(status(page)).to_contain_text("Published")
    label(page, "Instructions").fill("Be long.\nBe kind.")
    expect(status(page)).to_contain_text("Draft saved")
    assert served.http.get(f"/{path}").json()["instructions"] == "Be brief.\nBe kind."
    page.page.reload()
    expect(label(page, "Instructions")).to_have_value("Be long.\nBe kind.")
    page.button("Publish").click()
    expect(page.notice).to_contain_text("Published")
    expect(status(page)).to_contain_text("Changes are saved as a draft")
    assistant = served.http.get(f"/{path}").json()
    assert assistant["instructions"] == "Be long.\nBe kind."
    assert assistant["metadata"] == {"greeting": "Hello", "other": "kept"}


def test_a_draft_is_discarded(console, served, path):
    page = console(served, path)
    label(page, "Name").fill("Other")
    expect(status(page)).to_contain_text("Draft saved")
    page.button("Discard the draft").click()
    page.dialog.get_by_role("button", name="Discard the draft").click()
    expect(label(page, "Name")).to_have_value("Baker 제빵사")
    assert served.http.get(f"/{path}/draft").json()["revision"] == 0


def test_two_editors_of_one_draft(console, served, path):
    page = console(served, path, expected=re.compile("status of 409"))
    label(page, "Name").fill("Mine")
    expect(status(page)).to_contain_text("Draft saved")
    other = {"model": "m", "name": "Theirs"}
    served.http.put(f"/{path}/draft", json=other).raise_for_status()
    label(page, "Name").fill("Mine again")
    expect(page.page.locator(".draft-bar")).to_contain_text("Somebody else")
    assert served.http.get(f"/{path}/draft").json()["name"] == "Theirs"
    page.button("Keep mine").click()
    expect(status(page)).to_contain_text("Draft saved")
    assert served.http.get(f"/{path}/draft").json()["name"] == "Mine again"


def test_what_was_published_meanwhile_is_not_overwritten_unasked(console, served, path):
    page = console(served, path, expected=re.compile("status of 409"))
    label(page, "Name").fill("Mine")
    expect(status(page)).to_contain_text("Draft saved")
    served.http.post(f"/{path}", json={"name": "A program's"}).raise_for_status()
    page.button("Publish").click()
    expect(page.dialog).to_contain_text("Version 2 was published on")
    page.dialog.get_by_role("button", name="Cancel").click()
    assert served.http.get(f"/{path}").json()["name"] == "A program's"
    page.button("Publish").click()
    page.dialog.get_by_role("button", name="Publish anyway").click()
    expect(page.notice).to_contain_text("Published")
    assert served.http.get(f"/{path}").json()["name"] == "Mine"


def test_an_earlier_version_is_compared_and_restored(console, served, path):
    served.http.post(f"/{path}", json={"instructions": "Be brief.\nShout."})
    page = console(served, path)
    page.button("Versions").click()
    page.dialog.get_by_text("Version 1", exact=True).click()
    expect(page.dialog.locator(".line-removed")).to_contain_text("Be kind.")
    expect(page.dialog.locator(".line-added")).to_contain_text("Shout.")
    picture(page, "versions")
    page.assert_accessible()
    page.dialog.get_by_role("button", name="Restore").click()
    page.page.locator("#question").get_by_role("button", name="Restore").click()
    expect(page.notice).to_contain_text("Version 1 was restored")
    expect(label(page, "Instructions")).to_have_value("Be brief.\nBe kind.")


def test_a_draft_is_tried_before_it_is_published(console, served, path, upstream):
    page = console(served, path)
    label(page, "Instructions").fill("Speak like a pirate.")
    page.button("Try it").click()
    page.page.get_by_label("Your message to try it").fill("Who are you?")
    page.page.keyboard.press("Enter")
    answer = page.page.locator(".trial-answer")
    expect(answer).to_contain_text("Answer to: Who are you?")
    expect(page.page.locator(".trial-turn")).to_have_attribute("aria-busy", "false")
    assert "pirate" in str(upstream.requests[-1])
    (thread,) = served.http.get("/threads").json()["data"]
    assert thread["metadata"] == {"threadkeeper_trial": "true"}
    picture(page, "trial")
    page.assert_accessible()
    page.page.locator(".trial").get_by_role("button", name="Close").click()
    expect(page.page.locator(".trial")).to_have_count(0)
    assert wait_until(lambda: not served.http.get("/threads").json()["data"])


def test_one_is_duplicated_and_deleted(console, served, path):
    page = console(served, path)
    page.button("Duplicate").click()
    expect(page.heading).to_have_text("Baker 제빵사 (copy)")
    page.button("Delete").click()
    page.dialog.get_by_role("button", name="Delete").click()
    page.at("assistants")
    expect(page.view.get_by_text("Baker 제빵사 (copy)")).to_have_count(0)
    expect(page.view.get_by_text("Baker 제빵사")).to_be_visible()


def test_one_is_found(console, served, path):
    page = console(served)
    page.page.get_by_label("Search assistants").fill("제빵")
    expect(page.view.locator(".assistant-name")).to_have_text(["Baker 제빵사"])
    page.page.get_by_label("Search assistants").fill("nobody")
    expect(page.view.get_by_text("Nothing found")).to_be_visible()
    page.page.get_by_label("Search assistants").fill("")
    page.view.get_by_text("Baker 제빵사").click()
    page.at(path)


def test_tools_are_chosen_and_others_kept(console, served, path):
    own = {"type": "function", "function": {"name": "own_program"}}
    served.http.post(f"/{path}", json={"tools": [own]})
    page = console(served, path)
    expect(page.view.get_by_text("own_program")).to_be_visible()
    label(page, "File search").check()
    expect(status(page)).to_contain_text("Draft saved")
    tools = served.http.get(f"/{path}/draft").json()["tools"]
    assert [tool["type"] for tool in tools] == ["function", "file_search"]


def test_a_configured_one_is_shown_and_copied(console, start, tmp_path):
    file = "assistants:\n  - id: asst_one\n    name: One\n    instructions: Be brief.\n"
    server = start(assistants_file=written(tmp_path, file))
    page = console(server, "assistants/asst_one")
    expect(page.view.locator(".configured")).to_contain_text("assistants file")
    expect(label(page, "Instructions")).not_to_be_editable()
    expect(page.button("Publish")).to_have_count(0)
    page.button("Make an editable copy").click()
    expect(page.heading).to_have_text("One (copy)")
    expect(label(page, "Instructions")).to_be_editable()


def test_the_script_tag_for_a_site(console, served, path):
    page = console(served, path)
    page.button("Put it on your site").click()
    expect(page.dialog.locator("code")).to_contain_text(f'data-assistant="{path[11:]}"')
    page.dialog.get_by_text("Without a key in the tag").click()
    expect(page.dialog).to_contain_text("PUBLIC_CHAT=true")
    # Nobody can make a key on a server without any.
    expect(page.dialog).to_contain_text("With ADMIN_KEY in .env")
    expect(page.page.frame_locator(".site-frame").get_by_role("dialog")).to_be_visible()
    page.assert_accessible()


def test_wrong_forms_of_an_origin_are_explained(console, served):
    page = console(served).page
    read = """async (typed) => {
      const { readOrigin } = await import("./static/console/views/assistants/site_origin.js");
      const { origin, note } = readOrigin(typed);
      return [origin, note];
    }"""
    site = "https://www.example.org"
    for typed, expected in {
        site: [site, None],
        "": [None, None],
        f" {site}/shop?x=1#y ": [site, "originChanged"],
        f"{site}/": [site, "originChanged"],
        "HTTPS://WWW.Example.org:443": [site, "originChanged"],
        "www.example.org": [site, "originScheme"],
        "한글.kr": ["https://xn--bj0bj06e.kr", "originScheme"],
        "http://www.example.org": ["http://www.example.org", "originInsecure"],
        "http://localhost:3000": ["http://localhost:3000", None],
        "https://*.example.org": [None, "originWildcard"],
        "*": [None, "originWildcard"],
        "file:///C:/index.html": [None, "originFile"],
        "null": [None, "originFile"],
        "my site": [None, "originInvalid"],
        "example": [None, "originInvalid"],
        "ftp://example.org": [None, "originInvalid"],
    }.items():
        assert page.evaluate(read, typed) == expected, typed


def test_the_form_is_accessible(console, served, path, look):
    page = console(served, path, **look)
    expect(page.page.locator(".assistant-form")).to_be_visible()
    picture(page, f"form-{look['locale']}-{look['color_scheme']}")
    page.assert_accessible()
    width = look["viewport"]["width"]
    assert page.page.evaluate("document.querySelector('#view').scrollWidth") <= width
