"""Nothing that a model writes can affect the page."""

import re

import httpx
import pytest
from playwright.sync_api import expect

from tests.support.pages import needs_libraries
from tests.support.replies import Reply

pytestmark = needs_libraries

ELSEWHERE = "https://evil.example.org"
HOSTILE = {
    "script": "<script>window.harmed = 1</script>",
    "script in a block": "<div>\n<script src='https://evil.example.org/x.js'></script>\n</div>",
    "onerror": "<img src=x onerror='window.harmed = 1'>",
    "image": f"![look]({ELSEWHERE}/seen.png)",
    "raw image": f"<img src='{ELSEWHERE}/seen.png' srcset='{ELSEWHERE}/2x.png 2x'>",
    "image with a quote": f'![a" onerror="window.harmed=1]({ELSEWHERE}/x"onerror=alert)',
    "javascript link": "[click](javascript:window.harmed=1)",
    "disguised link": "[click](JaVa&#x09;Script:window.harmed=1)",
    "data link": "[click](data:text/html,<script>parent.harmed=1</script>)",
    "autolink": "<javascript:window.harmed=1>",
    "vbscript": "[click](vbscript:harmed)",
    "relative link": "[click](/api/v1/files)",
    "style": f"<style>@import '{ELSEWHERE}/x.css'; * {{ display: none }}</style>",
    "style attribute": f"<p style='background:url({ELSEWHERE}/x.png);position:fixed'>x</p>",
    "link element": f"<link rel='stylesheet' href='{ELSEWHERE}/x.css'>",
    "svg": "<svg onload='window.harmed=1'><script>window.harmed=1</script><a href='javascript:1'/>",
    "math": "<math><mtext><table><mglyph><style><img src=x onerror='window.harmed=1'>",
    "iframe": "<iframe srcdoc='<script>parent.harmed=1</script>'></iframe>",
    "object": f"<object data='{ELSEWHERE}/x.swf'></object><embed src='{ELSEWHERE}/x'>",
    "form": f"<form action='{ELSEWHERE}'><input name=key autofocus><button>Go</button></form>",
    "meta": f"<meta http-equiv='refresh' content='0;url={ELSEWHERE}'>",
    "base": f"<base href='{ELSEWHERE}/'>",
    "details": "<details open ontoggle='window.harmed=1'><summary>x</summary></details>",
    "template": "<template><img src=x onerror='window.harmed=1'></template>",
    "clobbering": "<a id='message' name='body' href='https://example.org'>x</a><p id=announcer>y",
    "classes": "<div class='notice source-panel'>Your key is needed</div>",
    "code language": '```html" onmouseover="window.harmed=1\n<b>x</b>\n```',
    "footnote-like": "【0:0†<img src=x onerror=window.harmed=1>】",
    "marks of ours": "\ue0001\ue001 \ue0009\ue001 &#xE000;9&#xE001; &#xE000;c1&#xE001;",
    "formulas": r"$\href{javascript:window.harmed=1}{x}$ $$\htmlStyle{position:fixed}{x}\fbox{x}$$"
    r" \(\includegraphics{https://evil.example.org/seen.png}\) \[\color{red}{x}\]",
}
ATTRIBUTES = {"href", "target", "rel", "class", "title", "align", "start", "lang", "dir"}
# The page's own frames around code blocks and tables.
OWN = {"type", "tabindex", "data-label", "data-text", "aria-label"}
# MathML's.
MATH = {"display", "mathcolor", "xmlns", "notation", "scriptlevel", "displaystyle", "stretchy"}
OWN_CLASSES = (
    "language-",
    "code-",
    "copy-code",
    "table-frame",
    "address",
    "math",
    "plain-",
    "note",
)


@pytest.mark.parametrize("written", HOSTILE.values(), ids=HOSTILE)
def test_hostile_markdown_does_nothing(chat, upstream, written):
    page = chat()
    # Every prefix is drawn as the text grows, and the whole text again after a reload.
    upstream.reply(Reply.text("Before. \n\n", *written, "\n\nStill **here**."))
    page.ask("Harm me")
    page.finished()
    assert_harmless(page)
    page.page.reload()
    page.finished()
    assert_harmless(page)


def assert_harmless(page) -> None:
    expect(page.answer.get_by_text("Before.")).to_be_visible()
    assert page.page.evaluate("window.harmed") is None
    assert page.page.url.startswith(page.base_url)
    inside = page.text.evaluate("""(root) => [...root.querySelectorAll('*')].map((e) =>
        [e.localName, [...e.attributes].map((a) => [a.name, a.value])])""")
    for name, attributes in inside:
        assert name not in {"script", "style", "img", "iframe", "form", "input", "svg", "link"}
        for attribute, value in attributes:
            assert attribute in ATTRIBUTES | OWN | MATH, (name, attribute, value)
            if attribute == "href":
                assert value.startswith(("https://", "http://", "mailto:"))
            if attribute == "class":
                assert value.startswith(OWN_CLASSES)
    for link in page.text.locator("a[href]").all():
        expect(link).to_have_attribute("target", "_blank")
        expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")


def test_images_are_links(chat, upstream):
    page = chat()
    upstream.reply(Reply.text(f"See ![a **map**]({ELSEWHERE}/map.png) and https://example.org."))
    page.ask("Where?")
    page.finished()
    expect(page.text.get_by_role("link").first).to_have_attribute("href", f"{ELSEWHERE}/map.png")
    expect(page.text.get_by_role("link")).to_have_count(2)


def test_a_question_is_text(chat, upstream):
    page = chat()
    page.hear("<img src=x onerror='window.harmed=1'> **not bold**")
    expect(page.questions.last).to_contain_text(
        "<img src=x onerror='window.harmed=1'> **not bold**"
    )
    assert page.page.evaluate("window.harmed") is None


def test_names_and_titles_are_text(chat, http, upstream):
    name = "<img src=x onerror='window.harmed=1'>"
    metadata = {"greeting": f"Hi {name}", "suggestions": name}
    body = {"model": "m", "name": name, "description": name, "metadata": metadata}
    http.post("/assistants", json=body)
    page = chat()
    page.page.get_by_label("Assistant").select_option(name)
    expect(page.page.get_by_role("heading", name=f"Hi {name}")).to_be_visible()
    page.button(name).click()
    page.finished()
    expect(page.answer).to_contain_text(name)
    assert page.page.evaluate("window.harmed") is None


def test_what_models_write_well_is_shown(chat, upstream):
    page = chat()
    markdown = (
        "# Title\n\n1. one\n2. two\n   - deep\n\n| a | b |\n|--:|---|\n| 1 | 2 |\n\n"
        "```python\nprint('<hi>')\n```\n\n> quoted\n\n- [x] done\n- [ ] open\n\n"
        "H<sub>2</sub>O<br>next ~~gone~~ `code` **굵게**\nline two"
    )
    upstream.reply(Reply.text(markdown))
    page.ask("Show me")
    page.finished()
    text = page.text
    expect(text.get_by_role("heading", name="Title")).to_be_visible()
    expect(text.locator("ol > li")).to_have_count(2)
    expect(text.locator("td").first).to_have_css("text-align", "end")
    expect(text.locator("pre code")).to_have_text("print('<hi>')")
    expect(text.locator("sub")).to_have_text("2")
    expect(text.get_by_text("☑ done")).to_be_visible()
    expect(text.locator("strong")).to_have_text("굵게")
    expect(text).to_have_attribute("lang", "ko")


def test_the_pages_policy(server):
    answer = httpx.get(f"{server.base_url}/chat")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src 'self'" in policy
    assert "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "<style" not in answer.text and " style=" not in answer.text
    assert " onclick" not in answer.text and "<script>" not in answer.text


def test_the_content_security_policy_stops_what_gets_past_the_sanitizer(chat, upstream):
    """Markup that got past every other check could neither run nor load anything."""
    page = chat(expected=re.compile("Content Security Policy"))
    page.page.evaluate("""() => {
      const box = document.createElement("div");
      box.innerHTML = "<img src='data:image/png,x' onerror='window.harmed = 1'>"
        + "<img src='https://evil.example.org/x.png'>";
      document.body.append(box);
      const script = document.createElement("script");
      script.textContent = "window.harmed = 2";
      document.body.append(script);
    }""")
    page.hear("Still there?")
    assert page.page.evaluate("window.harmed") is None
