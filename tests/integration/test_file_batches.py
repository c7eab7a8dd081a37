"""Batches of files for a vector store."""

import re
from typing import Any

import httpx
import openai
import pytest

from tests.support.stores import counts, settled, uploaded
from tests.support.talk import error_of


@pytest.fixture
def store_id(client: openai.OpenAI) -> str:
    return client.vector_stores.create().id


def many(client: openai.OpenAI, count: int) -> list[str]:
    return [uploaded(client, f"text number {number}") for number in range(count)]


def test_a_batch_has_the_fields_that_openai_returns(client, http: httpx.Client, store_id):
    ids = many(client, 2)
    path = f"/vector_stores/{store_id}/file_batches"
    batch = http.post(path, json={"file_ids": ids}).json()
    assert " ".join(batch) == "id object created_at status vector_store_id file_counts"
    assert re.fullmatch(r"vsfb_[0-9a-f]{32}", batch["id"])
    assert batch | {"id": "", "created_at": 0} == {
        "id": "",
        "object": "vector_store.file_batch",
        "created_at": 0,
        "status": "in_progress",
        "vector_store_id": store_id,
        "file_counts": {"in_progress": 2, "completed": 0, "failed": 0, "cancelled": 0, "total": 2},
    }
    settled(client, store_id)
    response = http.get(f"{path}/{batch['id']}")
    assert response.json() == {
        **batch,
        "status": "completed",
        "file_counts": {"in_progress": 0, "completed": 2, "failed": 0, "cancelled": 0, "total": 2},
    }
    assert response.headers["openai-poll-after-ms"] == "5"


def test_the_sdks_helpers_wait_for_a_batch(client: openai.OpenAI, store_id):
    batches = client.vector_stores.file_batches
    one = batches.create_and_poll(store_id, file_ids=many(client, 3))
    assert (one.status, one.file_counts.completed) == ("completed", 3)
    two = batches.upload_and_poll(
        store_id,
        files=[("a.txt", b"a text"), ("b.md", "# 제목".encode())],
        file_ids=many(client, 1),
    )
    assert (two.status, two.file_counts.completed) == ("completed", 3)
    assert counts(client, store_id) == {"completed": 6, "total": 6}


def test_a_bad_file_does_not_hold_up_the_rest(client: openai.OpenAI, store_id):
    good, bad = many(client, 3), uploaded(client, b"%PDF-", "bad.pdf")
    batch = client.vector_stores.file_batches.create_and_poll(
        store_id, file_ids=[good[0], bad, *good[1:]]
    )
    assert batch.status == "completed"
    assert (batch.file_counts.completed, batch.file_counts.failed) == (3, 1)
    failed = client.vector_stores.file_batches.list_files(
        batch.id, vector_store_id=store_id, filter="failed"
    )
    assert [file.id for file in failed] == [bad]


def test_a_batch_of_bad_files_has_failed(client: openai.OpenAI, store_id):
    batch = client.vector_stores.file_batches.upload_and_poll(
        store_id, files=[("bad.pdf", b"%PDF-")]
    )
    assert batch.status == "failed"


def test_all_files_of_a_batch_can_share_what_is_said(client: openai.OpenAI, store_id):
    strategy: Any = {
        "type": "static",
        "static": {"max_chunk_size_tokens": 200, "chunk_overlap_tokens": 100},
    }
    batch = client.vector_stores.file_batches.create_and_poll(
        store_id,
        file_ids=many(client, 2),
        attributes={"kind": "guide"},
        chunking_strategy=strategy,
    )
    for file in client.vector_stores.file_batches.list_files(batch.id, vector_store_id=store_id):
        assert file.attributes == {"kind": "guide"}
        assert file.chunking_strategy is not None
        assert file.chunking_strategy.to_dict() == strategy


def test_each_file_of_a_batch_can_have_its_own(client: openai.OpenAI, store_id):
    one, two = many(client, 2)
    files: Any = [{"file_id": one, "attributes": {"n": 1}}, {"file_id": two}]
    batch = client.vector_stores.file_batches.create_and_poll(
        store_id, files=files, attributes={"ignored": True}
    )
    listed = client.vector_stores.file_batches.list_files(
        batch.id, vector_store_id=store_id, order="asc"
    )
    assert [(file.id, file.attributes) for file in listed] == [(one, {"n": 1}), (two, {})]


def test_a_batch_lists_its_own_files_page_by_page(client: openai.OpenAI, store_id):
    batches = client.vector_stores.file_batches
    batches.create_and_poll(store_id, file_ids=many(client, 2))
    ids = many(client, 5)
    batch = batches.create_and_poll(store_id, file_ids=ids)
    pages = batches.list_files(batch.id, vector_store_id=store_id, limit=2)
    assert [file.id for file in pages] == ids[::-1]


def test_a_file_named_twice_counts_once(client: openai.OpenAI, store_id):
    (file_id,) = many(client, 1)
    batch = client.vector_stores.file_batches.create_and_poll(store_id, file_ids=[file_id] * 3)
    assert batch.file_counts.total == 1


def test_a_cancelled_batch_leaves_its_unread_files(client: openai.OpenAI, store_id):
    # One is being read; the others wait behind it.
    ids = many(client, 30)
    batches = client.vector_stores.file_batches
    batch = batches.create(store_id, file_ids=ids)
    cancelled = batches.cancel(batch.id, vector_store_id=store_id)
    assert (cancelled.status, cancelled.file_counts.in_progress) == ("cancelled", 0)
    assert cancelled.file_counts.cancelled > 0
    # What comes after it is read when nothing of the batch can be any more.
    more = batches.create_and_poll(store_id, file_ids=many(client, 1))
    assert more.status == "completed"
    after = batches.retrieve(batch.id, vector_store_id=store_id)
    assert after.to_dict() == cancelled.to_dict()
    left = batches.list_files(batch.id, vector_store_id=store_id, filter="cancelled", limit=100)
    assert {file.id for file in left} <= set(ids)
    assert {file.usage_bytes for file in left} == {0}


def test_a_cancelled_file_can_be_attached_again(client: openai.OpenAI, store_id):
    ids = many(client, 30)
    batches = client.vector_stores.file_batches
    batches.cancel(batches.create(store_id, file_ids=ids).id, vector_store_id=store_id)
    last = client.vector_stores.files.create_and_poll(ids[-1], vector_store_id=store_id)
    assert last.status == "completed"


def test_a_batch_that_has_ended_can_not_be_cancelled(client: openai.OpenAI, store_id):
    batches = client.vector_stores.file_batches
    batch = batches.create_and_poll(store_id, file_ids=many(client, 1))
    assert batches.cancel(batch.id, vector_store_id=store_id).to_dict() == batch.to_dict()


def test_an_unknown_batch_is_not_found(client: openai.OpenAI, http: httpx.Client, store_id):
    batch = client.vector_stores.file_batches.create(store_id, file_ids=many(client, 1))
    other = client.vector_stores.create().id
    for path in ("", "/files"):
        url = f"/vector_stores/{other}/file_batches/{batch.id}{path}"
        assert error_of(http.get(url), 404)["message"] == (
            f"No file batch found with id '{batch.id}'."
        )
    assert http.post(f"/vector_stores/{other}/file_batches/{batch.id}/cancel").status_code == 404


def test_a_batch_with_an_unknown_file_is_not_made(client: openai.OpenAI, http, store_id):
    body = {"file_ids": [*many(client, 1), "file-none"]}
    error = error_of(http.post(f"/vector_stores/{store_id}/file_batches", json=body), 404)
    assert error["message"] == "No such File object: file-none"
    assert counts(client, store_id) == {}
