"""Failures are shown, and retrying sends nothing twice."""

import re

import httpx
import pytest
from playwright.sync_api import expect

from tests.support.pages import needs_libraries
from tests.support.replies import Reply
from tests.support.talk import texts

pytestmark = needs_libraries

JSON = {"content-type": "application/json"}
DOWN = re.compile("ERR_FAILED|ERR_CONNECTION_REFUSED|ERR_INTERNET_DISCONNECTED")


def test_a_failed_answer_is_shown_and_retried(chat, http, upstream):
    page = chat()
    upstream.reply(Reply.http_error(500, {"error": {"message": "It broke."}}))
    page.ask("hello there")
    failure = page.answer.get_by_role("alert")
    expect(failure).to_contain_text("The assistant could not answer. Please try again.")
    expect(failure).to_contain_text("It broke.")
    page.button("Try again").click()
    expect(page.text).to_have_text("Answer to: hello there")
    expect(failure).to_have_count(0)
    expect(page.questions).to_have_count(1)
    assert texts(http, page.thread_id) == [
        ("user", "hello there"),
        ("assistant", "Answer to: hello there"),
    ]


def test_a_failure_is_shown_after_a_reload(chat, http, upstream):
    page = chat()
    upstream.reply(Reply.text("Half", " of it").cut(after=5))
    page.ask("hello there")
    expect(page.answer.get_by_role("alert")).to_be_visible()
    page.page.reload()
    expect(page.answer.get_by_role("alert")).to_be_visible()
    page.button("Try again").click()
    expect(page.text).to_have_text("Answer to: hello there")
    # A partial answer is not sent to the model as context.
    assert texts(http, page.thread_id)[1:] == [("assistant", "Answer to: hello there")]


def test_an_answer_is_regenerated(chat, http, upstream):
    page = chat()
    upstream.reply(Reply.text("Not so good"), Reply.text("Better"))
    assert page.hear("hello there") == "Not so good"
    page.button("Regenerate answer").click()
    expect(page.text).to_have_text("Better")
    expect(page.answers).to_have_count(1)
    assert texts(http, page.thread_id) == [("user", "hello there"), ("assistant", "Better")]


def test_only_the_last_answer_can_be_regenerated(chat, upstream):
    page = chat()
    page.hear("one")
    page.hear("two")
    expect(page.button("Regenerate answer")).to_have_count(1)
    expect(page.button("Copy")).to_have_count(2)


def test_an_unreachable_server_is_reported(chat, http, upstream):
    page = chat(expected=DOWN)
    page.hear("one")
    page.page.route("**/api/v1/chat", lambda route: route.abort())
    page.ask("two")
    expect(page.answer.get_by_role("alert")).to_contain_text("The server can't be reached.")
    page.page.unroute("**/api/v1/chat")
    page.button("Try again").click()
    expect(page.text).to_have_text("Answer to: two")
    assert [said for _, said in texts(http, page.thread_id)][::2] == ["one", "two"]


@pytest.mark.parametrize("said_before", [["one"], []], ids=["in a thread", "the first one"])
def test_a_question_that_arrived_is_not_sent_again(chat, start, upstream, said_before):
    """The connection broke after the server received the question: only the answer is missing."""
    server = start()
    page = chat(on=server, expected=DOWN)
    for text in said_before:
        page.hear(text)

    def deliver_and_break(route):
        httpx.post(route.request.url, content=route.request.post_data, headers=JSON, timeout=30)
        route.abort()

    page.page.route("**/api/v1/chat", deliver_and_break)
    page.ask("two")
    expect(page.answer.get_by_role("alert")).to_contain_text("The server can't be reached.")
    page.page.unroute("**/api/v1/chat")
    page.button("Try again").click()
    expect(page.text).to_have_text("Answer to: two")
    asked = [*said_before, "two"]
    assert [said for _, said in texts(server.http, page.thread_id)][::2] == asked
    assert len(server.http.get("/threads").json()["data"]) == 1
    assert len(upstream.requests) == len(asked)


ENVELOPE = '{"error": {"message": "%s", "type": "x", "param": null, "code": %s}}'


@pytest.mark.parametrize(
    ("status", "code", "headers", "said"),
    [
        (429, '"rate_limit_exceeded"', {"retry-after": "7"}, "try again in 7 seconds"),
        (429, '"insufficient_quota"', {}, "The usage limit has been reached."),
        (429, '"insufficient_quota"', {"retry-after": "18000"}, "resets in about 5 hours"),
        (429, '"insufficient_quota"', {"retry-after": "600"}, "resets in about 10 minutes"),
        (429, '"concurrent_runs_exceeded"', {"retry-after": "1"}, "Too many answers"),
        (503, '"rate_limit_exceeded"', {}, "The model can't take more requests right now."),
        (503, '"database_unavailable"', {}, "The service is not available right now."),
        (502, "null", {}, "The assistant could not answer."),
        (413, "null", {}, "The message is too long."),
        (404, "null", {}, "This conversation no longer exists."),
        (500, "null", {}, "Something went wrong."),
    ],
)
def test_refusals_have_their_own_texts(chat, upstream, status, code, headers, said):
    page = chat(expected=re.compile(f"status of {status}"))
    body = ENVELOPE % ("No.", code)
    page.page.route(
        "**/api/v1/chat",
        lambda route: route.fulfill(status=status, body=body, headers={**JSON, **headers}),
    )
    page.ask("hello")
    expect(page.answer.get_by_role("alert")).to_contain_text(said)
    page.page.unroute("**/api/v1/chat")
    page.button("Try again").click()
    expect(page.text).to_have_text("Answer to: hello")


def test_an_answer_cut_short_says_so(chat, upstream):
    page = chat()
    upstream.reply(Reply.incomplete("A long"))
    page.ask("Tell me all")
    expect(page.answer).to_contain_text("it reached its maximum length")
    upstream.reply(Reply.incomplete("A bad", reason="content_filter"))
    page.ask("Tell me more")
    expect(page.answer).to_contain_text("because of a content filter")


@pytest.mark.parametrize("reply", [Reply.text(""), Reply.text(" "), Reply()], ids=str)
def test_an_empty_answer_says_so(chat, upstream, reply):
    page = chat()
    upstream.reply(reply)
    page.ask("Say nothing")
    expect(page.answer).to_contain_text("The model returned an empty answer.")
    page.page.reload()
    expect(page.answer).to_contain_text("The model returned an empty answer.")
    page.button("한국어로 보기").click()
    expect(page.answer).to_contain_text("모델이 빈 답변을 보냈습니다.")


def test_visitors_see_no_details_for_operators(chat, start, upstream):
    """The same failure, as seen by a visitor and by the holder of a key."""
    server = start(api_keys=["default:sk-of-a-test"], public_chat=True, public_rate_limit="")
    secret = "Check OPENAI_API_KEY"
    page = chat(on=server)
    upstream.reply(Reply.http_error(401, {"error": {"message": secret}}))
    page.ask("hello")
    failure = page.answer.get_by_role("alert")
    expect(failure).to_contain_text("The assistant could not answer. Please try again.")
    expect(failure).not_to_contain_text("Details")
    expect(failure).not_to_contain_text("OPENAI")


def test_the_server_is_unreachable_at_the_start(visit, server, upstream):
    page = visit(expected=DOWN)
    page.route("**/api/v1/**", lambda route: route.abort())
    page.goto(f"{server.base_url}/chat")
    expect(page.get_by_role("heading", name="The server can't be reached.")).to_be_visible()
    page.unroute("**/api/v1/**")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#message")).to_be_visible()
