"""`POST /chat` with `stream`: the answer in pieces, then as a whole."""

import json

import pytest

from tests.support.replies import Reply
from tests.support.stream_reader import PING, following, names, streaming
from tests.support.talk import ended, error_of, texts

HELLO = {"message": "안녕?"}


def deltas(events) -> str:
    return "".join(event.data["delta"] for event in events if event.name == "delta")


def test_the_pieces_are_the_message(http, upstream):
    upstream.reply(Reply.text("반갑", "습니다", " 👋"))
    with streaming(http, "/chat", HELLO) as reader:
        events = reader.rest()
        headers = reader.response.headers
    assert names(events) == ["delta", "delta", "delta", "message"]
    reply = events[-1].data
    assert deltas(events) == reply["message"] == "반갑습니다 👋"
    assert (headers["x-thread-id"], headers["x-run-id"]) == (reply["thread_id"], reply["run_id"])
    assert headers["content-type"] == "text/event-stream; charset=utf-8"
    assert "반갑".encode() in reader.raw
    assert texts(http, reply["thread_id"]) == [("user", "안녕?"), ("assistant", "반갑습니다 👋")]
    run = http.get(f"/threads/{reply['thread_id']}/runs/{reply['run_id']}").json()
    assert (run["status"], run["usage"]) == ("completed", reply["usage"])


def test_the_last_event_is_what_the_plain_call_answers(http, upstream):
    plain = http.post("/chat", json={"message": "one two"}).json()
    with streaming(http, "/chat", {"message": "one two"}) as reader:
        streamed = reader.rest()[-1].data
    assert list(streamed) == list(plain)
    own = {"thread_id", "run_id", "created_at"}
    assert {name: value for name, value in streamed.items() if name not in own} == {
        name: value for name, value in plain.items() if name not in own
    }


def test_pieces_come_as_the_model_says_them(http, upstream):
    upstream.reply(Reply.text("One", " two").stalled(after=5))
    with streaming(http, "/chat", HELLO) as reader:
        assert reader.until("delta").data == {"delta": "One"}
        assert upstream.wait_stalled()
        upstream.release()
        assert names(reader.rest()) == ["delta", "message"]


def test_a_refusal_is_spoken(http, upstream):
    upstream.reply(Reply.refusal("I can't", "."))
    with streaming(http, "/chat", HELLO) as reader:
        events = reader.rest()
    assert deltas(events) == events[-1].data["message"] == "I can't."


def test_text_before_and_after_a_call_is_all_sent(http, client, upstream):
    tools = [{"type": "function", "function": {"name": "f"}}]
    assistant = client.beta.assistants.create(model="m", tools=tools)
    upstream.reply(Reply.function_calls(("call_1", "f", "{}"), text="One moment."))
    with streaming(http, "/chat", {**HELLO, "assistant_id": assistant.id}) as reader:
        events = reader.rest()
    assert deltas(events) == "One moment."
    (call,) = events[-1].data["required_action"]["submit_tool_outputs"]["tool_calls"]
    assert call["id"] == "call_1"


def test_an_answer_that_is_cut_short_says_so(http, upstream):
    upstream.reply(Reply.incomplete("Half"))
    with streaming(http, "/chat", HELLO) as reader:
        events = reader.rest()
    assert names(events) == ["delta", "message"]
    assert events[-1].data["incomplete_details"] == {"reason": "max_completion_tokens"}


@pytest.mark.parametrize(
    ("reply", "code", "heard"),
    [
        (Reply.http_error(500, {"error": {"message": "Broken."}}), "server_error", ""),
        (Reply.http_error(429, {"error": {"message": "Slow."}}), "rate_limit_exceeded", ""),
        (Reply.failed("server_error", "It broke.", "Half"), "server_error", "Half"),
        (Reply.text("Half").cut(after=6), "server_error", "Half"),
    ],
    ids=["500", "429", "failed", "cut"],
)
def test_a_failure_of_the_model_is_an_event(http, upstream, reply, code, heard):
    upstream.reply(reply.stalled(after=5) if heard else reply)
    with streaming(http, "/chat", HELLO) as reader:
        first = reader.next()
        assert first is not None
        upstream.release()
        events = [first, *reader.rest()]
        thread_id = reader.response.headers["x-thread-id"]
    assert (deltas(events), events[-1].name) == (heard, "error")
    assert events[-1].data["error"]["code"] == code
    # The thread can be used again.
    again = http.post("/chat", json={"message": "again", "thread_id": thread_id})
    assert again.json()["message"] == "Answer to: again"


def test_an_unknown_thread_is_an_ordinary_error(http):
    body = {**HELLO, "thread_id": "thread_unknown", "stream": True}
    error = error_of(http.post("/chat", json=body), 404)
    assert error["message"] == "No thread found with id 'thread_unknown'."


def test_a_streamed_answer_is_stored_although_its_client_disconnected(http, upstream):
    upstream.reply(Reply.text("One", " two").stalled(after=5))
    with streaming(http, "/chat", HELLO) as reader:
        reader.until("delta")
        headers = reader.response.headers
    upstream.release()
    run = ended(http, f"/threads/{headers['x-thread-id']}/runs/{headers['x-run-id']}")
    assert run["status"] == "completed"
    assert texts(http, run["thread_id"])[1] == ("assistant", "One two")


def test_a_chat_can_be_followed_as_a_run(http, upstream):
    upstream.reply(Reply.text("One", " two").stalled(after=5))
    with streaming(http, "/chat", HELLO) as reader:
        first = reader.until("delta")
        headers = reader.response.headers
        path = f"/threads/{headers['x-thread-id']}/runs/{headers['x-run-id']}"
        with following(http, path, first.id) as follower:
            upstream.release()
            rest = follower.rest()
        reader.rest()
    assert names(rest) == [
        *("message.delta", "message.completed", "step.completed", "run.completed", "done")
    ]
    assert rest[0].id == reader.events[1].id, "an event has one id, however it is reported"


def test_streamed_chats_on_a_thread_take_turns(http, upstream, together):
    thread_id = http.post("/threads", json={}).json()["id"]
    upstream.reply(Reply.text("First", " answer").stalled(after=5))

    def say(number: int):
        if number == 1:
            assert upstream.wait_stalled()
            upstream.release()
        body = {"message": f"question {number}", "thread_id": thread_id}
        with streaming(http, "/chat", body) as reader:
            return reader.rest()

    answers = [events[-1].data["message"] for events in together(say, 2)]
    assert answers == ["First answer", "Answer to: question 1"]
    assert texts(http, thread_id) == [
        *(("user", "question 0"), ("assistant", "First answer")),
        *(("user", "question 1"), ("assistant", "Answer to: question 1")),
    ]
    said = [item["content"][0]["text"] for item in upstream.requests[1].body["input"]]
    assert said == ["question 0", "First answer", "question 1"]


def test_many_streamed_chats_on_a_thread(http, upstream, together):
    thread_id = http.post("/threads", json={}).json()["id"]

    def say(number: int):
        with streaming(http, "/chat", {"message": f"q{number}", "thread_id": thread_id}) as reader:
            return reader.rest()[-1].data["message"]

    assert together(say, 6) == [f"Answer to: q{number}" for number in range(6)]
    said = texts(http, thread_id)
    assert [f"Answer to: {text}" for _, text in said[::2]] == [text for _, text in said[1::2]]


def test_a_long_silence_is_bridged(start, upstream):
    server = start(stream_keepalive_seconds=0.2)
    upstream.reply(Reply.text("One").stalled(after=4))
    with streaming(server.http, "/chat", HELLO) as reader:
        reader.until(PING)
        upstream.release()
        assert names(reader.rest())[-2:] == ["delta", "message"]


def test_one_line_of_json_each(http, upstream):
    upstream.reply(Reply.text('a\n\nb\r"c"'))
    with streaming(http, "/chat", HELLO) as reader:
        reader.rest()
    first = reader.raw.split(b"\n\n")[0].split(b"\n")
    assert first[1] == b"event: delta"
    assert json.loads(first[2].removeprefix(b"data: ")) == {"delta": 'a\n\nb\r"c"'}
    assert len(first) == 3


def test_what_ends_a_line_in_unicode_alone_ends_none_here(http, upstream):
    said = "one\u2028two\u2029three\x85four"
    upstream.reply(Reply.text(said))
    with http.stream("POST", "/chat", json={"message": "hi", "stream": True}) as answer:
        lines = answer.read().decode().splitlines()
    (message,) = (line for line in lines if line.startswith('data: {"message"'))
    assert json.loads(message.removeprefix("data: "))["message"] == said
    upstream.reply(Reply.text(said))
    body = {"assistant_id": "asst_default", "stream": True}
    with http.stream("POST", "/threads/runs", json=body) as answer:
        lines = answer.read().decode().splitlines()
    (delta,) = (line for line in lines if '"thread.message.delta"' in line)
    assert json.loads(delta.removeprefix("data: "))["delta"]["content"][0]["text"]["value"] == said
