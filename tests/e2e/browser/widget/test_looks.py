"""The widget in the site's colours, with its logo and its opening hours."""

import json
import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.support.pages import needs_libraries
from tests.support.server import thread_server
from tests.support.waiting import wait_until
from tests.support.widget_page import WidgetPage, page_with, widget_on

pytestmark = needs_libraries

PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJ"
    "RU5ErkJggg=="
)
HOURS = "Mo-Fr 09:00-18:00, Sa 10:00-13:00; Asia/Seoul"
# Monday, 30 November 2026, at nine in Seoul: Sunday evening in New York.
MONDAY_MORNING = "2026-11-30T00:00:00Z"
SUNDAY = "2026-11-29T03:00:00Z"
SPOKEN = """(root) => {
  const of = (selector, name) => getComputedStyle(root.querySelector(selector))[name];
  return { color: of('.dialog', 'color'), background: of('.dialog', 'backgroundColor'),
           radius: of('.dialog', 'borderRadius'), font: of('.dialog', 'fontFamily'),
           header: of('header', 'backgroundColor'), title: of('header', 'color') };
}"""
ASSISTANT = """
assistants:
  - id: asst_shop
    name: Shop
    instructions: Sell.
    metadata:
      greeting: Welcome!
      closed_greeting: We are asleep.
      closed_greeting_ko: 지금은 쉬는 시간이에요.
      color: "#8a3b12"
      theme: "background: #fff7e6; radius: 6px; font: Georgia, serif"
      hours: "Mo-Fr 09:00-18:00, Sa 10:00-13:00; Asia/Seoul"
      logo: "{logo}"
      secret: not for visitors
"""


def looks_of(chat: WidgetPage) -> dict[str, str]:
    root = chat.page.evaluate_handle("document.querySelector('threadkeeper-chat').shadowRoot")
    looks: dict[str, str] = chat.page.evaluate(SPOKEN, root)
    return looks


def assert_accessible(page: Page) -> None:
    results = Axe().run(page)
    assert not results.response["violations"], results.generate_report()


@pytest.fixture
def warnings_of():
    def listen(page: Page) -> list[str]:
        said: list[str] = []
        page.on("console", lambda one: said.append(one.text) if one.type == "warning" else None)
        return said

    return listen


@pytest.fixture
def shop(visit, site, settings, upstream, tmp_path):
    """Open the widget of a server whose assistant has looks and hours, at a given moment."""
    (tmp_path / "assistants.yaml").write_text(ASSISTANT.replace("{logo}", PIXEL), "utf-8")
    changed = {
        "assistants_file": str(tmp_path / "assistants.yaml"),
        "database_url": f"sqlite:///{tmp_path}/shop.db",
        "public_assistants": ["asst_shop"],
    }
    with thread_server(**settings | changed) as server:

        def open_shop(
            attributes: str = "", at: str = MONDAY_MORNING, lang: str = "en", **options: Any
        ) -> WidgetPage:
            page = visit(**options)
            page.clock.set_fixed_time(at)
            return widget_on(page, site, page_with(server, attributes, lang=lang)).open()

        yield open_shop


def test_the_assistants_metadata_sets_the_looks(shop):
    chat = shop()
    looks = looks_of(chat)
    assert looks["background"] == "rgb(255, 247, 230)"
    assert looks["radius"] == "6px"
    assert looks["font"].startswith("Georgia") or looks["font"].startswith('"Georgia"')
    assert (looks["header"], looks["title"]) == ("rgb(138, 59, 18)", "rgb(255, 255, 255)")
    expect(chat.dialog.locator("header img")).to_have_attribute("src", PIXEL)
    assert_accessible(chat.page)
    # On the next page the button has the colour at once.
    chat.page.reload()
    color = "(e) => getComputedStyle(e).backgroundColor"
    assert chat.launcher.evaluate(color) == "rgb(138, 59, 18)"


def test_the_sites_attributes_come_first(shop):
    chat = shop(
        'data-color="#ffd400" data-theme="scheme: dark; dark-background: #101418; radius: 0" '
        'data-hours="Mo 00:00-00:30; UTC" data-greeting="Hi" data-closed-greeting="Closed" '
        'data-logo="/logo.svg"',
        at=SUNDAY,
    )
    looks = looks_of(chat)
    assert (looks["background"], looks["radius"]) == ("rgb(16, 20, 24)", "0px")
    assert (looks["header"], looks["title"]) == ("rgb(255, 212, 0)", "rgb(0, 0, 0)")
    expect(chat.answer).to_have_text("Closed")
    assert_accessible(chat.page)


@pytest.mark.parametrize("zone", ["Asia/Seoul", "America/New_York", "Pacific/Kiritimati"])
def test_hours_are_those_of_the_shop_wherever_the_visitor_is(shop, zone):
    expect(shop(timezone_id=zone).answer).to_have_text("Welcome!")
    expect(shop(timezone_id=zone, at=SUNDAY).answer).to_have_text("We are asleep.")
    korean = shop(timezone_id=zone, at=SUNDAY, lang="ko")
    expect(korean.answer).to_have_text("지금은 쉬는 시간이에요.")


def test_the_chat_page_knows_the_hours_too(visit, settings, upstream, tmp_path):
    (tmp_path / "assistants.yaml").write_text(ASSISTANT.replace("{logo}", PIXEL), "utf-8")
    changed = {
        "assistants_file": str(tmp_path / "assistants.yaml"),
        "database_url": f"sqlite:///{tmp_path}/shop.db",
        "public_assistants": ["asst_shop"],
    }
    with thread_server(**settings | changed) as server:
        page = visit()
        page.clock.set_fixed_time(SUNDAY)
        page.goto(f"{server.base_url}/chat")
        expect(page.locator("#start h2")).to_have_text("We are asleep.")


@pytest.mark.parametrize("colors", ["light", "dark"])
@pytest.mark.parametrize(
    "theme",
    [
        "background: #767676; text: #777777",
        "background: #ffffff; text: #cccccc; dark-background: #333333; dark-text: #555555",
        "background: #ff0000; dark-background: #ffffff",
    ],
)
def test_text_can_be_read_in_any_colours(visit, site, server, upstream, colors, theme):
    page = visit(color_scheme=colors, reduced_motion="reduce")
    attributes = f'data-assistant="asst_bakery" data-theme="{theme}" data-color="#7f7f7f"'
    chat = widget_on(page, site, page_with(server, attributes)).open()
    assert_accessible(page)
    chat.hear("hello")
    chat.button("Helpful").click()
    expect(chat.dialog.locator("[aria-pressed=true]")).to_be_visible()
    assert_accessible(page)


@pytest.mark.parametrize(
    "attributes",
    [
        "data-theme='background: red; font: x); } .dialog { display: none } a { color: url(//x'",
        'data-theme="radius: 99; hover: #123456; text: #12345; font: &quot;}*{display:none}"',
        'data-logo="javascript:alert(1)"',
        'data-logo="http://example.org/logo.png"',
        'data-logo="data:text/html,<script>alert(1)</script>"',
        'data-hours="whenever; Asia/Seoul"',
        'data-hours="Mo-Fr 09:00-18:00; Mars/Olympus"',
    ],
)
def test_what_is_invalid_is_reported_and_left_out(visit, site, server, warnings_of, attributes):
    page = visit()
    warned = warnings_of(page)
    plain = widget_on(visit(), site, page_with(server)).open()
    chat = widget_on(page, site, page_with(server, attributes)).open()
    wait_until(lambda: bool(warned))
    assert looks_of(chat) == looks_of(plain)
    expect(chat.dialog.locator("header img")).to_have_count(0)
    expect(chat.answer).to_have_text("Hello! How can I help you?")


def test_a_policy_may_forbid_the_logo(visit, site, server, warnings_of):
    """The widget works without it, under a policy that allows only the server."""
    page = visit(expected=re.compile("Content Security Policy"))
    warned = warnings_of(page)
    policy = f"default-src 'none'; script-src {server.base_url}; connect-src {server.base_url}"
    attributes = f'data-logo="{PIXEL}" data-theme="radius: 4"'
    chat = widget_on(page, site, page_with(server, attributes), policy=policy).open()
    wait_until(lambda: any("logo can't be loaded" in one for one in warned))
    expect(chat.dialog.locator("header img")).to_have_count(0)
    allowed = visit()
    again = widget_on(
        allowed, site, page_with(server, attributes), policy=f"{policy}; img-src data:"
    )
    expect(again.open().dialog.locator("header img")).to_be_visible()


OPEN = [
    ("Mo-Fr 09:00-18:00; Asia/Seoul", "2026-11-30T00:00:00Z", True),
    ("Mo-Fr 09:00-18:00; Asia/Seoul", "2026-11-29T23:59:00Z", False),
    ("Mo-Fr 09:00-18:00; Asia/Seoul", "2026-11-30T09:00:00Z", False),
    ("월-금 09:00-18:00; Asia/Seoul", "2026-11-30T08:59:00Z", True),
    ("Mo-Fr 09:00-12:00, 13:00-18:00; UTC", "2026-11-30T12:30:00Z", False),
    ("Mo-Fr 09:00-12:00, 13:00-18:00; UTC", "2026-11-30T13:00:00Z", True),
    ("Mo, We, Fr 09:00-12:00; UTC", "2026-12-02T10:00:00Z", True),
    ("Mo, We, Fr 09:00-12:00; UTC", "2026-12-01T10:00:00Z", False),
    ("Fr 18:00-02:00; UTC", "2026-12-05T01:59:00Z", True),
    ("Fr 18:00-02:00; UTC", "2026-12-05T02:00:00Z", False),
    ("Fr 18:00-02:00; UTC", "2026-12-04T01:00:00Z", False),
    ("Sa-Mo 00:00-24:00; UTC", "2026-11-30T23:59:00Z", True),
    ("Sa-Mo 00:00-24:00; UTC", "2026-12-01T00:00:00Z", False),
    ("08:00-20:00; Europe/Berlin", "2026-07-01T06:00:00Z", True),  # summer time
    ("08:00-20:00; Europe/Berlin", "2026-12-01T06:59:00Z", False),
    ("Mo-Fr 09:00-18:00, 2026-12-25 off; UTC", "2026-12-25T10:00:00Z", False),
    ("Mo-Fr 09:00-18:00, 12-25 off; UTC", "2026-12-24T10:00:00Z", True),
    # The night that turns clocks back in New York: the local day before is still Saturday.
    ("Sa 20:00-03:00; America/New_York", "2026-11-01T06:30:00Z", True),
]


def test_hours_are_judged_in_their_zone(visit, server):
    page = visit(timezone_id="Pacific/Auckland")
    page.goto(f"{server.base_url}/chat")
    judged = page.evaluate(
        """async (cases) => {
          const { readHours, isOpenAt } = await import('./static/shared/hours.js');
          return cases.map(([text, at]) => isOpenAt(readHours(text), new Date(at)));
        }""",
        [[text, at] for text, at, _ in OPEN],
    )
    assert list(zip(OPEN, judged, strict=True)) == [(case, case[2]) for case in OPEN]


WRONG = [
    *("", "Mo-Fr 09:00-18:00", "; UTC", "Mo; UTC", "Mo 09:00; UTC", "Mo 25:00-26:00; UTC"),
    *(
        "Mo 09:60-10:00; UTC",
        "Xx 09:00-10:00; UTC",
        "Mo 09:00-18:00; Nowhere",
        "-Fr 09:00-10:00; UTC",
    ),
    *("Mo 09:00-18:00,; UTC", "2026-12-25 off; UTC", "Mo 09:00-18:00; UTC; UTC"),
]


def test_hours_that_cant_be_read_are_refused(visit, server):
    page = visit()
    page.goto(f"{server.base_url}/chat")
    refused = page.evaluate(
        """async (texts) => {
          const { readHours } = await import('./static/shared/hours.js');
          return texts.filter((text) => {
            try { readHours(text); return false; }
            catch (error) { return error instanceof SyntaxError; }
          });
        }""",
        WRONG,
    )
    assert refused == WRONG


def test_visitors_get_the_looks_and_nothing_else(shop):
    chat = shop()
    stored = chat.page.evaluate("JSON.stringify({...localStorage})")
    (session,) = [text for name, text in json.loads(stored).items() if name.endswith(" session")]
    (assistant,) = json.loads(session)["assistants"]
    assert set(assistant["metadata"]) == {
        *("greeting", "closed_greeting", "closed_greeting_ko", "color", "theme", "hours", "logo"),
    }
