"""Vector stores: made, changed, listed and deleted, by OpenAI's own client."""

import re
from typing import Any

import httpx
import openai
import pytest

from app.domain.clock import now
from tests.support.stores import counts, filled, settled, uploaded
from tests.support.talk import error_of

DAY = 86_400
WEEK: Any = {"anchor": "last_active_at", "days": 7}


def test_a_new_stores_fields_are_in_openais_order(http: httpx.Client):
    before = now()
    store = http.post("/vector_stores", json={"name": "안내", "metadata": {"k": "v"}}).json()
    assert " ".join(store) == (
        "id object created_at name description usage_bytes file_counts status expires_after "
        "expires_at last_active_at metadata"
    )
    assert re.fullmatch(r"vs_[0-9a-f]{32}", store["id"])
    assert before <= store["created_at"] == store["last_active_at"] <= now()
    assert store["file_counts"] == {
        **{"in_progress": 0, "completed": 0, "failed": 0, "cancelled": 0, "total": 0}
    }
    reported = (store["name"], store["metadata"], store["status"], store["usage_bytes"])
    assert reported == ("안내", {"k": "v"}, "completed", 0)
    assert http.get(f"/vector_stores/{store['id']}").json() == store


@pytest.mark.parametrize("body", [None, {}, {"name": None, "file_ids": None, "metadata": None}])
def test_nothing_need_be_said(http: httpx.Client, body):
    store = http.post("/vector_stores", json=body).json()
    assert (store["name"], store["description"], store["expires_after"]) == (None, None, None)
    assert store["metadata"] == {}


def test_an_update_changes_what_it_names(client: openai.OpenAI):
    store = client.vector_stores.create(name="one", metadata={"k": "v"}, expires_after=WEEK)
    assert store.last_active_at is not None
    assert store.expires_at == store.last_active_at + 7 * DAY
    renamed = client.vector_stores.update(store.id, name="two")
    assert renamed.to_dict() == {**store.to_dict(), "name": "two"}
    longer: Any = {**WEEK, "days": 30}
    changed = client.vector_stores.update(store.id, expires_after=longer, metadata={"a": "b"})
    assert changed.last_active_at is not None
    assert changed.expires_at == changed.last_active_at + 30 * DAY
    assert (changed.name, changed.metadata) == ("two", {"a": "b"})
    bare = client.vector_stores.update(store.id, name=None, expires_after=None, metadata=None)
    assert bare.to_dict()["name"] is None
    assert (bare.expires_after, bare.expires_at, bare.metadata) == (None, None, {})


def test_stores_are_listed(client: openai.OpenAI):
    made = [client.vector_stores.create(name=str(number)).id for number in range(3)]
    filled(client, made[1], one="some words")
    page = client.vector_stores.list(limit=2, after=made[2])
    assert [store.id for store in page.data] == made[1::-1]
    assert [store.file_counts.completed for store in page.data] == [1, 0]
    back = client.vector_stores.list(limit=2, before=made[0])
    assert [store.id for store in back.data] == made[:0:-1]


def test_a_deleted_store_is_gone_and_its_files_stay(client: openai.OpenAI):
    store = client.vector_stores.create()
    ids = filled(client, store.id, one="some words")
    answer = client.vector_stores.delete(store.id)
    assert (answer.id, answer.object, answer.deleted) == (store.id, "vector_store.deleted", True)
    assert client.files.retrieve(ids["one"]).id == ids["one"]
    calls = (
        client.vector_stores.retrieve,
        client.vector_stores.delete,
        client.vector_stores.update,
        client.vector_stores.files.list,
        lambda key: client.vector_stores.search(key, query="words"),
        lambda key: client.vector_stores.files.create(key, file_id=ids["one"]),
        lambda key: client.vector_stores.file_batches.create(key, file_ids=[ids["one"]]),
        lambda key: client.vector_stores.files.retrieve(ids["one"], vector_store_id=key),
    )
    for call in calls:
        with pytest.raises(openai.NotFoundError) as caught:
            call(store.id)
        assert caught.value.body == {
            "message": f"No vector store found with id '{store.id}'.",
            "type": "invalid_request_error",
            "param": None,
            "code": None,
        }


def test_another_kinds_id_is_said_to_be_one(http: httpx.Client):
    error = error_of(http.get("/vector_stores/undefined"))
    assert error["message"] == (
        "Invalid 'vector_store_id': 'undefined'. Expected an ID that begins with 'vs'."
    )


def test_files_can_come_with_the_store(client: openai.OpenAI):
    ids = [uploaded(client, f"text number {number}") for number in range(3)]
    strategy: Any = {
        "type": "static",
        "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 50},
    }
    store = client.vector_stores.create(file_ids=[*ids, ids[0]], chunking_strategy=strategy)
    assert (store.file_counts.total, store.status) == (3, "in_progress")
    assert settled(client, store.id) == {"completed": 3, "total": 3}
    assert client.vector_stores.retrieve(store.id).status == "completed"
    for file in client.vector_stores.files.list(store.id):
        assert file.chunking_strategy is not None
        assert file.chunking_strategy.to_dict() == strategy


def test_a_store_with_an_unknown_file_is_not_made(client: openai.OpenAI, http: httpx.Client):
    newest = client.vector_stores.create().id
    response = http.post("/vector_stores", json={"file_ids": [uploaded(client, "x"), "file-none"]})
    error = error_of(response, 404)
    assert (error["message"], error["param"]) == ("No such File object: file-none", "id")
    assert client.vector_stores.list(limit=1).data[0].id == newest


def test_the_size_is_that_of_what_is_searched(client: openai.OpenAI):
    store = client.vector_stores.create()
    ids = filled(client, store.id, one="글자 수", two="words")
    sizes = {
        name: client.vector_stores.files.retrieve(key, vector_store_id=store.id).usage_bytes
        for name, key in ids.items()
    }
    assert sizes == {"one": 10, "two": 5}
    assert client.vector_stores.retrieve(store.id).usage_bytes == 15


# Made along with an assistant or a thread


def test_an_assistant_can_bring_its_store(client: openai.OpenAI, http: httpx.Client):
    file_id = uploaded(client, "opening hours")
    new = {"file_ids": [file_id], "metadata": {"k": "v"}}
    answer = http.post(
        "/assistants",
        json={"model": "m", "tool_resources": {"file_search": {"vector_stores": [new]}}},
    ).json()
    (store_id,) = answer["tool_resources"]["file_search"].pop("vector_store_ids")
    assert answer["tool_resources"] == {"file_search": {}}
    assert settled(client, store_id) == {"completed": 1, "total": 1}
    store = client.vector_stores.retrieve(store_id)
    assert (store.metadata, store.expires_after) == ({"k": "v"}, None)
    kept = http.get(f"/assistants/{answer['id']}").json()
    assert kept["tool_resources"]["file_search"]["vector_store_ids"] == [store_id]


@pytest.mark.parametrize("path", ["/threads", "/threads/runs"])
def test_a_thread_can_bring_its_store(client: openai.OpenAI, http: httpx.Client, path):
    file_id = uploaded(client, "opening hours")
    resources = {"file_search": {"vector_stores": [{"file_ids": [file_id]}]}}
    thread: dict[str, Any] = {"tool_resources": resources}
    body = thread if path == "/threads" else {"assistant_id": "asst_default", "thread": thread}
    answer = http.post(path, json=body).json()
    thread_id = answer.get("thread_id", answer["id"])
    kept = http.get(f"/threads/{thread_id}").json()["tool_resources"]
    (store_id,) = kept["file_search"]["vector_store_ids"]
    assert settled(client, store_id) == {"completed": 1, "total": 1}
    # As OpenAI has it: a thread's own store goes a week after its last use.
    expires_after = client.vector_stores.retrieve(store_id).expires_after
    assert expires_after is not None and expires_after.days == 7


def test_a_store_with_an_unknown_file_is_no_assistants(http: httpx.Client):
    resources = {"file_search": {"vector_stores": [{"file_ids": ["file-none"]}]}}
    error = error_of(
        http.post("/assistants", json={"model": "m", "tool_resources": resources}), 404
    )
    assert error["message"] == "No such File object: file-none"


def test_a_store_is_named_or_made_not_both(http: httpx.Client):
    both = {"vector_store_ids": ["vs_1"], "vector_stores": [{}]}
    error = error_of(http.post("/threads", json={"tool_resources": {"file_search": both}}))
    assert error["message"] == (
        "Invalid 'tool_resources.file_search': only one of 'vector_store_ids' and "
        "'vector_stores' can be given."
    )


def test_only_a_new_assistant_can_bring_its_store(client: openai.OpenAI, http: httpx.Client):
    assistant_id = client.beta.assistants.create(model="m").id
    resources: dict[str, Any] = {"file_search": {"vector_stores": [{}]}}
    error = error_of(http.post(f"/assistants/{assistant_id}", json={"tool_resources": resources}))
    assert error["param"] == "tool_resources.file_search.vector_stores"
    assert counts(client, client.vector_stores.create().id) == {}
