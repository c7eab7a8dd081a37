"""`POST /chat`: the one call that a web page needs."""

import httpx
import pytest

from tests.support.replies import Reply
from tests.support.talk import ended, error_of, text_of, texts
from tests.support.waiting import wait_until

BOTH_APIS = True

FUNCTION = {"type": "function", "function": {"name": "weather"}}


def chat(http: httpx.Client, message: str, **more) -> dict:
    response = http.post("/chat", json={"message": message, **more})
    assert response.status_code == 200, response.text
    return response.json()


@pytest.fixture
def with_tools(http):
    """The id of an assistant with a function."""
    return http.post("/assistants", json={"model": "m", "tools": [FUNCTION]}).json()["id"]


def test_a_chat_begins_a_thread(http, upstream):
    reply = chat(http, "안녕 there")
    assert reply == {
        "message": "Answer to: 안녕 there",
        "thread_id": reply["thread_id"],
        "role": "assistant",
        "created_at": reply["created_at"],
        "run_id": reply["run_id"],
        "usage": {
            "prompt_tokens": 2,
            "completion_tokens": 4,
            "total_tokens": 6,
            "prompt_token_details": {"cached_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
    }
    asked = upstream.requests[0].asked
    assert asked["instructions"].startswith("You are a helpful assistant.")
    run = http.get(f"/threads/{reply['thread_id']}/runs/{reply['run_id']}").json()
    assert (run["status"], run["assistant_id"]) == ("completed", "asst_default")
    (step,) = http.get(f"/threads/{reply['thread_id']}/runs/{run['id']}/steps").json()["data"]
    assert step["status"] == "completed" and step["usage"] == reply["usage"]


def test_a_chat_goes_on_with_its_thread(http, upstream):
    thread_id = chat(http, "one")["thread_id"]
    assert chat(http, "two", thread_id=thread_id)["thread_id"] == thread_id
    assert texts(http, thread_id) == [
        ("user", "one"),
        ("assistant", "Answer to: one"),
        ("user", "two"),
        ("assistant", "Answer to: two"),
    ]
    assert len(upstream.requests[1].asked["input"]) == 3


def test_a_chat_goes_on_with_any_thread(http, client, thread_id, assistant_id, upstream):
    reply = chat(http, "more", thread_id=thread_id, assistant_id=assistant_id)
    assert reply["thread_id"] == thread_id
    asked = upstream.requests[0].asked
    assert (asked["model"], asked["instructions"], len(asked["input"])) == ("m", "Be brief.", 2)


def test_null_means_not_given(http):
    assert chat(http, "x", thread_id=None, assistant_id=None, metadata=None)["message"]


def test_metadata_is_kept_with_message_and_run(http):
    reply = chat(http, "x", metadata={"page": "/home"})
    path = f"/threads/{reply['thread_id']}"
    answer, asked = http.get(f"{path}/messages").json()["data"]
    run = http.get(f"{path}/runs/{reply['run_id']}").json()
    assert asked["metadata"] == run["metadata"] == {"page": "/home"}
    assert answer["metadata"] == http.get(path).json()["metadata"] == {}


@pytest.mark.parametrize(
    ("more", "status", "message"),
    [
        ({"thread_id": "thread_none"}, 404, "No thread found with id 'thread_none'."),
        (
            {"thread_id": "undefined"},
            400,
            "Invalid 'thread_id': 'undefined'. Expected an ID that begins with 'thread'.",
        ),
        ({"assistant_id": "asst_none"}, 404, "No assistant found with id 'asst_none'."),
        ({"message": " \n"}, 400, "Invalid 'message': the text is blank."),
    ],
)
def test_what_can_not_be_answered_reaches_no_model(http, upstream, more, status, message):
    error = error_of(http.post("/chat", json={"message": "x", **more}), status)
    assert (error["message"], upstream.requests) == (message, [])


def test_an_unknown_assistant_leaves_nothing_behind(http, thread_id):
    body = {"message": "x", "thread_id": thread_id, "assistant_id": "asst_none"}
    error_of(http.post("/chat", json=body), 404)
    assert texts(http, thread_id) == [("user", "hello there")]


@pytest.mark.parametrize(
    ("reply", "status", "code"),
    [
        (Reply.http_error(400, {"error": {"message": "No."}}), 502, "invalid_prompt"),
        (Reply.http_error(401, {"error": {"message": "No."}}), 502, "server_error"),
        (Reply.http_error(429, {"error": {"message": "No."}}), 503, "rate_limit_exceeded"),
        (Reply.http_error(500, {"error": {"message": "No."}}), 502, "server_error"),
        (Reply.text("x").garbage(), 502, "server_error"),
        (Reply.text("x").cut(), 502, "server_error"),
        (Reply.failed("server_error", "It broke."), 502, "server_error"),
        (Reply.incomplete("x", reason="content_filter"), 502, "invalid_prompt"),
    ],
)
def test_a_failed_answer_is_reported_and_not_to_be_retried(
    http, thread_id, upstream, reply, status, code
):
    upstream.reply(reply)
    response = http.post("/chat", json={"message": "two", "thread_id": thread_id})
    error = error_of(response, status)
    assert error["code"] == code
    assert error["message"].startswith("The model did not answer: ")
    # What was said is kept: an SDK that tried again would say it twice.
    assert response.headers["x-should-retry"] == "false"
    assert ("user", "two") in texts(http, thread_id)
    assert chat(http, "three", thread_id=thread_id)["message"] == "Answer to: three"


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (Reply.refusal("No, ", "thanks."), "No, thanks."),
        (Reply(), ""),
        (Reply.text("The", " whole."), "The whole."),
    ],
)
def test_the_message_is_what_was_said(http, upstream, reply, message):
    upstream.reply(reply)
    assert chat(http, "x")["message"] == message


def test_an_answer_cut_short_says_so(http, upstream):
    upstream.reply(Reply.incomplete("Half", " an"))
    reply = chat(http, "x")
    assert reply["message"] == "Half an"
    run = http.get(f"/threads/{reply['thread_id']}/runs/{reply['run_id']}").json()
    assert run["status"] == "incomplete"
    assert reply["incomplete_details"] == run["incomplete_details"]


@pytest.mark.parametrize(
    ("said", "asked_for"),
    [
        (
            "How is it?",
            "The answer needs these function calls: weather. Submit their outputs to continue.",
        ),
        ("날씨", "답변하려면 다음 함수를 호출해야 합니다: weather. 결과를 제출하면 계속합니다."),
    ],
)
def test_a_chat_tells_what_must_be_called_first(http, with_tools, upstream, said, asked_for):
    upstream.reply(Reply.function_calls(("call_1", "weather", '{"city": "x"}')))
    reply = chat(http, said, assistant_id=with_tools)
    assert reply["message"] == asked_for
    (call,) = reply["required_action"]["submit_tool_outputs"]["tool_calls"]
    assert call["id"] == "call_1"
    path = f"/threads/{reply['thread_id']}/runs/{reply['run_id']}"
    outputs = {"tool_outputs": [{"tool_call_id": "call_1", "output": "rain"}]}
    assert http.post(f"{path}/submit_tool_outputs", json=outputs).json()["status"] == "queued"
    assert ended(http, path)["status"] == "completed"
    assert texts(http, reply["thread_id"])[-1] == ("assistant", f"Answer to: {said}")


def test_the_next_chat_gives_a_waiting_run_up(http, with_tools, upstream):
    upstream.reply(Reply.function_calls(("call_1", "weather", "{}")))
    waiting = chat(http, "weather?", assistant_id=with_tools)
    thread_id = waiting["thread_id"]
    again = chat(http, "never mind", thread_id=thread_id)
    assert again["message"] == "Answer to: never mind"
    run = http.get(f"/threads/{thread_id}/runs/{waiting['run_id']}").json()
    assert (run["status"], run["required_action"]) == ("cancelled", None)
    assert [item["type"] for item in upstream.requests[1].asked["input"]] == ["message", "message"]


def test_a_chat_whose_run_was_cancelled_gets_an_error(http, thread_id, upstream, aside):
    upstream.reply(Reply.text("Half", " an").stalled(after=5))
    asking = aside(lambda: http.post("/chat", json={"message": "x", "thread_id": thread_id}))
    assert upstream.wait_stalled()
    run_id = http.get(f"/threads/{thread_id}/runs").json()["first_id"]
    http.post(f"/threads/{thread_id}/runs/{run_id}/cancel")
    response = asking.result(timeout=60)
    error = error_of(response, 503)
    assert error["code"] == "run_cancelled"
    assert response.headers["x-should-retry"] == "false"


def test_a_thread_that_was_deleted_under_a_chat_is_gone(http, thread_id, upstream, aside):
    upstream.reply(Reply.text("Half", " an").stalled())
    asking = aside(lambda: http.post("/chat", json={"message": "x", "thread_id": thread_id}))
    assert upstream.wait_stalled()
    http.delete(f"/threads/{thread_id}")
    upstream.release()
    error = error_of(asking.result(timeout=60), 404)
    assert error["message"] == f"No thread found with id '{thread_id}'."


def test_an_answer_is_stored_although_its_client_disconnected(http, thread_id, upstream):
    upstream.reply(Reply.text("Still", " here").stalled())
    body = {"message": "x", "thread_id": thread_id}
    with pytest.raises(httpx.ReadTimeout):
        http.post("/chat", json=body, timeout=0.2)
    assert upstream.wait_stalled()
    upstream.release()

    def answer():
        newest = http.get(f"/threads/{thread_id}/messages").json()["data"][0]
        return text_of(newest) == "Still here" and newest["status"] == "completed"

    wait_until(answer)
