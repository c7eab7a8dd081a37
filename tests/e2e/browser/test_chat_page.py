"""The chat page: asking, streaming and stopping an answer, returning to a thread."""

import json
import re

from playwright.sync_api import expect

from tests.support.chat_page import ChatPage
from tests.support.pages import needs_libraries
from tests.support.replies import Reply
from tests.support.stream_reader import streaming
from tests.support.talk import texts

pytestmark = needs_libraries

# After this many events, the model has sent its first word.
FIRST_WORD = 5

# An event stream that breaks when the test says so.
BREAKABLE_FETCH = """() => {
  const real = window.fetch;
  window.fetch = async (...request) => {
    const response = await real(...request);
    if (!String(request[0]).endsWith("/events") || window.breakConnection) return response;
    const through = new TransformStream({ start: (controller) => {
      window.breakConnection = () => controller.error(new TypeError("network error"));
    } });
    response.body.pipeTo(through.writable).catch(() => {});
    return new Response(through.readable, response);
  };
}"""


def test_a_first_chat(chat, http, upstream):
    page = chat()
    expect(page.page.get_by_role("heading", name="Hello! How can I help you?")).to_be_visible()
    assert page.hear("When are you open?") == "Answer to: When are you open?"
    expect(page.questions.locator(".bubble")).to_have_text(["When are you open?"])
    assert page.hear("And on Sunday?") == "Answer to: And on Sunday?"
    assert texts(http, page.thread_id) == [
        ("user", "When are you open?"),
        ("assistant", "Answer to: When are you open?"),
        ("user", "And on Sunday?"),
        ("assistant", "Answer to: And on Sunday?"),
    ]
    expect(page.field).to_be_focused()
    assert page.page.locator("#announcer").inner_text() == "Answer: Answer to: And on Sunday?"


def test_the_answer_streams(chat, upstream):
    page = chat()
    upstream.reply(Reply.text("The first", " and the last").stalled(after=FIRST_WORD))
    page.ask("Count")
    expect(page.text).to_have_text("The first")
    expect(page.answer).to_have_attribute("aria-busy", "true")
    # Screen readers get the whole answer, not each piece.
    assert "first" not in page.page.locator("#announcer").inner_text()
    upstream.release()
    expect(page.text).to_have_text("The first and the last")
    page.finished()


def test_finished_text_is_not_drawn_again(chat, upstream):
    page = chat()
    upstream.reply(Reply.text("One.\n\n", "Two", " three.").stalled(after=FIRST_WORD + 1))
    page.ask("Go")
    expect(page.text).to_contain_text("Two")
    page.page.evaluate("window.first = document.querySelector('.markdown p')")
    upstream.release()
    expect(page.text).to_contain_text("Two three.")
    assert page.page.evaluate("window.first.isConnected")


def test_an_answer_is_stopped(chat, http, upstream):
    page = chat()
    upstream.reply(Reply.text("Half", " and never").stalled(after=FIRST_WORD))
    page.ask("Go on for ever")
    expect(page.text).to_have_text("Half")
    page.button("Stop").click()
    expect(page.answer).to_contain_text("Stopped.")
    assert upstream.wait_hang_up()
    (run,) = http.get(f"/threads/{page.thread_id}/runs").json()["data"]
    assert run["status"] == "cancelled"
    page.page.reload()
    expect(page.text).to_have_text("Half")
    expect(page.answer).to_contain_text("Stopped.")
    assert page.hear("Again") == "Answer to: Again"


def test_a_stop_before_the_first_word(chat, http, upstream):
    page = chat()
    upstream.reply(Reply.text("Never").stalled())
    page.ask("Go")
    assert upstream.wait_stalled()
    page.button("Stop").press("Enter")
    expect(page.answer).to_contain_text("Stopped.")
    expect(page.field).to_be_focused()
    assert texts(http, page.thread_id) == [("user", "Go")]


def test_a_reload_continues_the_same_answer(chat, http, upstream):
    page = chat()
    upstream.reply(Reply.text("Before", " and after").stalled(after=FIRST_WORD))
    page.ask("Tell me")
    expect(page.text).to_have_text("Before")
    page.page.reload()
    expect(page.text).to_have_text("Before")
    expect(page.button("Stop")).to_be_visible()
    upstream.release()
    expect(page.text).to_have_text("Before and after")
    page.finished()
    assert len(upstream.requests) == 1
    assert len(texts(http, page.thread_id)) == 2


def test_a_lost_connection_is_restored(chat, upstream):
    page = chat()
    page.page.evaluate(BREAKABLE_FETCH)
    upstream.reply(Reply.text("Before", " and after").stalled(after=FIRST_WORD))
    page.ask("Tell me")
    expect(page.text).to_have_text("Before")
    with page.page.expect_request("**/events") as again:
        page.page.evaluate("window.breakConnection()")
        expect(page.answer).to_contain_text("Connection lost.")
    assert int(again.value.headers["last-event-id"]) > FIRST_WORD
    upstream.release()
    expect(page.text).to_have_text("Before and after")
    page.finished()
    expect(page.answer).not_to_contain_text("Connection lost.")


def test_a_thread_is_left_and_found_again(chat, http, upstream):
    page = chat()
    page.hear("The first one")
    first = page.thread_id
    page.button("New chat").click()
    expect(page.page.locator("#start")).to_be_visible()
    page.hear("The second one")
    assert page.thread_id != first
    page.page.go_back()
    page.page.go_back()
    expect(page.text).to_have_text("Answer to: The first one")
    assert page.thread_id == first


def test_an_answer_continues_after_its_thread_is_left(chat, upstream):
    page = chat()
    upstream.reply(Reply.text("Before", " and after").stalled(after=FIRST_WORD))
    page.ask("Tell me")
    expect(page.text).to_have_text("Before")
    thread_id = page.thread_id
    page.button("New chat").click()
    assert page.hear("Something else") == "Answer to: Something else"
    page.page.evaluate(f"location.hash = '#{thread_id}'")
    expect(page.text).to_have_text("Before")
    upstream.release()
    expect(page.text).to_have_text("Before and after")


def test_a_long_thread_is_loaded_in_parts(chat, http):
    said = [{"role": "user", "content": f"Number {number}"} for number in range(150)]
    thread_id = http.post("/threads", json={"messages": said[:75]}).json()["id"]
    for message in said[75:]:
        http.post(f"/threads/{thread_id}/messages", json=message)
    page = chat(at=thread_id)
    expect(page.questions).to_have_count(100)
    expect(page.questions.last).to_be_in_viewport()
    page.button("Load earlier messages").click()
    expect(page.questions).to_have_count(150)
    expect(page.questions.first.locator(".bubble")).to_have_text("Number 0")
    expect(page.button("Load earlier messages")).to_have_count(0)


def test_an_unknown_thread(chat):
    page = chat(at="thread_gone", expected=re.compile("status of 404"))
    expect(page.page.get_by_role("alert")).to_have_text("This conversation no longer exists.")
    expect(page.page.locator("#start")).to_be_visible()


def test_greeting_and_suggestions_of_the_picked_assistant(chat, http, upstream):
    metadata = {
        "greeting": "Welcome to the bakery",
        "greeting_ko": "빵집에 오신 것을 환영합니다",
        "suggestions": json.dumps(["What is fresh?", "When do you close?"]),
        "suggestions_ko": "오늘은 뭐가 맛있어요?\n몇 시에 닫아요?",
    }
    body = {"model": "m", "name": "Baker", "instructions": "Bake.", "metadata": metadata}
    baker = http.post("/assistants", json=body).json()["id"]
    page = chat()
    page.page.get_by_label("Assistant").select_option("Baker")
    expect(page.page.get_by_role("heading", name="Welcome to the bakery")).to_be_visible()
    page.button("한국어로 보기").click()
    expect(page.page.get_by_role("heading", name="빵집에 오신 것을 환영합니다")).to_be_visible()
    page.button("몇 시에 닫아요?").click()
    expect(page.text).to_have_text("Answer to: 몇 시에 닫아요?")
    assert upstream.requests[-1].body["instructions"] == "Bake."
    page.page.reload()
    expect(page.page.get_by_label("어시스턴트")).to_have_value(baker)


def test_a_function_of_the_developers_is_waited_for(chat, http, upstream):
    tool = {"type": "function", "function": {"name": "look_up"}}
    body = {"model": "m", "name": "Caller", "instructions": "Call.", "tools": [tool]}
    http.post("/assistants", json=body)
    page = chat()
    page.page.get_by_label("Assistant").select_option("Caller")
    upstream.reply(Reply.function_calls(("call_1", "look_up", '{"what": "bread"}')))
    page.ask("Is there bread?")
    expect(page.answer).to_contain_text("The assistant is waiting for the result of a function")
    expect(page.answer).to_contain_text("look_up")
    page.button("Check again").click()
    expect(page.answer).to_contain_text("The assistant is waiting for the result of a function")
    assert page.hear("Never mind") == "Answer to: Never mind"
    upstream.reply(Reply.function_calls(("call_2", "look_up", "{}")), Reply.text("There is."))
    page.ask("Is there cake?")
    expect(page.answer).to_contain_text("The assistant is waiting for the result of a function")
    (run,) = http.get(f"/threads/{page.thread_id}/runs", params={"limit": 1}).json()["data"]
    outputs = {"tool_outputs": [{"tool_call_id": "call_2", "output": "yes"}], "stream": True}
    path = f"/threads/{page.thread_id}/runs/{run['id']}/submit_tool_outputs"
    with streaming(http, path, outputs) as reader:
        reader.rest()
    page.button("Check again").click()
    expect(page.text).to_have_text("There is.")


def test_it_works_behind_a_prefix(visit, start, upstream):
    server = start(root_path="/openai-api")
    page = ChatPage(visit(), f"{server.base_url}/openai-api").open()
    assert page.hear("hello") == "Answer to: hello"
