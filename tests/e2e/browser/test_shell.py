"""The shell modules in a page other than the chat page: an operator's, defined here."""

import re

import pytest
from playwright.sync_api import expect

from app.api.pages import FOLDER
from tests.support.pages import needs_libraries

pytestmark = needs_libraries

KEY = "sk-of-the-operator"
PAGE = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>Operator</title>
  <link rel="icon" href="static/shell/icon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="static/shell/theme.css">
  <link rel="stylesheet" href="static/shell/sign_in.css">
  <link rel="stylesheet" href="static/shell/dialogs.css">
  <script src="static/shell/early.js"></script>
  <script type="module" src="operator.js"></script>
</head>
<body>
  <h1 data-text="title"></h1>
  <svg class="icon" data-icon="gauge" viewBox="0 0 24 24" aria-hidden="true"></svg>
  <button type="button" id="toggle-theme" class="icon-button" data-label="dark"></button>
  <button type="button" id="toggle-language" data-label="otherLanguage">
    <span data-text="otherLanguageShort"></span></button>
  <button type="button" id="wipe" data-text="wipe"></button>
  <p id="assistants"></p>
  <section id="sign-in" class="sign-in" hidden></section>
  <dialog id="question" class="question" aria-labelledby="question-title"></dialog>
  <div id="announcer" class="for-readers" role="status" aria-live="polite"></div>
  <div id="notice" class="notice" role="alert" hidden></div>
</body>
</html>"""
SCRIPT = """
import { Door } from "./static/shell/access.js";
import { confirm } from "./static/shell/dialogs.js";
import { byId } from "./static/shell/dom.js";
import { addIcons, drawIcons } from "./static/shell/icons.js";
import { notify } from "./static/shell/notices.js";
import { offerPreferences } from "./static/shell/preferences.js";
import { askForKey } from "./static/shell/sign_in.js";
import { useTexts } from "./static/shell/speech.js";

addIcons({ gauge: "M4 16a8 8 0 0 1 16 0M12 16l4-5" });
drawIcons();
useTexts({
  en: { title: "Operation", wipe: "Wipe", sure: "Wipe {what}?", wiped: "{what} is gone." },
  ko: { title: "운영", wipe: "비우기", sure: "{what} 비우기", wiped: "{what} 비웠습니다." },
});
offerPreferences();
byId("wipe").addEventListener("click", async () => {
  const values = { what: "42" };
  if (await confirm({ title: "title", text: "sure", yes: "wipe", values })) notify("wiped", values);
});
const door = new Door({
  base: new URL("api/v1/", document.baseURI),
  load: async (client) => (await client.get("assistants")).data,
  onRefused: () => {},
});
let access = await door.enter();
while (!access) {
  await askForKey((key) => door.takeKey(key), { refused: door.hasKey });
  access = await door.enter();
}
byId("assistants").textContent = `${access.kind}: ${access.loaded.length}`;
"""


@pytest.fixture
def operator(visit, start):
    """Open the operator's page of a server with a public chat; list its requests."""
    server = start(api_keys=[f"default:{KEY}"], public_chat=True)
    policy = {"content-security-policy": policy_of(server)}

    def open_page(**options):
        page = visit(**options)
        called = []
        page.on("request", lambda request: called.append(request.url))
        html = {"content_type": "text/html", "headers": policy}
        page.route("**/operator", lambda route: route.fulfill(body=PAGE, **html))
        script = {"content_type": "text/javascript"}
        page.route("**/operator.js", lambda route: route.fulfill(body=SCRIPT, **script))
        return page, server.base_url, called

    return open_page


def policy_of(server) -> str:
    response = server.http.get(f"{server.base_url}/chat")
    policy: str = response.headers["content-security-policy"]
    return policy


def test_an_operator_s_page_gets_no_visitors_session(operator):
    page, base, called = operator(expected=re.compile("status of 401"))
    # First as a visitor of the chat page, whose session this browser stores.
    page.goto(f"{base}/chat")
    expect(page.locator("#message")).to_be_visible()
    assert page.evaluate("localStorage['threadkeeper.session']")
    called.clear()
    page.goto(f"{base}/operator")
    expect(page.get_by_role("heading", name="Sign in with your key")).to_be_visible()
    expect(page.locator(".sign-in button")).to_have_count(1)
    page.get_by_label("API key").fill("sk-wrong")
    page.keyboard.press("Enter")
    expect(page.locator(".problem")).to_contain_text("not valid")
    page.get_by_label("API key").fill(KEY)
    page.keyboard.press("Enter")
    expect(page.locator("#assistants")).to_have_text(re.compile(r"key: \d"))
    assert not [url for url in called if "sessions" in url or "/static/chat/" in url]
    page.reload()
    expect(page.locator("#assistants")).to_have_text(re.compile(r"key: \d"))


def test_a_page_adds_its_texts_and_icons(operator):
    page, base, _ = operator(locale="ko-KR")
    page.goto(f"{base}/operator")
    expect(page.locator("h1")).to_have_text("운영")
    expect(page.get_by_role("heading", name="키로 로그인")).to_be_visible()
    expect(page.locator("svg[data-icon=gauge] path")).to_have_count(1)
    page.get_by_label("API 키").fill(KEY)
    page.keyboard.press("Enter")
    expect(page.locator("#assistants")).to_have_text(re.compile(r"key: \d"))
    page.locator("#toggle-language").click()
    expect(page.locator("h1")).to_have_text("Operation")
    page.locator("#toggle-theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.locator("#wipe").click()
    page.get_by_role("dialog").get_by_role("button", name="Wipe").click()
    expect(page.get_by_role("alert")).to_have_text("42 is gone.")


def test_a_notice_is_in_front_of_an_open_dialog(operator):
    page, base, _ = operator()
    page.goto(f"{base}/operator")
    page.get_by_label("API key").fill(KEY)
    page.keyboard.press("Enter")
    expect(page.locator("#assistants")).to_have_text(re.compile(r"key: \d"))
    page.locator("#wipe").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    said = "import('./static/shell/notices.js').then(({ notify }) => notify('wiped', {what: 42}))"
    page.evaluate(said)
    # What is behind the dialog can't be hit, nor do screen readers read it.
    expect(page.get_by_role("dialog").get_by_role("alert")).to_have_text("42 is gone.")
    in_front = """notice => {
        const { x, y, width, height } = notice.getBoundingClientRect();
        return document.elementFromPoint(x + width / 2, y + height / 2) === notice;
    }"""
    assert page.locator("#notice").evaluate(in_front)
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(page.locator("body > #notice")).to_have_text("42 is gone.")
    expect(page.locator("#notice")).to_be_visible()


def test_the_shell_s_styles_apply():
    names = re.findall(r'static/(shell/[\w.]+)"', PAGE)
    assert names and all((FOLDER / name).is_file() for name in names)
