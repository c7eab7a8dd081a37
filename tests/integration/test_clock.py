"""A clock that is set back: what was said first stays first."""

import time

import pytest

from app.domain import clock
from tests.support.replies import Reply
from tests.support.talk import ended, error_of, texts


@pytest.fixture
def http(start):
    return start(busy_thread="enqueue").http


@pytest.fixture
def set_clock(monkeypatch):
    """Set the clock of the servers of this process, so many seconds ahead of the true time."""

    def ahead(seconds: float) -> None:
        monkeypatch.setattr(clock, "_wall", lambda: time.time() + seconds)

    return ahead


def times(http, path: str) -> list[int]:
    page = http.get(path, params={"order": "asc", "limit": 100}).json()
    return [item["created_at"] for item in page["data"]]


def test_the_model_answers_the_last_question(http, upstream, set_clock):
    set_clock(10)
    thread_id = http.post("/chat", json={"message": "first"}).json()["thread_id"]
    set_clock(0)
    second = http.post("/chat", json={"message": "second", "thread_id": thread_id})
    assert second.json()["message"] == "Answer to: second"
    set_clock(-10)
    said = {"role": "user", "content": "third"}
    http.post(f"/threads/{thread_id}/messages", json=said)
    set_clock(-20)
    more = [{"role": "user", "content": "fourth"}]
    body = {"assistant_id": "asst_default", "additional_messages": more}
    run = http.post(f"/threads/{thread_id}/runs", json=body).json()
    assert ended(http, f"/threads/{thread_id}/runs/{run['id']}")["status"] == "completed"
    assert texts(http, thread_id) == [
        *(("user", "first"), ("assistant", "Answer to: first")),
        *(("user", "second"), ("assistant", "Answer to: second")),
        *(("user", "third"), ("user", "fourth"), ("assistant", "Answer to: fourth")),
    ]
    asked = [item["content"][0]["text"] for item in upstream.requests[-1].body["input"]]
    assert asked[-2:] == ["third", "fourth"]
    for listed in ("messages", "runs"):
        found = times(http, f"/threads/{thread_id}/{listed}")
        assert found == sorted(found)
    runs = http.get(f"/threads/{thread_id}/runs").json()["data"]
    assert runs[0]["id"] == run["id"], "the newest first"


def test_every_list_is_in_the_order_of_creation(http, set_clock):
    made: dict[str, list[str]] = {"/threads": [], "/assistants": [], "/vector_stores": []}
    for ahead in (20, 10, 0):
        set_clock(ahead)
        made["/threads"].append(http.post("/threads", json={}).json()["id"])
        made["/assistants"].append(http.post("/assistants", json={"model": "m"}).json()["id"])
        made["/vector_stores"].append(http.post("/vector_stores", json={}).json()["id"])
    for path, ids in made.items():
        page = http.get(path, params={"order": "asc", "limit": 100}).json()
        assert [item["id"] for item in page["data"] if item["id"] in ids] == ids
        newest = http.get(path, params={"limit": 2}).json()["data"]
        assert [item["id"] for item in newest] == ids[:0:-1]
        rest = http.get(path, params={"after": ids[1], "limit": 1}).json()["data"]
        assert [item["id"] for item in rest] == ids[:1]


def test_runs_in_line_keep_their_turns(http, upstream, set_clock):
    set_clock(10)
    upstream.reply(Reply.text("Slow").stalled())
    thread_id = http.post("/threads", json={"messages": [{"role": "user", "content": "0"}]}).json()[
        "id"
    ]
    paths = []
    for number in range(3):
        more = [{"role": "user", "content": f"turn {number}"}]
        body = {"assistant_id": "asst_default", "additional_messages": more}
        run = http.post(f"/threads/{thread_id}/runs", json=body).json()
        paths.append(f"/threads/{thread_id}/runs/{run['id']}")
        set_clock(-10 * number)
    assert upstream.wait_stalled()
    upstream.release()
    assert [ended(http, path)["status"] for path in paths] == ["completed"] * 3
    answers = [said for role, said in texts(http, thread_id) if role == "assistant"]
    assert answers == ["Slow", "Answer to: turn 1", "Answer to: turn 2"]


def test_a_run_begun_while_the_clock_was_ahead(start, upstream, set_clock):
    http = start(run_expires_seconds=5, lease_seconds=0.3).http
    set_clock(3600)
    tools = [{"type": "function", "function": {"name": "mine"}}]
    upstream.reply(Reply.function_calls(("call_1", "mine", "{}")))
    thread = {"messages": [{"role": "user", "content": "hello"}]}
    body = {"assistant_id": "asst_default", "thread": thread, "tools": tools}
    run = http.post("/threads/runs", json=body).json()
    messages = f"/threads/{run['thread_id']}/messages"
    path = f"/threads/{run['thread_id']}/runs/{run['id']}"
    said = {"role": "user", "content": "and now?"}
    assert "active" in error_of(http.post(messages, json=said))["message"]
    set_clock(0)
    # Its client never comes back; so it expires, and not in an hour.
    assert ended(http, path)["status"] == "expired"
    assert http.post(messages, json=said).is_success
