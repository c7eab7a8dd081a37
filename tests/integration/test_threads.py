"""Threads: creating, changing, deleting with all that hangs on them."""

from typing import Any

import pytest

from tests.support.replies import Reply
from tests.support.stores import uploaded
from tests.support.talk import ended, error_of, finished, texts

EMPTY: dict[str, Any] = {"metadata": {}, "tool_resources": {}}


@pytest.fixture
def resources(client) -> dict[str, Any]:
    return {
        "code_interpreter": {"file_ids": [uploaded(client, "a"), uploaded(client, "b")]},
        "file_search": {"vector_store_ids": ["vs_1"]},
    }


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"json": {}},
        {"content": b"", "headers": {"content-type": "application/json"}},
        {"json": {"messages": None, "metadata": None, "tool_resources": None}},
        {"json": {"messages": []}},
    ],
    ids=["nothing", "{}", "empty with a content type", "nulls", "no messages"],
)
def test_an_empty_thread_needs_no_words(http, request_):
    thread = http.post("/threads", **request_).json()
    assert [*thread] == ["id", "object", "created_at", "metadata", "tool_resources"]
    assert {name: thread[name] for name in EMPTY} == EMPTY
    page = http.get(f"/threads/{thread['id']}/messages").json()
    assert page == {
        "object": "list",
        "data": [],
        "first_id": None,
        "last_id": None,
        "has_more": False,
    }


def test_a_thread_can_begin_with_messages_and_resources(http, resources):
    messages = [
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": [{"type": "text", "text": "two"}]},
        {"role": "user", "content": "three", "metadata": None, "attachments": None},
    ]
    body = {"messages": messages, "metadata": {"k": "v"}, "tool_resources": resources}
    thread = http.post("/threads", json=body).json()
    assert (thread["metadata"], thread["tool_resources"]) == ({"k": "v"}, resources)
    assert texts(http, thread["id"]) == [("user", "one"), ("assistant", "two"), ("user", "three")]
    assert http.get(f"/threads/{thread['id']}").json() == thread


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, {}),
        ({"metadata": {"new": "1"}}, {"metadata": {"new": "1"}}),
        ({"metadata": {}}, {"metadata": {}}),
        ({"metadata": None}, {"metadata": {}}),
        ({"tool_resources": None}, {"tool_resources": {}}),
        (
            {"tool_resources": {"code_interpreter": {"file_ids": []}}},
            {"tool_resources": {"code_interpreter": {"file_ids": []}}},
        ),
    ],
)
def test_an_update_replaces_what_it_names(http, resources, change, expected):
    body = {"metadata": {"k": "v", "l": "w"}, "tool_resources": resources}
    thread = http.post("/threads", json=body).json()
    assert http.post(f"/threads/{thread['id']}", json=change).json() == {**thread, **expected}
    assert http.get(f"/threads/{thread['id']}").json() == {**thread, **expected}


def test_an_update_without_a_body_changes_nothing(http, thread_id):
    assert http.post(f"/threads/{thread_id}").json() == http.get(f"/threads/{thread_id}").json()


def test_what_hangs_on_a_deleted_thread_is_gone(client, http, thread_id, assistant_id):
    run = finished(client, thread_id, assistant_id)
    message = client.beta.threads.messages.list(thread_id).data[0]
    step = client.beta.threads.runs.steps.list(run.id, thread_id=thread_id).data[0]
    below = f"/threads/{thread_id}"
    assert http.delete(below).json() == {
        "id": thread_id,
        "object": "thread.deleted",
        "deleted": True,
    }
    for path in (
        *("", "/messages", f"/messages/{message.id}", "/runs", f"/runs/{run.id}"),
        *(f"/runs/{run.id}/steps", f"/runs/{run.id}/steps/{step.id}"),
    ):
        error = error_of(http.get(below + path), 404)
        assert error["message"] == f"No thread found with id '{thread_id}'."
    assert error_of(http.delete(below), 404) == error
    assert error_of(http.post(below, json={}), 404) == error


@pytest.mark.parametrize("headers", [{}, {"content-type": "application/json"}])
def test_deleting_takes_an_empty_body_with_any_content_type(http, headers):
    thread_id = http.post("/threads").json()["id"]
    response = http.request("DELETE", f"/threads/{thread_id}", content=b"", headers=headers)
    assert response.json()["deleted"] is True


def test_a_thread_can_be_deleted_under_its_run(http, thread_id, assistant_id, upstream):
    upstream.reply(Reply.text("Never", " read").stalled(after=5))
    http.post(f"/threads/{thread_id}/runs", json={"assistant_id": assistant_id})
    assert upstream.wait_stalled()
    assert http.delete(f"/threads/{thread_id}").json()["deleted"] is True
    # Nobody waits for the model any more, and the service goes on as if nothing had been.
    assert upstream.wait_hang_up()
    again = http.post("/threads/runs", json={"assistant_id": assistant_id}).json()
    run = ended(http, f"/threads/{again['thread_id']}/runs/{again['id']}")
    assert run["status"] == "completed"
