"""Files in vector stores: attached, read, described, taken out."""

from typing import Any

import httpx
import openai
import pytest

from tests.support.documents import docx_file
from tests.support.stores import counts, filled, found, settled, uploaded
from tests.support.talk import error_of

DEFAULT = {
    "type": "static",
    "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400},
}
SMALL: Any = {
    "type": "static",
    "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 0},
}


@pytest.fixture
def store_id(client: openai.OpenAI) -> str:
    return client.vector_stores.create().id


def test_an_attached_files_fields_are_in_openais_order(client, http: httpx.Client, store_id):
    file_id = uploaded(client, "Open from 8.")
    path = f"/vector_stores/{store_id}/files"
    file = http.post(path, json={"file_id": file_id, "attributes": {"n": 5, "ok": True}}).json()
    assert " ".join(file) == (
        "id object usage_bytes created_at vector_store_id status last_error chunking_strategy "
        "attributes"
    )
    assert file | {"created_at": 0} == {
        "id": file_id,
        "object": "vector_store.file",
        "usage_bytes": 0,
        "created_at": 0,
        "vector_store_id": store_id,
        "status": "in_progress",
        "last_error": None,
        "chunking_strategy": DEFAULT,
        "attributes": {"n": 5, "ok": True},
    }
    settled(client, store_id)
    done = http.get(f"{path}/{file_id}").json()
    assert done == {**file, "status": "completed", "usage_bytes": 12}


def test_the_sdks_helpers_wait_for_a_file(client: openai.OpenAI, store_id):
    files = client.vector_stores.files
    attached = files.create_and_poll(uploaded(client, "one"), vector_store_id=store_id)
    sent = files.upload_and_poll(
        vector_store_id=store_id, file=("two.docx", docx_file()), attributes={"kind": "guide"}
    )
    assert (attached.status, sent.status, sent.attributes) == (
        *("completed", "completed"),
        {"kind": "guide"},
    )
    assert counts(client, store_id) == {"completed": 2, "total": 2}


def test_pollers_are_sent_the_interval(client: openai.OpenAI, store_id):
    ids = filled(client, store_id, one="text")
    response = client.vector_stores.files.with_raw_response.retrieve(
        ids["one"], vector_store_id=store_id
    )
    assert response.headers["openai-poll-after-ms"] == "5"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("broken.pdf", b"%PDF-1.7 nothing else", "invalid_file"),
        ("broken.docx", b"PK\x03\x04 nothing else", "invalid_file"),
        ("picture.png", b"\x89PNG\r\n\x1a\n", "unsupported_file"),
        ("blank.txt", b"  \n ", "unsupported_file"),
    ],
)
def test_a_bad_file_fails_and_says_why(client: openai.OpenAI, store_id, name, content, code):
    good = uploaded(client, "opening hours")
    bad = uploaded(client, content, name)
    for file_id in (bad, good):
        client.vector_stores.files.create(store_id, file_id=file_id)
    assert settled(client, store_id) == {"completed": 1, "failed": 1, "total": 2}
    failed = client.vector_stores.files.retrieve(bad, vector_store_id=store_id)
    assert (failed.status, failed.usage_bytes) == ("failed", 0)
    assert failed.last_error is not None
    assert failed.last_error.code == code and failed.last_error.message
    assert client.vector_stores.retrieve(store_id).status == "completed"
    assert found(client, store_id, "opening hours") == [good]
    content_page = client.vector_stores.files.content(bad, vector_store_id=store_id)
    assert content_page.data == []


def test_a_files_text_comes_back_in_its_pieces(client: openai.OpenAI, store_id):
    text = "\n\n".join(f"Paragraph {number}. " + "word " * 30 for number in range(5))
    file_id = uploaded(client, text)
    client.vector_stores.files.create_and_poll(
        file_id, vector_store_id=store_id, chunking_strategy=SMALL
    )
    page = client.vector_stores.files.content(file_id, vector_store_id=store_id)
    assert len(page.data) > 1
    assert [part.type for part in page.data] == ["text"] * len(page.data)
    assert " ".join(" ".join(part.text or "" for part in page.data).split()) == (
        " ".join(text.split())
    )


def test_attributes_are_replaced(client: openai.OpenAI, store_id):
    ids = filled(client, store_id, one="text")
    key: Any = {"file_id": ids["one"], "vector_store_id": store_id}
    given: Any = {"year": 2026, "ratio": 0.5, "draft": False, "kind": "안내"}
    changed = client.vector_stores.files.update(**key, attributes=given)
    assert changed.attributes == given
    assert client.vector_stores.files.retrieve(**key).attributes == given
    assert client.vector_stores.files.update(**key, attributes={"a": 1}).attributes == {"a": 1}
    assert client.vector_stores.files.update(**key, attributes=None).attributes == {}


def test_files_are_listed_by_status(client: openai.OpenAI, store_id):
    bad = uploaded(client, b"%PDF-", "bad.pdf")
    client.vector_stores.files.create(store_id, file_id=bad)
    ids = filled(client, store_id, one="text", two="text", three="text")
    settled(client, store_id)
    files = client.vector_stores.files
    every = [file.id for file in files.list(store_id)]
    assert set(every) == {bad, *ids.values()}
    assert [file.id for file in files.list(store_id, filter="failed")] == [bad]
    done = [file.id for file in files.list(store_id, filter="completed", limit=2)]
    assert done == [key for key in every if key != bad]
    assert list(files.list(store_id, filter="in_progress")) == []
    # A cursor is a place in the list, whether or not the filter lets it through.
    after = files.list(store_id, filter="completed", order="asc", after=bad)
    assert {file.id for file in after} == set(ids.values())


def test_a_file_can_be_taken_out(client: openai.OpenAI, store_id):
    ids = filled(client, store_id, one="opening hours", two="opening hours")
    answer = client.vector_stores.files.delete(ids["one"], vector_store_id=store_id)
    assert (answer.id, answer.object, answer.deleted) == (
        *(ids["one"], "vector_store.file.deleted"),
        True,
    )
    assert counts(client, store_id) == {"completed": 1, "total": 1}
    assert found(client, store_id, "opening hours") == [ids["two"]]
    assert client.files.retrieve(ids["one"]).filename == "one.txt"
    for call in (
        client.vector_stores.files.retrieve,
        client.vector_stores.files.delete,
        client.vector_stores.files.content,
        lambda key, vector_store_id: client.vector_stores.files.update(
            key, vector_store_id=vector_store_id, attributes={}
        ),
    ):
        with pytest.raises(openai.NotFoundError) as caught:
            call(ids["one"], vector_store_id=store_id)
        assert f"No file found with id '{ids['one']}' in vector store '{store_id}'." in str(
            caught.value
        )


def test_a_deleted_file_is_in_no_store(client: openai.OpenAI, store_id):
    ids = filled(client, store_id, one="opening hours", two="opening hours")
    other = client.vector_stores.create(file_ids=[ids["one"]]).id
    settled(client, other)
    client.files.delete(ids["one"])
    assert counts(client, other) == {}
    assert found(client, other, "opening hours") == []
    assert counts(client, store_id) == {"completed": 1, "total": 1}
    assert found(client, store_id, "opening hours") == [ids["two"]]


def test_a_file_of_many_pieces_comes_and_goes(client: openai.OpenAI, store_id):
    text = "\n".join(f"Line {number} says no more than the others do." for number in range(5000))
    file_id, other = uploaded(client, text), uploaded(client, "opening hours")
    key: Any = {"file_id": file_id, "vector_store_id": store_id}
    client.vector_stores.files.create_and_poll(**key, chunking_strategy=SMALL)
    client.vector_stores.files.create_and_poll(other, vector_store_id=store_id)
    pieces = client.vector_stores.files.content(**key).data
    assert len(pieces) > 500
    assert "\n".join(piece.text or "" for piece in pieces) == text
    assert found(client, store_id, "line 4999", max_num_results=1) == [file_id]
    client.vector_stores.files.delete(**key)
    assert found(client, store_id, "line 4999") == []
    assert found(client, store_id, "opening hours") == [other]
    client.vector_stores.files.create_and_poll(**key, chunking_strategy=SMALL)
    assert client.vector_stores.delete(store_id).deleted


def test_an_unknown_file_can_not_be_attached(http: httpx.Client, store_id):
    response = http.post(f"/vector_stores/{store_id}/files", json={"file_id": "file-none"})
    error = error_of(response, 404)
    assert (error["message"], error["param"]) == ("No such File object: file-none", "id")


# Attached again


def test_a_file_attached_again_stays_as_it_is(client: openai.OpenAI, store_id):
    ids = filled(client, store_id, one="opening hours")
    client.vector_stores.files.update(
        ids["one"], vector_store_id=store_id, attributes={"kind": "guide"}
    )
    before = client.vector_stores.files.retrieve(ids["one"], vector_store_id=store_id)
    again = client.vector_stores.files.create(store_id, file_id=ids["one"])
    assert again.to_dict() == before.to_dict()
    other = client.vector_stores.files.create(store_id, file_id=ids["one"], attributes={"n": 1})
    assert other.to_dict() == {**before.to_dict(), "attributes": {"n": 1}}
    assert counts(client, store_id) == {"completed": 1, "total": 1}


def test_a_file_attached_again_is_chunked_as_requested(client, store_id):
    ids = filled(client, store_id, one="Open from eight to ten. " * 60)
    again = client.vector_stores.files.create_and_poll(
        ids["one"], vector_store_id=store_id, chunking_strategy=SMALL
    )
    assert (again.status, again.chunking_strategy.to_dict()) == ("completed", SMALL)
    page = client.vector_stores.files.content(ids["one"], vector_store_id=store_id)
    assert len(page.data) > 1


def test_many_may_attach_one_file_at_once(client, http, store_id, together):
    file_id = uploaded(client, "opening hours")
    path = f"/vector_stores/{store_id}/files"
    answers = together(lambda _: http.post(path, json={"file_id": file_id}), 8)
    assert {answer.status_code for answer in answers} == {200}
    assert settled(client, store_id) == {"completed": 1, "total": 1}
