"""Notifications in the console: targets are added, tried, paused and deleted; failures are seen."""

import re

import pytest
from playwright.sync_api import expect
from standardwebhooks import Webhook

from tests.support.called_api import CalledApi, Reply
from tests.support.pages import needs_libraries

pytestmark = needs_libraries


@pytest.fixture
def hook():
    with CalledApi.serve() as api:
        yield api


def wide(page) -> int:
    width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    found: int = page.page.evaluate(width)
    return found


def test_a_webhook_is_added_tried_paused_and_deleted(start, console, hook):
    server = start(actions_allow=[hook.host])
    allowed = ["clipboard-read", "clipboard-write"]
    page = console(server, "handovers", permissions=allowed, expected=re.compile("status of 400"))
    page.button("Notifications").click()
    page.at("notifications")
    expect(page.view.get_by_text("Nobody is notified yet")).to_be_visible()
    page.button("Add a target").click()
    # This server has no mail server, and the form says what is missing.
    expect(page.dialog).to_contain_text("SMTP_HOST")
    expect(page.dialog.locator("option[value=email]")).to_be_disabled()
    page.dialog.get_by_label("Address of the webhook").fill("http://shop.example.com/")
    page.dialog.get_by_label("A waiting visitor writes again").uncheck()
    page.dialog.get_by_role("button", name="Add a target").click()
    refused = page.dialog.locator(".field-error", has_text="Invalid 'address'")
    expect(refused).to_be_visible()
    page.assert_accessible()
    page.dialog.get_by_label("Address of the webhook").fill(f"{hook.url}/hook")
    page.dialog.get_by_role("button", name="Add a target").click()
    secret = page.dialog.get_by_label("Signing secret").input_value()
    page.button("Copy the secret").click()
    expect(page.dialog.get_by_role("alert")).to_have_text("Copied")
    assert page.page.evaluate("navigator.clipboard.readText()") == secret
    page.dialog.get_by_role("button", name="Close").click()
    target = page.view.locator(".notification-target")
    expect(target).to_contain_text("A visitor asks for a person")
    expect(target).not_to_contain_text("A waiting visitor writes again")
    assert secret not in page.page.content()
    # A failure is shown with its reason, and sent again at once.
    hook.replies["/hook"] = Reply(500, b"no")
    page.button("Send a test").click()
    sent = page.view.locator(".notification-delivery")
    expect(sent).to_contain_text("HTTP 500 Internal Server Error")
    expect(sent).to_contain_text("Next attempt:")
    del hook.replies["/hook"]
    sent.get_by_role("button", name="Try now").click()
    expect(sent.get_by_text("Delivered")).to_be_visible()
    assert Webhook(secret).verify(hook.asked[-1].body, hook.asked[-1].headers)
    page.button("Pause").click()
    expect(target.get_by_text("Paused")).to_be_visible()
    expect(page.button("Send a test")).to_have_count(0)
    page.button(f"Delete {hook.url}/hook").click()
    page.dialog.get_by_role("button", name="Delete").click()
    expect(page.view.get_by_text("Nobody is notified yet")).to_be_visible()
    assert server.http.get("/notification_targets").json()["data"] == []


def test_it_is_accessible_and_fits(start, console, look, tmp_path):
    server = start(smtp_host="localhost", smtp_from="no-reply@example.org", smtp_port=1)
    for body in (
        {"type": "email", "address": "owner@example.org", "language": "ko"},
        {"type": "webhook", "address": "https://127.0.0.1:1/" + "a-long-address/" * 8},
    ):
        made = server.http.post("/notification_targets", json=body).raise_for_status().json()
        server.http.post(f"/notification_targets/{made['id']}/test").raise_for_status()
    page = console(server, "notifications", **look)
    expect(page.view.locator(".notification-error")).to_have_count(2)
    page.assert_accessible()
    assert wide(page) <= 0
    page.page.screenshot(path=tmp_path / "notifications.png", full_page=True)
    page.view.locator(".view-actions .primary").click()
    page.dialog.locator("select").first.select_option("email")
    expect(page.dialog.locator("input[type=email]")).to_be_visible()
    page.assert_accessible()
    page.page.screenshot(path=tmp_path / "form.png")
