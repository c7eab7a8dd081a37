"""A site that has nothing but the console: its key, its secret, and two browsers of one person."""

import time

import jwt
from playwright.sync_api import expect

from tests.support.administration import ADMIN_KEY
from tests.support.console_page import ConsolePage
from tests.support.pages import needs_libraries
from tests.support.widget_page import page_with, widget_on

pytestmark = needs_libraries


def test_a_persons_conversation_follows_him_with_a_sites_key(visit, site, start, upstream):
    server = start(admin_key=ADMIN_KEY)

    def made(path: str, key: str, body: dict) -> dict:
        headers = {"authorization": f"Bearer {key}"}
        return server.http.post(path, json=body, headers=headers).raise_for_status().json()

    made("/admin/projects", ADMIN_KEY, {"name": "bakery"})
    keys = "/admin/projects/bakery/keys"
    owner = made(keys, ADMIN_KEY, {"name": "Owner"})["value"]
    for_site = {"name": "Site", "scope": "chat", "origins": [site.origin]}
    key = made(keys, ADMIN_KEY, for_site)["value"]
    assistant = made("/assistants", owner, {"model": "m", "name": "Baker"})["id"]
    secret = secret_from_console(visit(), server, owner, assistant)

    def browser(subject: str):
        token = jwt.encode({"sub": subject, "exp": int(time.time()) + 600}, secret, "HS256")
        tag = f'data-assistant="{assistant}" data-key="{key}" data-user="{token}"'
        return widget_on(visit(), site, page_with(server, tag)).open()

    browser("ann").hear("from my phone")
    expect(browser("ann").questions).to_have_text(["You: from my phone"])
    expect(browser("bea").questions).to_have_count(0)


def secret_from_console(page, server, key: str, assistant: str) -> str:
    """Make a secret as a person does who has a key of the project, and nothing else."""
    console = ConsolePage(page, server.base_url).open()
    console.sign_in(key)
    console.open(f"assistants/{assistant}")
    console.button("Put it on your site").click()
    dialog = console.dialog
    dialog.get_by_text("Signed-in visitors", exact=True).click()
    dialog.get_by_role("button", name="Make a secret").click()
    made = dialog.get_by_label("New secret")
    expect(made).to_be_focused()
    secret = made.input_value()
    shown = dialog.get_by_role("list", name="Secrets")
    expect(shown).to_contain_text(f"tks-…{secret[-4:]}")
    dialog.get_by_label("Language of the example").select_option("Python")
    expect(dialog.get_by_label("Example", exact=True)).to_contain_text("import base64")
    console.assert_accessible()
    return secret
