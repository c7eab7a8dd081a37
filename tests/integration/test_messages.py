"""Messages: what may be said, and how a thread tells it again."""

import pytest

from tests.support.stores import uploaded
from tests.support.talk import error_of, finished, text_of

URL = "https://example.org/cat.png"


def text(value: str) -> dict:
    return {"type": "text", "text": {"value": value, "annotations": []}}


@pytest.mark.parametrize(
    ("content", "reported"),
    [
        ("hi 안녕 😀", [text("hi 안녕 😀")]),
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], [text("a"), text("b")]),
        (
            [{"type": "image_url", "image_url": {"url": URL}}],
            [{"type": "image_url", "image_url": {"url": URL, "detail": "auto"}}],
        ),
        (
            [{"type": "image_url", "image_url": {"url": URL, "detail": "low"}}],
            [{"type": "image_url", "image_url": {"url": URL, "detail": "low"}}],
        ),
        (
            [
                {"type": "text", "text": "see"},
                {"type": "image_file", "image_file": {"file_id": "file-1", "detail": None}},
            ],
            [
                text("see"),
                {"type": "image_file", "image_file": {"file_id": "file-1", "detail": "auto"}},
            ],
        ),
        ("x" * 256_000, [text("x" * 256_000)]),
    ],
    ids=["string", "texts", "image", "small image", "file", "longest"],
)
def test_content_is_returned_as_parts(http, thread_id, content, reported):
    body = {"role": "user", "content": content}
    message = http.post(f"/threads/{thread_id}/messages", json=body).json()
    assert message["content"] == reported
    assert http.get(f"/threads/{thread_id}/messages/{message['id']}").json() == message


def test_a_new_message_has_all_of_its_fields(http, thread_id):
    body = {"role": "assistant", "content": "x", "metadata": None, "attachments": None}
    message = http.post(f"/threads/{thread_id}/messages", json=body).json()
    assert message["id"].startswith("msg_")
    assert message == {
        "id": message["id"],
        "object": "thread.message",
        "created_at": message["created_at"],
        "assistant_id": None,
        "thread_id": thread_id,
        "run_id": None,
        "role": "assistant",
        "content": [text("x")],
        "attachments": [],
        "metadata": {},
        "status": "completed",
        "incomplete_details": None,
        "completed_at": message["created_at"],
        "incomplete_at": None,
    }


def test_attachments_and_metadata_are_kept(client, http, thread_id):
    tools = [{"type": "file_search"}, {"type": "code_interpreter"}]
    attachments = [
        {"file_id": uploaded(client, "x"), "tools": tools},
        {"file_id": "file-2"},
    ]
    body = {"role": "user", "content": "x", "attachments": attachments, "metadata": {"k": "v"}}
    message = http.post(f"/threads/{thread_id}/messages", json=body).json()
    assert (message["attachments"], message["metadata"]) == (attachments, {"k": "v"})


def test_a_list_holds_the_newest_first_and_pages_in_both_orders(client):
    said = [{"role": "user", "content": str(number)} for number in range(7)]
    thread = client.beta.threads.create(messages=said)
    messages = client.beta.threads.messages

    def values(**options) -> list[str]:
        return [text_of(message.model_dump()) for message in messages.list(thread.id, **options)]

    assert values() == list("6543210")
    assert values(limit=3) == list("6543210")
    assert values(limit=2, order="asc") == list("0123456")
    first = messages.list(thread.id, limit=3)
    assert first.has_more and len(first.data) == 3
    last = messages.list(thread.id, limit=3, after=messages.list(thread.id, limit=5).data[4].id)
    assert not last.has_more and [text_of(m.model_dump()) for m in last.data] == ["1", "0"]
    before = messages.list(thread.id, limit=2, before=last.data[0].id)
    assert [text_of(m.model_dump()) for m in before.data] == ["3", "2"]


def test_a_list_has_the_ids_of_its_first_and_last_object(http, thread_id):
    for _ in range(2):
        http.post(f"/threads/{thread_id}/messages", json={"role": "user", "content": "x"})
    page = http.get(f"/threads/{thread_id}/messages", params={"limit": 2}).json()
    ids = [message["id"] for message in page["data"]]
    assert (page["first_id"], page["last_id"], page["has_more"]) == (ids[0], ids[1], True)


def test_a_long_list_is_the_same_object_by_object(client, http, thread_id):
    for number in range(2):
        http.post(
            f"/threads/{thread_id}/messages",
            json={"role": "user", "content": f"{number}가" * 70_000},
        )
    path = f"/threads/{thread_id}/messages"
    answer = http.get(path)
    page = answer.json()
    assert list(page) == ["object", "data", "first_id", "last_id", "has_more"]
    assert (page["object"], page["has_more"]) == ("list", False)
    assert len(page["data"]) >= 2
    assert [page["data"][place]["id"] for place in (0, -1)] == [page["first_id"], page["last_id"]]
    assert page["data"] == [http.get(f"{path}/{one['id']}").json() for one in page["data"]]
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert answer.headers["content-type"] == "application/json"


def test_a_list_can_hold_the_messages_of_one_run(client, http, thread_id, assistant_id):
    runs = [finished(client, thread_id, assistant_id) for _ in range(2)]
    for run in runs:
        page = http.get(f"/threads/{thread_id}/messages", params={"run_id": run.id}).json()
        assert [message["run_id"] for message in page["data"]] == [run.id]
        assert [message["assistant_id"] for message in page["data"]] == [assistant_id]
    unknown = http.get(f"/threads/{thread_id}/messages", params={"run_id": "run_none"}).json()
    assert unknown["data"] == []


@pytest.mark.parametrize(
    ("body", "metadata"),
    [
        ({"metadata": {"new": "1"}}, {"new": "1"}),
        ({"metadata": None}, {}),
        ({}, {"k": "v"}),
        (None, {"k": "v"}),
    ],
)
def test_an_update_changes_the_metadata_alone(http, thread_id, body, metadata):
    created = {"role": "user", "content": "x", "metadata": {"k": "v"}}
    message = http.post(f"/threads/{thread_id}/messages", json=created).json()
    path = f"/threads/{thread_id}/messages/{message['id']}"
    assert http.post(path, json=body).json() == {**message, "metadata": metadata}
    assert http.get(path).json() == {**message, "metadata": metadata}


def test_a_deleted_message_is_gone(http, thread_id):
    body = {"role": "user", "content": "x"}
    message_id = http.post(f"/threads/{thread_id}/messages", json=body).json()["id"]
    path = f"/threads/{thread_id}/messages/{message_id}"
    assert http.delete(path).json() == {
        "id": message_id,
        "object": "thread.message.deleted",
        "deleted": True,
    }
    for response in (http.get(path), http.post(path, json={}), http.delete(path)):
        assert error_of(response, 404)["message"] == f"No message found with id '{message_id}'."


def test_a_message_belongs_to_its_thread(http, thread_id):
    message_id = http.get(f"/threads/{thread_id}/messages").json()["first_id"]
    other = http.post("/threads").json()["id"]
    path = f"/threads/{other}/messages/{message_id}"
    for response in (http.get(path), http.post(path, json={}), http.delete(path)):
        assert error_of(response, 404)["message"] == f"No message found with id '{message_id}'."
    assert http.get(f"/threads/{thread_id}/messages/{message_id}").is_success
