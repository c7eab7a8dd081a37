"""Editing a question, stopping with Escape, times, the Markdown file, and printing."""

import re

from playwright.sync_api import expect

from tests.support.chat_page import ChatPage
from tests.support.pages import needs_libraries
from tests.support.replies import Reply
from tests.support.talk import texts

pytestmark = needs_libraries

NAME = "Edit and send again"
STARTED = 5


def edit(page: ChatPage, place: int, text: str):
    """Edit the question at `place`, and return the dialog that asks for confirmation."""
    question = page.questions.nth(place)
    question.hover()
    question.get_by_role("button", name=NAME).click()
    field = page.page.get_by_label("Edited message", exact=True)
    expect(field).to_be_focused()
    field.fill(text)
    field.press("Enter")
    return page.page.get_by_role("dialog")


def test_an_edited_question_replaces_the_old_one(chat, http, upstream):
    page = chat()
    for text in ("one", "two", "three"):
        page.hear(text)
    dialog = edit(page, 1, "zwei")
    expect(dialog).to_contain_text("the 3 messages after it will be deleted")
    dialog.get_by_role("button", name="Cancel").click()
    expect(page.answers).to_have_count(3)
    page.page.get_by_label("Edited message", exact=True).press("Enter")
    dialog.get_by_role("button", name="Delete and send").click()
    expect(page.text).to_have_text("Answer to: zwei")
    expect(page.answers).to_have_count(2)
    page.finished()
    said = [text for _, text in texts(http, page.thread_id)]
    assert said == ["one", "Answer to: one", "zwei", "Answer to: zwei"]
    page.page.reload()
    expect(page.text).to_have_text("Answer to: zwei")
    # The only question; its turn was loaded from the server.
    edit(page, 0, "eins").get_by_role("button", name="Delete and send").click()
    expect(page.text).to_have_text("Answer to: eins")
    page.finished()
    assert [said for _, said in texts(http, page.thread_id)] == ["eins", "Answer to: eins"]


def test_an_edited_question_keeps_its_files(chat, http, upstream):
    page = chat()
    file = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"notes"}
    page.page.set_input_files("#file-input", files=[file])
    expect(page.page.locator("#attachments progress")).to_have_count(0)
    page.hear("one")
    edit(page, 0, "two").get_by_role("button", name="Delete and send").click()
    expect(page.text).to_have_text("Answer to: two")
    page.finished()
    expect(page.questions.locator(".attachment")).to_have_text(["notes.txt"])
    messages = http.get(f"/threads/{page.thread_id}/messages").json()["data"]
    assert len(messages) == 2
    assert len(messages[1]["attachments"]) == 1


def test_nothing_can_be_edited_during_an_answer(chat, upstream):
    page = chat()
    page.hear("one")
    expect(page.questions.get_by_role("button", name=NAME)).to_have_count(1)
    upstream.reply(Reply.text("Half", " and half").stalled(after=STARTED))
    page.ask("two")
    expect(page.text).to_have_text("Half")
    expect(page.questions.get_by_role("button", name=NAME)).to_have_count(0)
    upstream.release()
    page.finished()
    expect(page.questions.get_by_role("button", name=NAME)).to_have_count(2)


def test_escape_cancels_an_edit(chat, upstream):
    page = chat()
    page.hear("one")
    page.questions.get_by_role("button", name=NAME).press("Enter")
    page.page.get_by_label("Edited message", exact=True).press("Escape")
    expect(page.questions.locator(".bubble")).to_have_text("one")
    expect(page.questions.get_by_role("button", name=NAME)).to_be_focused()


def test_escape_stops_the_answer(chat, upstream):
    page = chat()
    upstream.reply(Reply.text("Half", " and half").stalled(after=STARTED))
    page.ask("one")
    expect(page.text).to_have_text("Half")
    for said in ("isComposing: true", "keyCode: 229"):
        page.field.evaluate(
            f"""(field) => field.dispatchEvent(new KeyboardEvent("keydown",
                {{ key: "Escape", bubbles: true, cancelable: true, {said} }}))"""
        )
    expect(page.answer).to_have_attribute("aria-busy", "true")
    expect(page.answer).not_to_contain_text("Stop")
    page.field.press("Escape")
    expect(page.answer).to_contain_text("Stopped.")
    expect(page.text).to_have_text("Half")


def test_an_escape_that_closes_something_stops_nothing(chat, upstream):
    page = chat()
    page.hear("hello")
    upstream.reply(Reply.text("Half", " and half").stalled(after=STARTED))
    page.ask("one")
    expect(page.text).to_have_text("Half")
    page.page.locator(".thread-link").first.hover()
    page.page.get_by_role("button", name="Delete “hello”").click()
    page.page.keyboard.press("Escape")
    expect(page.page.get_by_role("dialog")).to_have_count(0)
    page.page.get_by_role("button", name="Rename “hello”").click()
    page.page.keyboard.press("Escape")
    expect(page.page.get_by_label("New title")).to_have_count(0)
    upstream.release()
    page.finished()
    expect(page.text).to_have_text("Half and half")


def test_times_appear_on_hover(chat, http, upstream):
    page = chat(locale="ko-KR", timezone_id="Asia/Seoul")
    page.hear("하나")
    times = page.page.locator("#transcript time")
    expect(times).to_have_count(2)
    expect(times.first).to_have_attribute("datetime", re.compile(r"^\d{4}-\d\d-\d\dT.*Z$"))
    expect(times.first).to_have_attribute("title", re.compile(r"\d{4}년 .*요일"))
    expect(times.first).to_have_text(re.compile("오전|오후"))
    page.page.mouse.move(0, 0)
    page.field.focus()
    expect(times.first).to_have_css("opacity", "0")
    times.first.focus()
    expect(times.first).to_have_css("opacity", "1")
    page.field.focus()
    page.questions.first.hover()
    expect(times.first).to_have_css("opacity", "1")
    page.button("View in English").click()
    expect(times.first).to_have_text(re.compile("AM|PM"))
    page.page.reload()
    expect(times).to_have_count(2)


def test_a_conversation_is_saved_as_markdown(chat, start, upstream, tmp_path):
    server = start()
    said = [
        {"role": role, "content": f"{role} {number} **굵게**"}
        for number in range(60)
        for role in ("user", "assistant")
    ]
    code = "```python\nprint('<안녕>')\n```"
    messages = [*said, {"role": "user", "content": code}]
    body = {"messages": messages, "metadata": {"title": '환불: "규정"/안내?'}}
    thread_id = server.http.post("/threads", json=body).json()["id"]
    page = chat(on=server, at=thread_id, locale="ko-KR")
    page.page.get_by_text("assistant 59").wait_for()
    with page.page.expect_download() as download:
        page.button("Markdown으로 내려받기").click()
    assert download.value.suggested_filename == "환불 규정 안내.md"
    download.value.save_as(tmp_path / "thread.md")
    text = (tmp_path / "thread.md").read_text("utf-8")
    assert text.startswith('# 환불: "규정"/안내?\n\n## 나 · ')
    assert text.count("\n## ") == 121
    assert "user 0 **굵게**" in text and "assistant 59 **굵게**" in text
    assert code in text


def test_an_empty_conversation_has_no_download(chat, upstream):
    page = chat()
    download = page.button("Download as Markdown")
    expect(download).to_be_hidden()
    page.hear("hello")
    expect(download).to_be_visible()
    page.button("New chat").click()
    expect(download).to_be_hidden()


def test_only_the_conversation_is_printed(chat, upstream):
    page = chat(color_scheme="dark")
    long = "\n\n".join(f"Line {number}" for number in range(80))
    upstream.reply(
        Reply.text(f"See [here](https://example.org/a) or https://example.org/b\n\n{long}")
    )
    page.ask("one")
    page.finished()
    page.page.emulate_media(media="print")
    for hidden in ("#sidebar", "#composer", ".actions", "#export"):
        expect(page.page.locator(hidden)).to_be_hidden()
    expect(page.questions).to_be_visible()
    ground, text = page.page.evaluate(
        "[document.body, document.querySelector('.markdown')].map((one) => getComputedStyle(one))"
        ".map((style, place) => place ? style.color : style.backgroundColor)"
    )
    assert ground == "rgb(255, 255, 255)"
    assert sum(map(int, text[4:-1].split(","))) < 200
    # Nothing is cut off at the height of the screen.
    height = "document.documentElement.scrollHeight"
    assert page.page.evaluate(height) > 2000
    address = "(link) => getComputedStyle(link, '::after').content"
    links = page.text.get_by_role("link")
    assert "https://example.org/a" in links.first.evaluate(address)
    assert links.last.evaluate(address) == "none"
    assert page.page.pdf().startswith(b"%PDF")
