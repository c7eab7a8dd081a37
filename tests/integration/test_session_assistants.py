"""Which assistants a browser's session may use, and what it may see of them."""

import json

import pytest

from tests.support.assistants_files import written
from tests.support.callers import ORIGIN, session_of
from tests.support.talk import error_of

FILE = """
assistants:
  - id: asst_one
    name: 하나
    description: For visitors.
    instructions: Answer as One.
    metadata:
      greeting: Hello
      greeting_ko: 안녕하세요
      suggestions: '["When do you open?"]'
      hours: Mo-Fr 09:00-18:00; Asia/Seoul
      internal_note: the owner's secret
      color_of_the_door: the owner's secret
  - id: asst_two
    name: Two
    instructions: Answer as Two.
"""
SETTINGS = {
    "api_keys": ["web:key-of-the-web-12345", "shop:key-of-the-shop-1234"],
    "public_chat": True,
    "public_project": "web",
    "cors_origins": [ORIGIN],
}


@pytest.fixture
def open_to_visitors(start, call_as, tmp_path):
    """Start with these assistants for visitors; return one, and what its page was sent."""

    def begin(*public_assistants: str, **settings):
        path = written(tmp_path, FILE)
        chosen = {"assistants_file": path, "public_assistants": [*public_assistants], **settings}
        server = start(**SETTINGS, **chosen)
        page = call_as(server)
        reported = page.http.post("/chat/sessions", headers={"origin": ORIGIN}).json()["assistants"]
        return call_as(server, session_of(page)), reported

    return begin


def test_a_session_lists_the_assistants_it_may_use(open_to_visitors):
    _, reported = open_to_visitors("asst_one", "asst_two")
    assert reported == [
        {
            "id": "asst_one",
            "name": "하나",
            "description": "For visitors.",
            "metadata": {
                "greeting": "Hello",
                "greeting_ko": "안녕하세요",
                "suggestions": json.dumps(["When do you open?"]),
                "hours": "Mo-Fr 09:00-18:00; Asia/Seoul",
            },
        },
        {"id": "asst_two", "name": "Two", "description": None, "metadata": {}},
    ]


def test_the_first_of_them_answers_by_default(open_to_visitors, upstream):
    visitor, _ = open_to_visitors("asst_one", "asst_two")
    for more, instructions in (
        ({}, "Answer as One."),
        ({"assistant_id": "asst_two"}, "Answer as Two."),
        ({"assistant_id": "asst_one"}, "Answer as One."),
    ):
        assert visitor.http.post("/chat", json={"message": "x", **more}).is_success
        assert upstream.requests[-1].body["instructions"] == instructions


def test_no_other_is_to_be_used(open_to_visitors, upstream):
    visitor, _ = open_to_visitors("asst_one")
    for other in ("asst_default", "asst_two", "asst_none"):
        error = error_of(
            visitor.http.post("/chat", json={"message": "x", "assistant_id": other}), 404
        )
        assert error["message"] == f"No assistant found with id '{other}'."
    assert upstream.requests == []
    # Nothing is kept of what was refused.
    assert visitor.http.get("/threads").json()["data"] == []


def test_without_the_setting_it_is_the_default_one(open_to_visitors, upstream):
    visitor, reported = open_to_visitors()
    assert [one["id"] for one in reported] == ["asst_default"]
    assert visitor.http.post("/chat", json={"message": "x"}).is_success
    error_of(visitor.http.post("/chat", json={"message": "x", "assistant_id": "asst_one"}), 404)


def test_one_that_is_not_there_is_left_out(open_to_visitors):
    visitor, reported = open_to_visitors("asst_gone", "asst_two")
    assert [one["id"] for one in reported] == ["asst_two"]
    error_of(visitor.http.post("/chat", json={"message": "x", "assistant_id": "asst_gone"}), 404)


def test_one_of_the_projects_own_may_be_among_them(start, call_as, upstream):
    server = start(**SETTINGS)
    made = {
        name: call_as(server, f"key-of-the-{name}-{digits}")
        .http.post("/assistants", json={"model": "m", "name": name, "instructions": name})
        .json()["id"]
        for name, digits in (("web", "12345"), ("shop", "1234"))
    }
    server.stop()
    server = start(**SETTINGS, public_assistants=[made["web"], made["shop"]])
    page = call_as(server)
    reported = page.http.post("/chat/sessions", headers={"origin": ORIGIN}).json()["assistants"]
    assert [one["name"] for one in reported] == ["web"]
    visitor = call_as(server, session_of(page))
    body = {"message": "x", "assistant_id": made["web"]}
    assert visitor.http.post("/chat", json=body).is_success
    body = {"message": "x", "assistant_id": made["shop"]}
    error_of(visitor.http.post("/chat", json=body), 404)


def test_it_serves_open_servers_as_well(start, call_as, upstream):
    server = start(public_chat=True, cors_origins=[ORIGIN], allow_open=True)
    visitor = call_as(server, session_of(call_as(server)))
    thread_id = visitor.http.post("/chat", json={"message": "x"}).json()["thread_id"]
    other = call_as(server, session_of(call_as(server)))
    error_of(other.http.get(f"/threads/{thread_id}"), 404)
    error_of(other.http.post("/threads"), 403)
    # Who shows nothing is the project itself there.
    assert server.http.get(f"/threads/{thread_id}").is_success


def test_instructions_are_not_shown_to_visitors(open_to_visitors, upstream):
    visitor, _ = open_to_visitors("asst_one")
    reply = visitor.http.post("/chat", json={"message": "hi", "stream": True})
    path = f"/threads/{reply.headers['x-thread-id']}/runs"
    run_path = f"{path}/{reply.headers['x-run-id']}"
    events = visitor.http.get(f"{run_path}/events").text
    assert "event: thread.run.completed" in events
    assert "Answer as One" not in reply.text + events
    (listed,) = visitor.http.get(path).json()["data"]
    retrieved = visitor.http.get(run_path).json()
    assert listed == retrieved
    assert (retrieved["instructions"], retrieved["tools"]) == (None, [])
    assert upstream.requests[-1].body["instructions"] == "Answer as One."
