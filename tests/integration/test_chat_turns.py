"""Chats on one thread take turns, whoever asks and whichever process answers."""

import pytest

from tests.support.replies import Reply
from tests.support.talk import error_of, texts


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
    assert asking.result(timeout=10).json()["message"] == "Answer to: q"
    assert texts(http, thread_id) == [
        ("user", "hello there"),
        ("assistant", "First"),
        ("user", "q"),
        ("assistant", "Answer to: q"),
    ]
