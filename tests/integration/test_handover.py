"""A person answers in place of the assistant."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.callers import ORIGIN, session_of
from tests.support.repeats import counted, keyed, made, wait_until_repeats_are_known
from tests.support.replies import Reply
from tests.support.talk import error_of
from tests.support.waiting import wait_until

SETTINGS = {
    "api_keys": ["web:key-of-the-web-12345", "shop:key-of-the-shop-1234"],
    "public_chat": True,
    "public_project": "web",
    "public_rate_limit": "",
    "cors_origins": [ORIGIN],
}


@pytest.fixture(scope="module")
def public(start_shared):
    return start_shared(**SETTINGS)


@pytest.fixture
def owner(public, call_as):
    return call_as(public, "key-of-the-web-12345").http


@pytest.fixture
def visitor(public, call_as, upstream):
    return call_as(public, session_of(call_as(public))).http


def ok(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()


def chat(http, message="hello", thread_id=None, **more):
    return ok(http.post("/chat", json={"message": message, "thread_id": thread_id, **more}))


def texts(http, thread_id: str) -> list[tuple[str, str]]:
    listed = ok(http.get(f"/threads/{thread_id}/messages", params={"order": "asc"}))["data"]
    return [(one["role"], one["content"][0]["text"]["value"]) for one in listed]


def test_a_person_takes_over_answers_and_hands_back(owner, visitor):
    thread_id = chat(visitor)["thread_id"]
    path = f"/threads/{thread_id}"
    assert ok(visitor.get(f"{path}/handover"))["state"] == "bot"
    asked = {"contact": " 010-1234-5678 ", "note": "환불\n문의"}
    waiting = ok(visitor.post(f"{path}/handover", json=asked))
    assert (waiting["state"], waiting["contact"], waiting["note"]) == (
        *("waiting", "010-1234-5678", "환불\n문의"),
    )
    # The assistant goes on answering until somebody comes.
    assert chat(visitor, "still there?", thread_id)["message"] == "Answer to: still there?"
    (listed,) = [one for one in ok(owner.get("/handovers"))["data"] if one["id"] == thread_id]
    assert (listed["state"], listed["contact"], listed["visitor"]) == (
        *("waiting", "010-1234-5678", None),
    )
    taken = ok(owner.post(f"{path}/take", json={"name": "수진"}))
    assert (taken["state"], taken["person"]) == ("person", "수진")
    before = ok(visitor.get(f"{path}/handover"))
    reply = ok(owner.post(f"{path}/reply", json={"content": "제가 볼게요."}))
    assert (reply["role"], reply["metadata"], reply["run_id"]) == (
        *("assistant", {"person": "수진"}, None),
    )
    after = ok(visitor.get(f"{path}/handover"))
    assert before["last_message_id"] != after["last_message_id"] == reply["id"]
    sent = chat(visitor, "고마워요", thread_id)
    assert "run_id" not in sent and sent["handover"]["person"] == "수진"
    assert sent["message"] == "지금은 수진 님이 답변하고 있습니다. 메시지를 전달했습니다."
    assert ok(owner.post(f"{path}/hand_back"))["state"] == "bot"
    assert chat(visitor, "and now?", thread_id)["message"] == "Answer to: and now?"
    assert texts(visitor, thread_id)[-4:] == [
        ("assistant", "제가 볼게요."),
        ("user", "고마워요"),
        ("user", "and now?"),
        ("assistant", "Answer to: and now?"),
    ]


def test_a_streamed_message_to_a_person_is_answered_like_any_other(owner, visitor):
    thread_id = chat(visitor)["thread_id"]
    ok(owner.post(f"/threads/{thread_id}/take", json={"name": "Sue"}))
    body = {"message": "hi", "thread_id": thread_id, "stream": True}
    answer = visitor.post("/chat", json=body)
    assert answer.headers["x-thread-id"] == thread_id and "x-run-id" not in answer.headers
    events = [part.split("\ndata: ") for part in answer.text.strip().split("\n\n")]
    assert [name.removeprefix("event: ") for name, _ in events] == ["delta", "message"]
    said = "Sue answers here now and has got your message."
    assert json.loads(events[0][1]) == {"delta": said}
    assert json.loads(events[1][1])["message"] == said
    assert ok(owner.get(f"/threads/{thread_id}/runs"))["data"][0]["status"] == "completed"


def test_taking_a_thread_stops_the_answer_in_progress(owner, visitor, upstream):
    thread_id = chat(visitor)["thread_id"]
    upstream.reply(Reply.text("Half", " and half").stalled(after=5))
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(
            visitor.post, "/chat", json={"message": "first", "thread_id": thread_id}
        )
        runs = f"/threads/{thread_id}/runs"
        wait_until(lambda: ok(owner.get(runs))["data"][0]["status"] == "in_progress")
        second = pool.submit(
            visitor.post, "/chat", json={"message": "second", "thread_id": thread_id}
        )
        wait_until(lambda: len(ok(owner.get(runs))["data"]) == 3)
        ok(owner.post(f"/threads/{thread_id}/take", json={"name": "Sue"}))
        for waiting in (first, second):
            assert error_of(waiting.result(30), 503)["code"] == "run_cancelled"
    upstream.release()
    # Nothing that was asked is lost.
    asked = [text for role, text in texts(owner, thread_id) if role == "user"]
    assert asked == ["hello", "first", "second"]
    assert {one["status"] for one in ok(owner.get(runs))["data"]} == {"completed", "cancelled"}


def test_two_people_cannot_take_the_same_thread(owner, visitor):
    thread_id = chat(visitor)["thread_id"]
    path = f"/threads/{thread_id}/take"
    names = [f"P{number}" for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda name: owner.post(path, json={"name": name}), names))
    won = [answer.json()["person"] for answer in answers if answer.is_success]
    assert len(won) == 1
    lost = [error_of(answer, 400) for answer in answers if not answer.is_success]
    assert {error["code"] for error in lost} == {"handover_taken"}
    # The one who has it may say so twice.
    assert ok(owner.post(path, json={"name": won[0]}))["person"] == won[0]


def test_a_chat_and_a_take_at_once_never_let_both_answer(owner, visitor):
    for round_ in range(10):
        thread_id = chat(visitor)["thread_id"]
        with ThreadPoolExecutor(2) as pool:
            asked = pool.submit(
                visitor.post, "/chat", json={"message": f"{round_}", "thread_id": thread_id}
            )
            pool.submit(owner.post, f"/threads/{thread_id}/take", json={"name": "Sue"}).result(30)
            asked.result(30)
        wait_until(
            lambda: (
                not [
                    run
                    for run in ok(owner.get(f"/threads/{thread_id}/runs"))["data"]  # noqa: B023
                    if run["status"] not in ("completed", "cancelled")
                ]
            )
        )
        newest = chat(visitor, "after", thread_id)
        assert "run_id" not in newest


def test_the_order_of_steps_is_checked(owner, visitor):
    thread_id = chat(visitor)["thread_id"]
    path = f"/threads/{thread_id}"
    refused = [
        (visitor.delete(f"{path}/handover"), "handover_not_waiting"),
        (owner.post(f"{path}/reply", json={"content": "hi"}), "handover_not_taken"),
        (owner.post(f"{path}/hand_back"), "handover_not_taken"),
    ]
    for answer, code in refused:
        assert error_of(answer, 400)["code"] == code
    first = ok(visitor.post(f"{path}/handover"))
    again = ok(visitor.post(f"{path}/handover", json={"contact": "me@example.org"}))
    assert (again["contact"], again["requested_at"]) == ("me@example.org", first["requested_at"])
    assert ok(visitor.delete(f"{path}/handover"))["state"] == "bot"
    ok(owner.post(f"{path}/take", json={"name": "Sue"}))
    for answer in (visitor.post(f"{path}/handover"),):
        assert error_of(answer, 400)["code"] == "handover_taken"


@pytest.mark.parametrize(
    ("call", "body"),
    [
        ("handover", {"contact": "x" * 321}),
        ("handover", {"contact": "a@b.c\r\nBcc: d@e.f"}),
        ("handover", {"note": "x" * 2001}),
        ("handover", {"unknown": 1}),
        ("take", {}),
        ("take", {"name": " "}),
        ("take", {"name": "x" * 129}),
        ("take", {"name": "a\nb"}),
        ("reply", {"content": " "}),
        ("reply", {"content": "x" * 32_001}),
    ],
)
def test_invalid_bodies_are_refused(owner, visitor, call, body):
    thread_id = chat(visitor)["thread_id"]
    error_of(owner.post(f"/threads/{thread_id}/{call}", json=body), 400)


def test_visitors_may_only_ask(owner, visitor, public, call_as):
    thread_id = chat(visitor)["thread_id"]
    path = f"/threads/{thread_id}"
    for answer in (
        visitor.get("/handovers"),
        visitor.post(f"{path}/take", json={"name": "Me"}),
        visitor.post(f"{path}/reply", json={"content": "I am the shop"}),
        visitor.post(f"{path}/hand_back"),
    ):
        assert error_of(answer, 403)["code"] == "session_not_allowed"
    stranger = call_as(public, session_of(call_as(public))).http
    other = call_as(public, "key-of-the-shop-1234").http
    for http in (stranger, other):
        error_of(http.get(f"{path}/handover"), 404)
        error_of(http.post(f"{path}/handover"), 404)
        error_of(http.delete(f"{path}/handover"), 404)
    for name, body in (("take", {"name": "x"}), ("reply", {"content": "x"}), ("hand_back", None)):
        error_of(other.post(f"{path}/{name}", json=body), 404)
    ok(visitor.post(f"{path}/handover"))
    assert thread_id not in [one["id"] for one in ok(other.get("/handovers"))["data"]]


def test_a_visitor_cannot_make_an_answer_a_persons(owner, visitor):
    thread_id = chat(visitor)["thread_id"]
    path = f"/threads/{thread_id}"
    ok(owner.post(f"{path}/take", json={"name": "수진"}))
    written = ok(owner.post(f"{path}/reply", json={"content": "제가 볼게요."}))
    answer = ok(visitor.get(f"{path}/messages", params={"order": "asc"}))["data"][1]
    for message, forged in (
        (answer, {"person": "수진"}),
        (written, {"person": "민호"}),
        (written, {}),
    ):
        refused = visitor.post(f"{path}/messages/{message['id']}", json={"metadata": forged})
        assert error_of(refused, 403)["code"] == "session_not_allowed"
    assert ok(owner.get(f"{path}/messages/{written['id']}"))["metadata"] == {"person": "수진"}
    mine = {"seen": "yes"}
    changed = ok(visitor.post(f"{path}/messages/{answer['id']}", json={"metadata": mine}))
    assert changed["metadata"] == mine
    unchanged = ok(visitor.post(f"{path}/messages/{written['id']}", json={}))
    assert unchanged["metadata"] == {"person": "수진"}


def test_a_program_with_a_key_may_still_run_the_assistant(owner, visitor):
    """Its author decides, for example to let the assistant draft an answer for the person."""
    thread_id = chat(visitor)["thread_id"]
    ok(owner.post(f"/threads/{thread_id}/take", json={"name": "Sue"}))
    run = ok(owner.post(f"/threads/{thread_id}/runs", json={"assistant_id": "asst_default"}))
    path = f"/threads/{thread_id}/runs/{run['id']}"
    wait_until(lambda: ok(owner.get(path))["status"] == "completed")


def test_deleting_the_thread_deletes_the_request(owner, visitor):
    thread_id = chat(visitor)["thread_id"]
    ok(visitor.post(f"/threads/{thread_id}/handover", json={"contact": "me@example.org"}))
    ok(visitor.delete(f"/threads/{thread_id}"))
    assert thread_id not in [one["id"] for one in ok(owner.get("/handovers"))["data"]]


def test_who_asked_last_is_listed_first(owner, visitor):
    first, second = (chat(visitor)["thread_id"] for _ in range(2))
    for thread_id in (first, second):
        ok(visitor.post(f"/threads/{thread_id}/handover", json={"note": "hello"}))
    ok(visitor.post(f"/threads/{first}/handover"))  # asks again, while waiting: the same place

    def order() -> list[str]:
        waiting = ok(owner.get("/handovers", params={"state": "waiting"}))["data"]
        return [one["id"] for one in waiting if one["id"] in (first, second)]

    assert order() == [second, first]
    ok(owner.post(f"/threads/{first}/take", json={"name": "수진"}))
    ok(owner.post(f"/threads/{first}/hand_back"))
    ok(visitor.post(f"/threads/{first}/handover"))
    assert order() == [first, second]


@pytest.mark.parametrize(
    "sent",
    [[keyed("once")] * 3, [counted(number) for number in range(3)]],
    ids=["with a key", "counted"],
)
def test_a_repeated_message_is_delivered_to_the_person_once(owner, visitor, sent):
    wait_until_repeats_are_known(owner)
    thread_id = chat(visitor)["thread_id"]
    ok(owner.post(f"/threads/{thread_id}/take", json={"name": "수진"}))
    body = {"message": "환불해 주세요", "thread_id": thread_id}
    first, again = (made(visitor, "/chat", body, headers) for headers in sent[:2])
    assert first == again and first["handover"]["person"] == "수진"
    assert [said for _, said in texts(visitor, thread_id)].count("환불해 주세요") == 1
    ok(owner.post(f"/threads/{thread_id}/hand_back"))
    late = made(visitor, "/chat", body, sent[2])
    assert {**late["handover"], "person": "수진"} == first["handover"] != late["handover"]
    assert late["message"] == "메시지를 전달했습니다."
    assert "run_id" in made(visitor, "/chat", body, keyed("another message"))
