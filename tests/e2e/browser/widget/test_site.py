"""The widget and the site that embeds it: attributes, styles, policies, events."""

import re

import pytest
from playwright.sync_api import expect

from app.api.pages import FOLDER
from tests.support.foreign_site import ForeignSite
from tests.support.pages import needs_libraries
from tests.support.server import thread_server
from tests.support.waiting import wait_until
from tests.support.widget_page import WidgetPage, page_with, widget_on

pytestmark = needs_libraries

# A site with aggressive styles, on all elements and inherited.
HOSTILE_CSS = """<style>
  html { font-size: 40px !important; direction: rtl; }
  body { transform: scale(1); filter: grayscale(1); }
  * { font: italic 30px cursive !important; color: red !important; background: lime !important;
      display: inline !important; opacity: 0.5 !important; visibility: hidden !important;
      letter-spacing: 9px !important; text-transform: uppercase !important;
      pointer-events: none !important; position: static !important; z-index: -1 !important;
      --color: red !important; }
  *::before, *::after { content: "x" !important; }
</style>"""
STYLE_OF_ALL = """(root) => [root.host, ...root.querySelectorAll('*')].map((element) => {
  const style = getComputedStyle(element);
  return [element.localName, element.className, ...['color', 'backgroundColor', 'font', 'display',
    'opacity', 'visibility', 'letterSpacing', 'textTransform', 'width', 'height', 'direction',
    'position', 'zIndex', 'pointerEvents'].map((name) => style[name])];
})"""
OWN_STYLE = "JSON.stringify({ ...getComputedStyle(document.querySelector('#own')) })"
LISTENING = """<script>
  window.heard = [];
  for (const name of ['open', 'close', 'message'])
    addEventListener('threadkeeper:' + name, (event) => heard.push([name, event.detail]));
</script>"""


def test_the_page_receives_events(visit, site, server, upstream):
    chat = widget_on(visit(), site, page_with(server, head=LISTENING))
    chat.page.evaluate("""() => {
      window.own = (event) => heard.push(['own', event.detail.role]);
      Threadkeeper.on('message', window.own);
      Threadkeeper.open();
    }""")
    chat.hear("hello")
    chat.page.evaluate("Threadkeeper.off('message', window.own)")
    chat.hear("bye")
    chat.button("Helpful").last.click()
    expect(chat.button("Helpful").last).to_have_attribute("aria-pressed", "true")
    chat.page.evaluate("Threadkeeper.close()")
    expect(chat.dialog).to_be_hidden()
    heard = chat.page.evaluate("heard")
    names = [name for name, _ in heard]
    assert names == ["open", *("message", "own") * 2, "message", "message", "close"]
    reported = [detail for name, detail in heard if name == "message"]
    (thread_id,) = {message.pop("thread_id") for message in reported}
    assert thread_id.startswith("thread_")
    assert reported == [
        {"role": "user", "text": "hello"},
        {"role": "assistant", "text": "Answer to: hello"},
        {"role": "user", "text": "bye"},
        {"role": "assistant", "text": "Answer to: bye"},
    ]


def test_the_sites_styles_and_the_widgets_stay_apart(visit, site, server):
    looks = []
    for head in ("", HOSTILE_CSS):
        html = page_with(server, 'data-greeting="Hello"', head=head)
        chat = widget_on(visit(reduced_motion="reduce"), site, html)
        before = chat.page.evaluate(OWN_STYLE)
        chat.page.evaluate("Threadkeeper.open()")
        chat.ready()
        assert chat.page.evaluate(OWN_STYLE) == before
        root = chat.page.evaluate_handle("document.querySelector('threadkeeper-chat').shadowRoot")
        looks.append((chat.page.evaluate(STYLE_OF_ALL, root), chat.dialog.bounding_box()))
    (plain, its_place), (hostile, other_place) = looks
    assert len(plain) > 10
    for one, other in zip(plain, hostile, strict=True):
        assert one == other
    assert its_place == other_place


def test_a_site_that_is_not_allowed_gets_a_notice(visit, settings, upstream):
    with ForeignSite.serve() as other, thread_server(**settings) as server:
        page = visit(expected=re.compile("CORS|Failed to load resource"))
        chat = widget_on(page, other, page_with(server))
        reported = f"{other.origin} is not among the server's CORS_ORIGINS"
        with page.expect_console_message(lambda said: reported in said.text):
            chat.launcher.click()
        expect(chat.notice).to_contain_text("The chat is not available on this site.")
        expect(chat.button("Try again")).to_be_visible()


def test_visitors_get_a_notice_if_the_chat_is_not_public(visit, site, settings, upstream):
    with thread_server(**settings | {"public_chat": False}) as server:
        page = visit(expected=re.compile("403"))
        chat = widget_on(page, site, page_with(server, lang="ko"))
        chat.launcher.click()
        expect(chat.notice).to_contain_text("지금은 방문자가 채팅을 이용할 수 없습니다.")


def test_an_unreachable_server_is_reported_and_retried(visit, site, settings, upstream):
    with thread_server(**settings) as server:
        page = visit(expected=re.compile("ERR_"))
        chat = widget_on(page, site, page_with(server))
        page.route("**/api/v1/**", lambda route: route.abort())
        page.route(
            "**/static/widget/chat.js",
            lambda route, request: route.abort() if request.method == "HEAD" else route.continue_(),
        )
        chat.launcher.click()
        expect(chat.notice).to_contain_text("The server can't be reached.")
        page.unroute_all()
        chat.button("Try again").click()
        expect(chat.notice).to_be_hidden()
        chat.hear("hello")


def test_the_button_shows_if_files_cant_be_loaded(visit, site, server, upstream):
    page = visit(expected=re.compile("ERR_FAILED|can't be loaded"))
    chat = widget_on(page, site, page_with(server))
    page.route("**/static/widget/panel.js", lambda route: route.abort())
    chat.launcher.click()
    expect(chat.launcher).to_have_text("!")
    page.unroute_all()
    chat.open()
    expect(chat.launcher).to_be_empty()


def test_attributes_set_its_look_and_start(widget):
    chat = widget(
        'data-title="Bread & Co" data-greeting="Fresh &lt;b&gt;bread&lt;/b&gt;!" '
        'data-position="left" data-suggestions="Open today? | Any cake?|" data-color="#FFD400" '
        'data-language="ko"'
    )
    expect(chat.dialog).to_have_accessible_name("Bread & Co")
    expect(chat.answer).to_have_text("Fresh <b>bread</b>!")
    expect(chat.field).to_have_attribute("placeholder", "메시지를 입력하세요")
    # Text on a light colour is dark.
    assert chat.launcher.evaluate("(e) => getComputedStyle(e).color") == "rgb(0, 0, 0)"
    box = chat.launcher.bounding_box()
    assert box and box["x"] < 100
    expect(chat.suggestions).to_have_text(["Open today?", "Any cake?"])
    chat.suggestions.last.click()
    expect(chat.answer).to_have_text("Answer to: Any cake?")


def test_invalid_attributes_are_reported_and_replaced(visit, site, server):
    warned: list[str] = []
    page = visit()
    page.on("console", lambda said: warned.append(said.text) if said.type == "warning" else None)
    wrong = ['data-color="reddish"', 'data-language="fr"', 'data-position="top"']
    chat = widget_on(page, site, page_with(server, " ".join(wrong)))
    assert chat.launcher.evaluate("(e) => getComputedStyle(e).color") == "rgb(255, 255, 255)"
    wait_until(lambda: len(warned) == len(wrong))
    assert [re.findall(r'data-\w+="\w+"', text) for text in sorted(warned)] == [[w] for w in wrong]


def test_it_starts_with_the_assistants_texts(widget):
    korean = widget('data-assistant="asst_bakery"', lang="ko")
    expect(korean.dialog).to_have_accessible_name("Baker")
    expect(korean.answer).to_have_text("어서 오세요!")
    expect(korean.suggestions).to_have_text(["몇 시에 여나요?"])
    english = widget('data-assistant="asst_bakery"')
    expect(english.answer).to_have_text("Welcome!")
    expect(english.suggestions).to_have_text(["Open today?", "Any cake?"])


def test_it_uses_the_pages_language(widget):
    chat = widget(lang="ko-KR", locale="en-US")
    expect(chat.dialog).to_contain_text("무엇을 도와드릴까요?")
    chat.hear("안녕하세요, 오늘 여나요?")
    expect(chat.button("도움이 됐어요")).to_be_visible()
    by_the_browser = widget(lang="", locale="ko-KR")
    expect(by_the_browser.field).to_have_attribute("placeholder", "메시지를 입력하세요")


def test_it_runs_once_and_hides_itself(visit, site, server):
    page = visit(shadow="closed")
    page.goto(site.show("<!doctype html><script></script>"))
    before = set(page.evaluate("Object.getOwnPropertyNames(window)"))
    again = f'<script src="{server.base_url}/widget.js"></script>'
    page.goto(site.show(page_with(server, head=again * 2)))
    page.wait_for_selector("threadkeeper-chat", state="attached")
    names = "Object.getOwnPropertyNames(window)"
    assert {*page.evaluate(names)} - before - {"0"} == {"Threadkeeper"}
    assert page.locator("threadkeeper-chat").count() == 1
    assert page.evaluate("document.querySelector('threadkeeper-chat').shadowRoot") is None


def test_little_is_loaded_before_it_is_opened(visit, site, server):
    page = visit()
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    page.goto(site.show(page_with(server)), wait_until="networkidle")
    expect(WidgetPage(page).launcher).to_be_visible()
    from_server = [url for url in loaded if url.startswith(server.base_url)]
    assert from_server == [f"{server.base_url}/widget.js"]
    assert (FOLDER / "widget/widget.js").stat().st_size < 5000


def test_it_works_under_a_strict_policy_of_the_site(visit, site, server):
    policy = (
        f"default-src 'none'; script-src {server.base_url}; connect-src {server.base_url}; "
        "require-trusted-types-for 'script'; trusted-types dompurify"
    )
    widget_on(visit(), site, page_with(server), policy=policy).open().hear("hello")


def test_it_works_behind_a_prefix(visit, site, settings, upstream):
    with thread_server(**settings | {"root_path": "/openai-api"}) as server:
        html = page_with(f"{server.base_url}/openai-api")
        widget_on(visit(), site, html).open().hear("hello")


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("elsewhere", [True, False])
def test_the_demo_shows_it(visit, site, server, upstream, language, elsewhere):
    """Served by the server under a strict policy, and as a plain site of another origin."""
    address = f"{server.base_url}/widget/demo"
    if elsewhere:
        demo = (FOLDER / "widget/demo.html").read_text("utf-8")
        address = site.show(demo.replace('"../', f'"{server.base_url}/'))
    page = visit()
    page.goto(f"{address}?lang={language}")
    page.locator("#open").click()
    chat = WidgetPage(page).ready()
    chat.suggestions.first.click()
    expect(chat.answer).to_contain_text("Answer to:")
    expect(page.locator("#events li")).to_have_count(3)
    expect(page.locator("#events li").first).to_have_text("open")
