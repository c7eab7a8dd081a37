"""A GPT becomes an assistant: from its JSON in the forms in use, or from what is pasted."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.support.action_documents import weather
from tests.support.pages import needs_libraries

pytestmark = needs_libraries

INSTRUCTIONS = "You are a baker.\nAnswer in Korean."
# An empty file, and a document of Swagger 2.0.
REFUSED = re.compile("status of 400")
STARTERS = ["오늘 무슨 빵이 있나요?", "Is it open?"]


@pytest.fixture
def served(start, api):
    return start(actions_allow=[api.host])


def of_chatgpt(document, instructions=INSTRUCTIONS):
    """What ChatGPT's own pages get, as people save it from the browser."""
    display = {
        "name": "Baker 빵집",
        "description": "Knows all breads",
        "welcome_message": "Hello",
        "prompt_starters": STARTERS,
        "profile_picture_url": "https://files.oaiusercontent.com/file-x",
    }
    oauth = {"type": "oauth", "authorization_url": "https://x"}
    action = {"action_id": "g-1", "domain": "d", "raw_spec": None, "json_schema": document}
    return {
        "gizmo": {"id": "g-1", "instructions": instructions, "display": display, "voice": {}},
        "tools": [
            {"id": "gzm_1", "type": "browser", "settings": None, "metadata": None},
            {"id": "gzm_2", "type": "dalle", "settings": None, "metadata": None},
            {"id": "gzm_3", "type": "plugins_prototype", "metadata": {**action, "auth": oauth}},
        ],
        "files": [
            {"id": "1", "type": "", "file_id": "file-1", "location": "", "name": "breads.md"}
        ],
        "product_features": {"attachments": {"type": "retrieval"}},
    }


def of_a_workspace(document):
    """What the API for workspaces returns."""
    config = {
        "object": "compliance.workspace.gpt.configuration",
        "name": "Baker",
        "conversation_starters": STARTERS,
        "instructions": INSTRUCTIONS,
        "tools": {
            "object": "list",
            "data": [{"type": "code-interpreter"}, {"type": "web-browsing"}],
        },
        "files": {"object": "list", "data": [{"id": "file-1", "name": "breads.md"}]},
    }
    return {"object": "list", "data": [{"id": "g-1", "latest_config": {"data": [config]}}]}


def by_hand(document):
    """Fields side by side, as programs export them."""
    return {
        "title": "Baker",
        "instructions": INSTRUCTIONS,
        "conversation_starters": STARTERS,
        "capabilities": {"web_browsing": True, "code_interpreter": False},
        "actions": [{"schema": json.dumps(document)}],
    }


READ = """async (text) => {
  const { readGpt } = await import("./static/console/views/assistants/gpt.js");
  return readGpt(text);
}"""


def test_the_forms_in_use_are_read(console, served, api):
    page = console(served).page
    document = weather(api.url)
    read = {
        form.__name__: page.evaluate(READ, json.dumps(form(document)))
        for form in (of_chatgpt, of_a_workspace, by_hand)
    }
    read["in a resource"] = page.evaluate(READ, json.dumps({"resource": of_chatgpt(document)}))
    read["twice"] = page.evaluate(READ, json.dumps({"gizmo": of_chatgpt(document), "x": 1}))
    for name, gpt in read.items():
        assert gpt["instructions"] == INSTRUCTIONS, name
        assert gpt["starters"] == STARTERS, name
        assert gpt["name"].startswith("Baker"), name
        assert "gptLeftWeb" in gpt["left"], name
        found = [json.loads(action["document"]) for action in gpt["actions"]]
        assert found == ([] if name == "of_a_workspace" else [document]), name
        assert gpt["files"] == ([] if name == "by_hand" else ["breads.md"]), name
        assert gpt["runsCode"] == (name == "of_a_workspace"), name
    assert read["of_chatgpt"]["greeting"] == "Hello"
    for other in ("", "no JSON", "[]", "7", '{"a": 1}', json.dumps({"gizmo": {"gizmo": None}})):
        assert page.evaluate(READ, other) is None, other


def test_one_is_imported_with_its_actions_and_files(console, served, api, tmp_path):
    page = console(served, "assistants", expected=REFUSED)
    page.button("Import a GPT").click()
    page.view.get_by_label("JSON", exact=True).fill(json.dumps(of_chatgpt(weather(api.url))))
    expect(page.view.get_by_text("2 starters and 1 actions")).to_be_visible()
    expect(page.view.get_by_text("The GPT had these files: breads.md")).to_be_visible()
    page.assert_accessible()
    file = {"name": "breads.md", "mimeType": "text/markdown", "buffer": b"Rye bread costs 3 euros."}
    empty = {"name": "empty.md", "mimeType": "text/markdown", "buffer": b""}
    page.view.locator("input[type=file]").set_input_files([file, empty])
    expect(page.view.get_by_text("The GPT had these files")).to_have_count(0)
    page.button("Import").click()
    report = page.view.locator(".gpt-report")
    expect(report.get_by_role("heading", name="The assistant was made")).to_be_focused()
    for text in ("Weather", "operations: 2", "breads.md", "The secret of", "Search in the web"):
        expect(report).to_contain_text(text)
    page.assert_accessible()
    page.page.screenshot(path=tmp_path / "report.png")
    report.get_by_role("link", name="Open the assistant").click()
    expect(page.heading).to_have_text("Baker 빵집")
    made = served.http.get("/assistants").json()["data"][0]
    assert made["instructions"] == INSTRUCTIONS
    assert made["metadata"] == {"suggestions": "\n".join(STARTERS), "greeting": "Hello"}
    names = [tool.get("function", {}).get("name", tool["type"]) for tool in made["tools"]]
    assert names == ["weather__getForecast", "weather__reportWeather", "file_search"]
    [store] = made["tool_resources"]["file_search"]["vector_store_ids"]
    assert served.http.get(f"/vector_stores/{store}/files").json()["data"]


def test_one_without_a_json_is_pasted(console, served, api):
    page = console(served, "assistants/import", expected=REFUSED)
    page.view.get_by_label("JSON", exact=True).fill("You are a baker")
    expect(page.view.get_by_text("This is not the JSON of a GPT")).to_be_visible()
    page.view.get_by_label("Instructions").fill(INSTRUCTIONS)
    page.view.get_by_label("OpenAPI document of an action").fill('{"swagger": "2.0"}')
    page.button("Import").click()
    expect(page.view.locator(".gpt-report")).to_contain_text("Swagger 2.0")
    assert served.http.get("/assistants").json()["data"][0]["instructions"] == INSTRUCTIONS
