"""Runs that fail: what they tell, and that their thread goes on."""

import pytest

from tests.support.replies import Reply
from tests.support.talk import finished, text_of, texts

BOTH_APIS = True

KEY = "sk-of-the-upstream"


def refused(status: int, code: str | None = None, message: str = "No.") -> Reply:
    error = {"message": message, "type": None, "param": None, "code": code}
    return Reply.http_error(status, {"error": error})


FAILURES = {
    "a bad request": (lambda: refused(400), "invalid_prompt"),
    "too long": (lambda: refused(400, "context_length_exceeded"), "invalid_prompt"),
    "a wrong key": (
        lambda: refused(401, "invalid_api_key", f"Incorrect API key provided: {KEY}."),
        "server_error",
    ),
    "no permission": (lambda: refused(403), "server_error"),
    "no such model": (lambda: refused(404, "model_not_found"), "server_error"),
    "throttled": (lambda: refused(429, "rate_limit_exceeded"), "rate_limit_exceeded"),
    "no money left": (lambda: refused(429, "insufficient_quota"), "rate_limit_exceeded"),
    "broken": (lambda: refused(500), "server_error"),
    "overloaded": (lambda: Reply.http_error(503, "<html>busy</html>"), "server_error"),
    "no answer": (lambda: Reply.text("x").cut(), "server_error"),
    "cut in mid-answer": (
        lambda: Reply.text("Half", " an", " answer").cut(after=6),
        "server_error",
    ),
    "garbage": (lambda: Reply.text("x").garbage(), "server_error"),
    "garbage in mid-answer": (lambda: Reply.text("Half", " an").garbage(after=5), "server_error"),
    "failed": (lambda: Reply.failed("server_error", "It broke."), "server_error"),
    "failed in mid-answer": (
        lambda: Reply.failed("rate_limit_exceeded", "Slow down.", "Half", " an"),
        "rate_limit_exceeded",
    ),
    "a bad image": (lambda: Reply.failed("invalid_image_format", "No image."), "invalid_prompt"),
    "an error event": (
        lambda: Reply.failed("invalid_prompt", "Not that.", event=True),
        "invalid_prompt",
    ),
}


@pytest.mark.parametrize("failure", [*FAILURES])
def test_a_failure_ends_its_run_alone(client, http, thread_id, assistant_id, upstream, failure):
    reply, code = FAILURES[failure]
    upstream.reply(reply())
    run = finished(client, thread_id, assistant_id)
    assert (run.status, run.last_error.code) == ("failed", code)
    assert run.failed_at >= run.created_at
    assert (run.expires_at, run.completed_at) == (None, None)
    assert run.last_error.message and KEY not in run.model_dump_json()
    again = finished(client, thread_id, assistant_id)
    assert (again.status, again.last_error) == ("completed", None)
    assert texts(http, thread_id)[-1] == ("assistant", "Answer to: hello there")


def test_what_was_said_before_the_failure_stays(client, http, thread_id, assistant_id, upstream):
    upstream.reply(Reply.failed("server_error", "It broke.", "Half", " an"))
    run = finished(client, thread_id, assistant_id)
    message = http.get(f"/threads/{thread_id}/messages").json()["data"][0]
    assert (text_of(message), message["status"]) == ("Half an", "incomplete")
    assert message["incomplete_details"] == {"reason": "run_failed"}
    assert message["incomplete_at"] is not None and message["completed_at"] is None
    (step,) = http.get(f"/threads/{thread_id}/runs/{run.id}/steps").json()["data"]
    assert (step["status"], step["last_error"]["code"]) == ("failed", "server_error")
    assert step["failed_at"] is not None


def test_the_upstreams_error_message_is_passed_on(client, thread_id, assistant_id, upstream):
    upstream.reply(Reply.failed("server_error", "The kitchen is closed."))
    assert "The kitchen is closed." in finished(client, thread_id, assistant_id).last_error.message


def test_an_unreachable_model_fails_the_run(start):
    server = start(openai_base_url="http://127.0.0.1:9/v1")
    run = server.client.beta.threads.create_and_run_poll(assistant_id="asst_default")
    assert (run.status, run.last_error.code) == ("failed", "server_error")


def test_a_passing_failure_is_tried_again(start, upstream):
    server = start(openai_max_retries=2)
    at_once = {"retry-after-ms": "1"}
    upstream.reply(*(Reply.http_error(status, None, at_once) for status in (500, 429)))
    run = server.client.beta.threads.create_and_run_poll(assistant_id="asst_default")
    assert (run.status, len(upstream.requests)) == ("completed", 3)


def test_a_filtered_answer_fails_its_run(client, http, thread_id, assistant_id, upstream):
    upstream.reply(Reply.incomplete("Half", " an", reason="content_filter"))
    run = finished(client, thread_id, assistant_id)
    assert (run.status, run.last_error.code) == ("failed", "invalid_prompt")
    message = http.get(f"/threads/{thread_id}/messages").json()["data"][0]
    assert (message["status"], message["incomplete_details"]["reason"]) == (
        "incomplete",
        "content_filter",
    )
    assert finished(client, thread_id, assistant_id).status == "completed"


@pytest.mark.parametrize(
    ("reply", "content"),
    [
        (Reply(), None),
        (Reply.text(""), ""),
        (Reply(reasoning="sealed"), None),
    ],
    ids=["nothing", "an empty text", "thoughts alone"],
)
def test_an_empty_answer_is_no_failure(
    client, http, thread_id, assistant_id, upstream, upstream_api, reply, content
):
    upstream.reply(reply)
    assert finished(client, thread_id, assistant_id).status == "completed"
    # Chat Completions doesn't distinguish an empty text from none.
    is_none = content is None or upstream_api == "chat_completions"
    said = [] if is_none else [("assistant", content)]
    assert texts(http, thread_id) == [("user", "hello there"), *said]
    assert finished(client, thread_id, assistant_id).status == "completed"


def test_a_refusal_is_a_part_of_its_own_and_is_replayed(
    client, http, thread_id, assistant_id, upstream, upstream_api
):
    upstream.reply(Reply.refusal("No, ", "thanks."))
    assert finished(client, thread_id, assistant_id).status == "completed"
    message = http.get(f"/threads/{thread_id}/messages").json()["data"][0]
    assert message["content"] == [{"type": "refusal", "refusal": "No, thanks."}]
    assert message["status"] == "completed"
    finished(client, thread_id, assistant_id)
    [replayed] = upstream.requests[1].asked["input"][1]["content"]
    if upstream_api == "chat_completions":  # few servers know refusals
        assert replayed["text"] == "No, thanks."
    else:
        assert [replayed] == message["content"]
