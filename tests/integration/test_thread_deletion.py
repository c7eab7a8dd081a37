"""`DELETE /threads`: many at once, by the filters that lists have."""

import pytest

from tests.support.belongings import FUNCTION
from tests.support.replies import Reply
from tests.support.stream_reader import streaming
from tests.support.talk import error_of
from tests.support.waiting import wait_until


@pytest.fixture
def http(own_http):
    return own_http


def ids(http) -> list[str]:
    return [thread["id"] for thread in http.get("/threads", params={"limit": 100}).json()["data"]]


def deleted(http, **params) -> int:
    answer = http.delete("/threads", params=params)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body == {
        "object": "thread.list.deleted",
        "deleted": True,
        "count": body["count"],
        "files": 0,
        "vector_stores": 0,
    }
    return body["count"]


@pytest.mark.parametrize(
    "params", [{}, {"all": "false"}, {"limit": 1}, {"order": "asc"}, {"x": "y"}]
)
def test_it_is_to_be_said_which(http, made, params):
    kept = made()
    error = error_of(http.delete("/threads", params=params))
    assert (error["param"], error["code"]) == ("all", "missing_required_parameter")
    assert ids(http) == [kept]


def test_all_are_all(http, made):
    for number in range(3):
        made(f"{number}")
    assert deleted(http, all="true") == 3
    assert ids(http) == []
    assert deleted(http, all="true") == 0


def test_only_those_that_are_named_go(http, made):
    kept = made("apples", user="8")
    for _ in range(2):
        made("apples", user="7")
    pears = made("pears", user="7")
    assert deleted(http, **{"metadata[user]": "9"}) == 0
    assert deleted(http, **{"metadata[user]": "7", "q": "apples"}) == 2
    assert ids(http) == [pears, kept]
    # A filter is not given up because `all` stands beside it.
    assert deleted(http, **{"metadata[user]": "7", "all": "true"}) == 1
    assert ids(http) == [kept]
    assert deleted(http, created_after=2**53) == deleted(http, created_before=1) == 0
    assert deleted(http, created_after=1) == 1


def test_nothing_of_them_is_left(http, made):
    thread_id = made("apples")
    said = http.get(f"/threads/{thread_id}/messages").json()["data"][0]["id"]
    run = http.post("/chat", json={"message": "x", "thread_id": thread_id}).json()["run_id"]
    deleted(http, q="apples")
    for path in ("", "/messages", f"/messages/{said}", "/runs", f"/runs/{run}/steps"):
        error_of(http.get(f"/threads/{thread_id}{path}"), 404)
    assert http.get("/threads", params={"q": "apples"}).json()["data"] == []


def test_many_go_some_at_a_time(http, made):
    for _ in range(230):
        made(kind="many")
    kept = made(kind="one")
    assert deleted(http, **{"metadata[kind]": "many"}) == 230
    assert ids(http) == [kept]


def test_runs_at_work_are_stopped(http, made, upstream):
    upstream.reply(Reply.text("Half", " of", " it").stalled(after=6))
    with streaming(http, "/chat", {"message": "stalled words"}) as reader:
        reader.until("delta")
        thread_id = reader.response.headers["x-thread-id"]
        assert deleted(http, q="stalled") == 1
        assert upstream.wait_hang_up(), "the model works on"
        assert reader.rest()[-1].name == "error"
    error_of(http.get(f"/threads/{thread_id}"), 404)


def test_runs_that_wait_go_too(http, upstream):
    upstream.reply(Reply.function_calls(("call_1", "f", "{}")))
    thread = {"messages": [{"role": "user", "content": "waiting words"}]}
    body = {"assistant_id": "asst_default", "thread": thread, "tools": [FUNCTION]}
    run = http.post("/threads/runs", json=body).json()
    path = f"/threads/{run['thread_id']}/runs/{run['id']}"
    wait_until(lambda: http.get(path).json()["status"] == "requires_action")
    assert deleted(http, q="waiting") == 1
    outputs = {"tool_outputs": [{"tool_call_id": "call_1", "output": "x"}]}
    error_of(http.post(f"{path}/submit_tool_outputs", json=outputs), 404)


def test_parallel_deletions_count_each_thread_once(http, made, together):
    for _ in range(40):
        made(kind="raced")
    counts = together(lambda _: deleted(http, **{"metadata[kind]": "raced"}), 4)
    assert sum(counts) == 40
    assert ids(http) == []
