"""The header `Idempotency-Key`: a request that is sent again is not executed again."""

from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, update

from app.db.key_tables import idempotency_keys
from app.db.tables import messages, runs
from tests.support.function_calls import call, function_tools
from tests.support.repeats import counted, keyed, made
from tests.support.replies import Reply
from tests.support.rows import connected
from tests.support.stream_reader import names, streaming
from tests.support.talk import ended, error_of
from tests.support.waiting import wait_until

ASSISTANT = {"assistant_id": "asst_default"}
TWO_SERVERS = {"api_keys": ["site:key-of-the-site", "shop:key-of-the-shop"]}


@pytest.fixture
def file_id(http) -> str:
    form = {"files": {"file": ("a.txt", b"Open.")}, "data": {"purpose": "assistants"}}
    made_id: str = http.post("/files", **form).json()["id"]
    return made_id


@pytest.fixture
def store_id(http) -> str:
    made_id: str = http.post("/vector_stores").json()["id"]
    return made_id


REQUESTS: dict[str, tuple[str, dict[str, Any]]] = {
    "assistant": ("/assistants", {"model": "m"}),
    "thread": ("/threads", {}),
    "message": ("/threads/{thread_id}/messages", {"role": "user", "content": "yes"}),
    "run": ("/threads/{thread_id}/runs", ASSISTANT),
    "thread and run": ("/threads/runs", {**ASSISTANT, "instructions": "Be brief."}),
    "chat": ("/chat", {"message": "hi"}),
    "chat on a thread": ("/chat", {"message": "hi", "thread_id": "{thread_id}"}),
    "vector store": ("/vector_stores", {}),
    "vector store file": ("/vector_stores/{store_id}/files", {"file_id": "{file_id}"}),
    "file batch": ("/vector_stores/{store_id}/file_batches", {"file_ids": ["{file_id}"]}),
}


@pytest.fixture(params=REQUESTS)
def asked(request, thread_id, store_id, file_id) -> tuple[str, dict]:
    """A path and a body."""
    ids = {"thread_id": thread_id, "store_id": store_id, "file_id": file_id}

    def filled(value):
        match value:
            case str():
                return value.format_map(ids)
            case list():
                return [filled(one) for one in value]
        return value

    path, body = REQUESTS[request.param]
    return filled(path), {name: filled(value) for name, value in body.items()}


@pytest.fixture
def key(request) -> str:
    """A key of this test alone."""
    name: str = request.node.name
    return name


def id_of(answer: dict) -> str:
    """Return what a request has created; for a chat, its run."""
    found: str = answer.get("id") or answer["run_id"]
    return found


def test_the_same_key_gets_the_same_object(http, upstream, asked, key):
    path, body = asked
    first = made(http, path, body, keyed(key))
    again = made(http, path, body, keyed(key))
    assert id_of(again) == id_of(first)


def test_another_key_creates_another_object(http, upstream, asked, key):
    path, body = asked
    if "/files" in path and "batches" not in path:
        pytest.skip("a vector store has each file once")
    first = made(http, path, body, keyed(f"one {key}"))
    if "/runs" in path and "thread_id" in first:
        ended(http, f"/threads/{first['thread_id']}/runs/{first['id']}")
    assert id_of(made(http, path, body, keyed(f"two {key}"))) != id_of(first)


def test_another_body_with_the_same_key_is_refused(http, upstream, asked, key):
    path, body = asked
    made(http, path, body, keyed(key))
    other = {**body, "metadata": {"other": "yes"}}
    if "file_id" in body or "file_ids" in body:
        other = {**body, "attributes": {"other": "yes"}}
    error = error_of(http.post(path, json=other, headers=keyed(key)))
    assert (error["param"], error["code"]) == ("Idempotency-Key", "idempotency_key_reused")


def test_another_path_with_the_same_key_is_refused(http):
    made(http, "/threads", {}, keyed("for threads"))
    assert error_of(http.post("/vector_stores", json={}, headers=keyed("for threads")))


@pytest.mark.parametrize("key", ["", "k" * 256, "a\tb"])
def test_a_bad_key_is_refused(http, key):
    assert error_of(http.post("/threads", headers=keyed(key)))["param"] == "Idempotency-Key"


def test_the_longest_key_is_accepted(http):
    assert http.post("/threads", headers=keyed("k" * 255)).is_success


def test_what_was_refused_is_asked_anew(http, upstream, thread_id):
    path, key = f"/threads/{thread_id}/messages", keyed("after an error")
    refused = http.post(path, json={"role": "user", "content": []}, headers=key)
    assert refused.status_code == 400
    assert made(http, path, {"role": "user", "content": "now"}, key)["object"] == "thread.message"


def test_requests_with_one_key_at_the_same_time_create_one(http, together):
    def create(_: int) -> str:
        found: str = made(http, "/threads", {}, keyed("at the same time"))["id"]
        return found

    assert len(set(together(create, 8))) == 1


def test_a_deleted_object_is_not_created_again(http):
    thread = made(http, "/threads", {}, keyed("then deleted"))
    http.delete(f"/threads/{thread['id']}")
    assert error_of(http.post("/threads", json={}, headers=keyed("then deleted")), 404)


def test_a_key_belongs_to_its_project(start, call_as):
    server = start(**TWO_SERVERS)
    site, shop = (call_as(server, f"key-of-the-{name}").http for name in ("site", "shop"))
    ids = [made(http, "/threads", {}, keyed("one"))["id"] for http in (site, shop, site, shop)]
    assert ids[0] != ids[1]
    assert ids[:2] == ids[2:]


def test_a_key_is_kept_for_a_day(start, database_url):
    http = start().http
    first = made(http, "/threads", {}, keyed("for a day"))
    with connected(database_url) as rows:
        rows.execute(
            update(idempotency_keys).values(created_at=idempotency_keys.c.created_at - 86_390)
        )
    assert made(http, "/threads", {}, keyed("for a day")) == first
    with connected(database_url) as rows:
        rows.execute(update(idempotency_keys).values(created_at=idempotency_keys.c.created_at - 20))
    assert made(http, "/threads", {}, keyed("for a day")) != first


def test_an_upload_is_stored_once(http):
    def upload(content: bytes, name: str = "a.txt") -> httpx.Response:
        form = {"files": {"file": (name, content)}, "data": {"purpose": "assistants"}}
        return http.post("/files", headers=keyed("an upload"), **form)

    first = upload(b"Open from 8.").json()
    # The client chooses another boundary each time.
    assert upload(b"Open from 8.").json() == first
    assert error_of(upload(b"Open from 9."))["code"] == "idempotency_key_reused"
    assert error_of(upload(b"Open from 8.", "b.txt"))["code"] == "idempotency_key_reused"
    assert http.get(f"/files/{first['id']}/content").content == b"Open from 8."


def test_a_streamed_run_is_joined_from_its_beginning(http, upstream, thread_id):
    upstream.reply(Reply.text("One", " two", " three").stalled(after=6))
    path, body = f"/threads/{thread_id}/runs", {**ASSISTANT, "stream": True}
    http.headers.update(keyed("a stream of " + thread_id))
    try:
        with streaming(http, path, body) as first:
            first.until("thread.message.delta")
        # It was left in the middle, and is still being executed.
        with streaming(http, path, body) as again:
            seen = [again.until("thread.message.delta")]
            upstream.release()
            seen += again.rest()
        assert names(seen)[-2:] == ["run.completed", "done"]
        with streaming(http, path, body) as after:
            events = after.rest()
    finally:
        del http.headers["idempotency-key"]
    assert names(events)[:2] == ["run.created", "run.queued"]
    assert names(events)[-2:] == ["run.completed", "done"]
    assert len(upstream.requests) == 1


def test_outputs_are_submitted_once(http, upstream, thread_id):
    upstream.reply(Reply.function_calls(call("weather")), Reply.text("Sunny."))
    tools = {"tools": function_tools("weather")}
    run = made(http, f"/threads/{thread_id}/runs", {**ASSISTANT, **tools}, {})
    path = f"/threads/{thread_id}/runs/{run['id']}"
    wait_until(lambda: http.get(path).json()["status"] == "requires_action")
    body = {"tool_outputs": [{"tool_call_id": "call_1", "output": "25 degrees"}]}
    submit, key = f"{path}/submit_tool_outputs", keyed("outputs of " + run["id"])
    made(http, submit, body, key)
    assert ended(http, path)["status"] == "completed"
    assert made(http, submit, body, key)["status"] == "completed"
    assert len(upstream.requests) == 2
    # Without a word about a repeat it is a mistake.
    assert error_of(http.post(submit, json=body))


def test_a_cancelled_run_is_not_cancelled_again(http, upstream, thread_id):
    upstream.reply(Reply.text("One").stalled())
    run = made(http, f"/threads/{thread_id}/runs", ASSISTANT, {})
    path = f"/threads/{thread_id}/runs/{run['id']}"
    for headers in (keyed("cancel " + run["id"]), keyed("cancel " + run["id"]), counted(1)):
        assert made(http, f"{path}/cancel", None, headers)["status"] in ("cancelling", "cancelled")
    assert ended(http, path)["status"] == "cancelled"
    assert error_of(http.post(f"{path}/cancel"))


def test_two_servers_know_the_same_keys(start, database_kind, together, database_url, upstream):
    if database_kind == "sqlite":
        pytest.skip("SQLite is for one server")
    servers = [start(), start()]
    thread_id = made(servers[0].http, "/threads", {}, {})["id"]
    body = {"message": "hi", "thread_id": thread_id}

    def chat(number: int) -> str:
        found: str = made(servers[number % 2].http, "/chat", body, keyed("to both"))["run_id"]
        return found

    assert len(set(together(chat, 6))) == 1
    with connected(database_url) as rows:
        assert rows.execute(select(func.count()).select_from(runs)).scalar_one() == 1
        asked = select(func.count()).where(messages.c.role == "user")
        assert rows.execute(asked).scalar_one() == 1
