"""Input: Korean input methods, keyboard only, languages, themes, ratings."""

from playwright.sync_api import expect

from tests.support.pages import needs_libraries
from tests.support.replies import Reply
from tests.support.searches import library, search

pytestmark = needs_libraries

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


def composing(devtools, text):
    at = len(text)
    devtools.send(
        "Input.imeSetComposition", {"text": text, "selectionStart": at, "selectionEnd": at}
    )


def test_the_enter_that_ends_a_syllable_sends_nothing(chat, http, upstream):
    page = chat(locale="ko-KR")
    page.field.focus()
    devtools = page.page.context.new_cdp_session(page.page)
    for text in ("ㅎ", "하", "한"):
        composing(devtools, text)
    expect(page.field).to_have_value("한")
    # The input method handles the key; some browsers show that only by its `keyCode`.
    taken = {"type": "rawKeyDown", "key": "Process", "code": "Enter", "windowsVirtualKeyCode": 229}
    devtools.send("Input.dispatchKeyEvent", taken)
    for said in ("isComposing: true", "keyCode: 229"):
        page.field.evaluate(
            f"""(field) => field.dispatchEvent(new KeyboardEvent("keydown",
                {{ key: "Enter", bubbles: true, cancelable: true, {said} }}))"""
        )
    expect(page.questions).to_have_count(0)
    devtools.send("Input.insertText", {"text": "한"})
    for text in ("ㄱ", "그", "글"):
        composing(devtools, text)
    devtools.send("Input.insertText", {"text": "글"})
    expect(page.field).to_have_value("한글")
    page.page.keyboard.press("Enter")
    expect(page.text).to_have_text("Answer to: 한글")
    assert len(upstream.requests) == 1


def test_shift_enter_starts_a_new_line(chat, upstream):
    page = chat()
    page.field.press_sequentially("one")
    page.page.keyboard.press("Shift+Enter")
    page.field.press_sequentially("two")
    expect(page.questions).to_have_count(0)
    before = page.field.bounding_box()["height"]
    page.page.keyboard.press("Shift+Enter")
    assert page.field.bounding_box()["height"] > before, "it grows with its lines"
    page.page.keyboard.press("Enter")
    page.finished()
    assert page.questions.last.locator(".bubble").inner_text() == "one\ntwo"


def test_an_empty_message_is_not_sent(chat, upstream):
    page = chat()
    expect(page.button("Send")).to_be_disabled()
    page.ask("   ")
    expect(page.questions).to_have_count(0)


def test_what_is_typed_during_an_answer_waits(chat, upstream):
    page = chat()
    upstream.reply(Reply.text("Half", " and half").stalled(after=5))
    page.ask("one")
    expect(page.text).to_have_text("Half")
    page.ask("two")
    expect(page.questions).to_have_count(1)
    upstream.release()
    page.finished()
    expect(page.field).to_have_value("two")
    page.field.press("Enter")
    expect(page.text).to_have_text("Answer to: two")


def test_the_keyboard_is_enough(chat, server, upstream):
    files = library(server.client)
    page = chat()
    press = page.page.keyboard.press
    page.page.get_by_label("Assistant").select_option(files.assistant_id)
    upstream.reply(
        Reply.function_calls(search("refund 환불")), Reply.text("Three days【0:0†refund.txt】.")
    )
    page.page.reload()
    expect(page.field).to_be_focused()
    page.page.keyboard.type("When?")
    press("Enter")
    page.finished()
    expect(page.field).to_be_focused()
    wanted = ["Regenerate answer", "Bad answer", "Good answer", "Copy", "1 refund.txt"]
    for name in wanted:
        press("Shift+Tab")
        expect(page.button(name)).to_be_focused()
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert page.page.evaluate(outline) != "none", f"{name} shows that it has the focus"
    press("Enter")
    panel = page.page.get_by_role("dialog")
    expect(panel.get_by_role("button", name="Close the source")).to_be_focused()
    press("Escape")
    expect(page.button("1 refund.txt")).to_be_focused()
    press("Shift+Tab")
    expect(page.button("Source 1: refund.txt")).to_be_focused()
    press("Shift+Tab")
    expect(page.answer.locator("summary")).to_be_focused()
    press("Enter")
    expect(page.answer.locator("details")).to_have_attribute("open", "")


def test_the_first_stop_of_the_keyboard_leads_to_the_message(chat):
    page = chat()
    page.button("New chat").focus()
    page.page.keyboard.press("Shift+Tab")
    skip = page.button("Skip to the message field")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.page.keyboard.press("Enter")
    expect(page.field).to_be_focused()


def test_thumbs_are_kept(chat, http, upstream):
    page = chat()
    page.hear("hello")
    page.button("Good answer").press("Enter")
    expect(page.button("Good answer")).to_have_attribute("aria-pressed", "true")
    expect(page.button("Good answer")).to_be_focused()
    page.page.reload()
    expect(page.button("Good answer")).to_have_attribute("aria-pressed", "true")
    page.button("Bad answer").click()
    expect(page.button("Good answer")).to_have_attribute("aria-pressed", "false")
    path = f"/threads/{page.thread_id}/feedback"
    assert [one["rating"] for one in http.get(path).json()["data"]] == ["down"]
    page.button("Bad answer").click()
    expect(page.button("Bad answer")).to_have_attribute("aria-pressed", "false")
    assert http.get(path).json()["data"] == []


def test_what_was_wrong_is_asked_after_a_thumb_down(chat, http, upstream):
    page = chat()
    page.hear("hello")
    field = page.page.get_by_label("What was wrong?", exact=False)
    expect(field).to_be_hidden()
    page.button("Bad answer").click()
    field.fill("The price is <b>wrong</b>.")
    page.answer.locator(".comment").get_by_role("button", name="Send").click()
    expect(page.page.get_by_text("Thank you. Your comment was sent.")).to_be_visible()
    expect(field).to_be_hidden()
    path = f"/threads/{page.thread_id}/feedback"
    (given,) = http.get(path).json()["data"]
    assert (given["rating"], given["comment"]) == ("down", "The price is <b>wrong</b>.")
    page.page.reload()
    expect(page.button("Bad answer")).to_have_attribute("aria-pressed", "true")
    expect(field).to_be_hidden()


def test_it_uses_the_browsers_language(chat, upstream):
    page = chat(locale="ko-KR")
    html = page.page.locator("html")
    expect(html).to_have_attribute("lang", "ko")
    expect(page.field).to_have_attribute("placeholder", "메시지를 입력하세요")
    expect(
        page.page.get_by_role("heading", name="안녕하세요! 무엇을 도와드릴까요?")
    ).to_be_visible()
    page.hear("안녕")
    expect(page.button("좋은 답변")).to_be_visible()
    page.button("View in English").click()
    expect(html).to_have_attribute("lang", "en")
    expect(page.button("Good answer")).to_be_visible()
    expect(page.button("New chat")).to_be_visible()
    page.page.reload()
    expect(html).to_have_attribute("lang", "en")


def test_other_languages_get_english(chat):
    page = chat(locale="fr-FR")
    expect(page.page.locator("html")).to_have_attribute("lang", "en")
    expect(page.button("New chat")).to_be_visible()


def test_light_and_dark(chat):
    page = chat(color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.page.evaluate(ground)
    page.button("Light theme").click()
    light = page.page.evaluate(ground)
    assert sum(map(int, light[4:-1].split(","))) > 600 > sum(map(int, dark[4:-1].split(",")))
    page.page.reload()
    expect(page.button("Dark theme")).to_be_visible()
    assert page.page.evaluate(ground) == light


def test_the_list_is_a_drawer_on_a_phone(chat, upstream):
    page = chat(**PHONE)
    menu = page.button("Open the list of conversations")
    new = page.button("New chat")
    expect(new).to_be_hidden()
    page.hear("hello")
    menu.click()
    expect(menu).to_have_attribute("aria-expanded", "true")
    expect(page.button("Close the list of conversations")).to_be_focused()
    page.page.keyboard.press("Escape")
    expect(new).to_be_hidden()
    expect(menu).to_be_focused()
    menu.click()
    new.click()
    expect(new).to_be_hidden()
    expect(page.page.locator("#start")).to_be_visible()
    width = "document.documentElement.scrollWidth"
    assert page.page.evaluate(width) == 390, "nothing sticks out"


def test_scrolling_up_stops_following_the_answer(chat, upstream):
    page = chat(viewport={"width": 900, "height": 500})
    lines = [f"Line {number}\n\n" for number in range(60)]
    upstream.reply(Reply.text(*lines, "The end").stalled(after=4 + 40))
    page.ask("Many lines")
    expect(page.text.get_by_text("Line 39", exact=True)).to_be_in_viewport()
    page.page.locator("#scroller").hover()
    page.page.mouse.wheel(0, -2000)
    jump = page.button("Jump to the latest message")
    expect(jump).to_be_visible()
    upstream.release()
    page.finished()
    expect(page.text.get_by_text("The end")).not_to_be_in_viewport()
    jump.click()
    expect(page.text.get_by_text("The end")).to_be_in_viewport()
    expect(jump).to_be_hidden()
