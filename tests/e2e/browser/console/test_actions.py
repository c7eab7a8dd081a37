"""Actions in the console: made of real documents, limited, called on trial, chosen as tools."""

import json
import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.action_documents import meilisearch, weather
from tests.support.called_api import Reply
from tests.support.function_calls import call
from tests.support.pages import needs_libraries
from tests.support.replies import Reply as ModelReply

pytestmark = needs_libraries

SECRET = "sk-of-the-called-api"


@pytest.fixture
def served(start, api):
    return start(actions_allow=[api.host])


def made(on, **body):
    return on.http.post("/actions", json=body).raise_for_status().json()


def label(page, name):
    return page.view.get_by_label(name, exact=True)


def test_one_is_made_of_a_pasted_document_and_called(console, served, api):
    page = console(served, "actions")
    page.button("New action").click()
    label(page, "Document").fill(json.dumps(meilisearch()))
    expect(label(page, "Short name")).to_have_value("meilisearch")
    label(page, "Server").fill(api.url)
    label(page, "Type").select_option("bearer")
    label(page, "Secret").fill(SECRET)
    page.button("Create").click()
    expect(page.heading).to_have_text("meilisearch")
    assert SECRET not in page.page.content()
    expect(label(page, "Secret")).to_have_value("")
    expect(page.view.get_by_role("status").filter(has_text="113 of 113")).to_be_visible()
    page.button("Choose none").click()
    page.view.get_by_label("Find an operation").fill("get_health")
    page.view.get_by_role("checkbox", name="get_health").check()
    page.button("Save").click()
    expect(page.view.get_by_role("status").filter(has_text="1 of 113")).to_be_visible()
    # Saved, the only one that can be called.
    expect(page.view.locator(".action-trial option")).to_have_text(["get_health"])
    api.authorization = f"Bearer {SECRET}"
    api.replies["/health"] = Reply.json({"status": "available"})
    page.button("Call").click()
    expect(page.view.locator(".call-result")).to_contain_text('{"status": "available"}')
    expect(page.view.locator(".call-result")).to_contain_text("HTTP 200")


def test_a_secret_is_replaced_and_the_server_with_it(console, served, api):
    action = made(
        served,
        name="weather",
        document=weather(api.url),
        auth={"type": "api_key", "in": "bearer", "secret": SECRET},
    )
    page = console(served, f"actions/{action['id']}", expected=re.compile("status of 400"))
    label(page, "Server").fill(f"http://localhost:{api.url.rpartition(':')[2]}")
    page.button("Save").click()
    expect(page.view.locator(".field-error:not(:empty)")).to_be_visible()
    label(page, "Server").fill("")
    label(page, "Secret").fill("another")
    page.button("Save").click()
    expect(page.notice).to_contain_text("saved")
    api.authorization = "Bearer another"
    label(page, "Arguments").fill("{")
    page.button("Call").click()
    expect(label(page, "Arguments")).to_be_focused()
    label(page, "Arguments").fill('{"city": "서울"}')
    page.button("Call").click()
    expect(page.view.locator(".call-result")).to_contain_text("HTTP 200")
    assert api.asked[-1].headers["authorization"] == "Bearer another"


def test_its_operations_are_tools_and_ask_in_the_trial(console, served, api, upstream):
    action = made(served, name="weather", document=weather(api.url))
    baker = served.http.post("/assistants", json={"model": "m", "name": "Baker"}).json()["id"]
    page = console(served, f"assistants/{baker}", expected=re.compile("status of 400"))
    label(page, "Weather").check()
    expect(page.page.locator(".draft-status")).to_contain_text("Draft saved")
    page.view.get_by_text("2 of 2 operations").click()
    page.view.get_by_role("checkbox", name="getForecast").uncheck()
    expect(page.view.get_by_text("1 of 2 operations")).to_be_visible()
    expect(page.page.locator(".draft-status")).to_contain_text("Draft saved")
    [tool] = served.http.get(f"/assistants/{baker}/draft").json()["tools"]
    assert tool["function"]["name"] == "weather__reportWeather"
    upstream.reply(
        ModelReply.function_calls(
            call("weather__reportWeather", city="Ulm", body={"text": "Rain"})
        ),
        ModelReply.text("Reported."),
    )
    page.button("Try it").click()
    page.page.get_by_label("Your message to try it").fill("It rains.")
    page.page.keyboard.press("Enter")
    asked = page.page.locator(".trial .approval")
    expect(asked).to_contain_text("reportWeather")
    page.assert_accessible()
    assert not api.asked
    asked.get_by_role("button", name="Allow", exact=True).click()
    expect(page.page.locator(".trial-answer")).to_contain_text("Reported.")
    assert [one.method for one in api.asked] == ["POST"]
    # In use, also by a draft, it is not deleted.
    page.open(f"actions/{action['id']}")
    page.button("Delete").click()
    page.dialog.get_by_role("button", name="Delete").click()
    expect(page.notice).to_contain_text("in use by 'Baker'")
    served.http.delete(f"/assistants/{baker}").raise_for_status()
    page.button("Delete").click()
    page.dialog.get_by_role("button", name="Delete").click()
    page.at("actions")
    expect(page.view).to_contain_text("No actions yet")


def test_it_is_accessible_and_fits(console, served, api, look, tmp_path):
    action = made(
        served,
        name="search",
        document=meilisearch(),
        server=api.url,
        auth={"type": "oauth", "token_url": f"{api.url}/token", "client_id": "c", "secret": "s"},
    )
    page = console(served, **look)
    for name in ("actions", "actions/new", f"actions/{action['id']}"):
        page.open(name)
        expect(page.view.locator(".form-end, .action-row").first).to_be_visible()
        page.assert_accessible()
        width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.page.evaluate(width) <= 0
        kind = name.removeprefix("actions").strip("/").partition("_")[0] or "list"
        shown = f"console-actions-{kind}-{look['locale'][:2]}-{look['color_scheme']}.png"
        page.page.screenshot(path=Path(os.environ.get("SCREENSHOTS", tmp_path)) / shown)
