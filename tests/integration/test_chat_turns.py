"""Chats on one thread take turns, whoever asks and whichever process answers."""

import httpx
import pytest

from app.services import run_creation
from tests.support.function_calls import call, function_tools
from tests.support.replies import Reply
from tests.support.talk import error_of, texts
from tests.support.waiting import wait_until

BOTH_APIS = True


def in_turns(spoken: list[tuple[str, str]], count: int) -> None:
    """Look that every question stands right before its own answer, and none is missing."""
    assert [role for role, _ in spoken] == ["user", "assistant"] * count
    questions, answers = spoken[::2], spoken[1::2]
    assert [text for _, text in answers] == [f"Answer to: {text}" for _, text in questions]
    assert sorted(text for _, text in questions) == sorted(f"q{number}" for number in range(count))


@pytest.mark.parametrize("count", [2, 10])
def test_chats_at_once_take_turns(http, together, count):
    thread_id = http.post("/threads").json()["id"]

    def ask(number: int) -> str:
        body = {"message": f"q{number}", "thread_id": thread_id}
        return http.post("/chat", json=body).json()["message"]

    assert together(ask, count) == [f"Answer to: q{number}" for number in range(count)]
    in_turns(texts(http, thread_id), count)


def test_chats_at_once_on_many_threads_do_not_wait(http, upstream, together):
    # Each waits until all have reached the model: taking turns, none would ever be answered.
    upstream.reply(*(Reply.text(f"{number}").stalled() for number in range(5)))

    def ask(number: int) -> int:
        if number == 5:
            while len(upstream.requests) < 5:
                assert upstream.wait_stalled()
            upstream.release()
            return 200
        return http.post("/chat", json={"message": "x"}).status_code

    assert together(ask, 6) == [200] * 6


def test_chats_through_several_processes_take_turns(start, together):
    servers = [start(), start()]
    thread_id = servers[0].http.post("/threads").json()["id"]

    def ask(number: int) -> int:
        body = {"message": f"q{number}", "thread_id": thread_id}
        return servers[number % 2].http.post("/chat", json=body).status_code

    assert together(ask, 6) == [200] * 6
    in_turns(texts(servers[0].http, thread_id), 6)


def test_a_chat_waits_for_the_run_of_another_client(http, thread_id, assistant_id, upstream, aside):
    upstream.reply(Reply.text("First").stalled())
    http.post(f"/threads/{thread_id}/runs", json={"assistant_id": assistant_id})
    assert upstream.wait_stalled()
    asking = aside(lambda: http.post("/chat", json={"message": "q", "thread_id": thread_id}))
    busy = http.post(f"/threads/{thread_id}/messages", json={"role": "user", "content": "x"})
    error_of(busy)
    upstream.release()
    assert asking.result(timeout=60).json()["message"] == "Answer to: q"
    assert texts(http, thread_id) == [
        ("user", "hello there"),
        ("assistant", "First"),
        ("user", "q"),
        ("assistant", "Answer to: q"),
    ]


def test_questions_to_several_processes_are_answered_in_their_order(start, upstream, aside):
    """Each waits in the thread's line, which is in the database, from the moment it comes."""
    servers = [start(), start()]
    http = servers[0].http
    thread_id = http.post("/threads").json()["id"]
    upstream.reply(Reply.text("Answer to: q0").stalled())

    def ask(number: int):
        body = {"message": f"q{number}", "thread_id": thread_id}
        asking = aside(lambda: servers[number % 2].http.post("/chat", json=body))
        runs = f"/threads/{thread_id}/runs"
        wait_until(lambda: len(http.get(runs).json()["data"]) == number + 1)
        return asking

    asking = [ask(number) for number in range(6)]
    # A question is no message before its turn.
    assert texts(http, thread_id) == [("user", "q0")]
    assert upstream.wait_stalled()
    upstream.release()
    answers = [one.result(timeout=60).json()["message"] for one in asking]
    assert answers == [f"Answer to: q{number}" for number in range(6)]
    spoken = texts(http, thread_id)
    in_turns(spoken, 6)
    assert [text for _, text in spoken[::2]] == [f"q{number}" for number in range(6)]


@pytest.mark.parametrize("streamed", [False, True])
def test_a_chat_in_line_may_be_cancelled_and_its_question_stays(
    http, thread_id, assistant_id, upstream, aside, streamed
):
    upstream.reply(Reply.text("First").stalled())
    runs = f"/threads/{thread_id}/runs"
    http.post(runs, json={"assistant_id": assistant_id})
    assert upstream.wait_stalled()
    body = {"message": "q", "thread_id": thread_id, "stream": streamed}
    asking = aside(lambda: http.post("/chat", json=body))
    wait_until(lambda: len(http.get(runs).json()["data"]) == 2)
    waiting = http.get(runs).json()["data"][0]
    assert waiting["status"] == "queued"
    http.post(f"{runs}/{waiting['id']}/cancel")
    answer = asking.result(timeout=60)
    assert "run_cancelled" in answer.text
    upstream.release()
    wait_until(lambda: len(texts(http, thread_id)) == 3)
    assert ("user", "q") in texts(http, thread_id)
    # The line goes on.
    said = http.post("/chat", json={"message": "later", "thread_id": thread_id}).json()
    assert said["message"] == "Answer to: later"


def test_what_a_chat_gives_up_is_counted(start, upstream):
    """A run that waits for its client ends when the client speaks on instead."""
    server = start()
    http = server.http
    assistant = server.client.beta.assistants.create(model="m", tools=function_tools("mine"))
    upstream.reply(Reply.function_calls(call("mine")), Reply.text("Fine."))
    body = {"message": "x", "assistant_id": assistant.id}
    said = http.post("/chat", json=body).json()
    http.post("/chat", json={"message": "never mind", "thread_id": said["thread_id"]})
    metrics = httpx.get(server.base_url + "/metrics").text
    assert 'threadkeeper_runs_ended_total{status="cancelled"} 1.0' in metrics
    assert 'threadkeeper_runs_ended_total{status="completed"} 1.0' in metrics


@pytest.mark.parametrize("through", [0, 1])
def test_a_chat_in_line_does_not_wait_for_a_client_that_is_to_submit_outputs(
    start, upstream, aside, through
):
    servers = [start(lease_seconds=300), start(lease_seconds=300)]
    http = servers[0].http
    assistant = servers[0].client.beta.assistants.create(model="m", tools=function_tools("mine"))
    upstream.reply(Reply.function_calls(call("mine")).stalled())
    thread_id = http.post("/threads").json()["id"]
    runs = f"/threads/{thread_id}/runs"
    body = {"message": "q0", "thread_id": thread_id}
    first = aside(lambda: http.post("/chat", json={**body, "assistant_id": assistant.id}))
    assert upstream.wait_stalled()
    later = []
    for number in (1, 2):
        said = {**body, "message": f"q{number}"}
        later.append(aside(lambda said=said: servers[through].http.post("/chat", json=said)))
        wait_until(lambda: len(http.get(runs).json()["data"]) == len(later) + 1)
    upstream.release()
    assert first.result(timeout=60).status_code in (200, 503)
    answers = [one.result(timeout=60).json()["message"] for one in later]
    assert answers == ["Answer to: q1", "Answer to: q2"]
    statuses = [run["status"] for run in http.get(runs, params={"order": "asc"}).json()["data"]]
    assert statuses == ["cancelled", "completed", "completed"]


def test_a_line_has_an_end_for_chats_too(http, thread_id, assistant_id, upstream, monkeypatch):
    monkeypatch.setattr(run_creation, "LONGEST_LINE", 1)
    upstream.reply(Reply.text("First").stalled())
    http.post(f"/threads/{thread_id}/runs", json={"assistant_id": assistant_id})
    assert upstream.wait_stalled()
    refused = http.post("/chat", json={"message": "q", "thread_id": thread_id})
    assert error_of(refused, 429)["code"] == "thread_line_too_long"
    upstream.release()
