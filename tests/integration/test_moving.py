"""An export is imported elsewhere, with ids, times, order and owners; nothing is doubled."""

import pytest

from app.db import backup
from tests.support.databases import fresh_database
from tests.support.moving import exported, fill, imported, lines_of, objects_in
from tests.support.searches import REFUND
from tests.support.stores import found, settled
from tests.support.talk import error_of, texts

THREAD = {"id": "thread_a", "object": "thread", "created_at": 1700000000}
MESSAGE = {
    "id": "msg_a",
    "object": "thread.message",
    "created_at": 1700000001,
    "thread_id": "thread_a",
    "role": "user",
    "content": [{"type": "text", "text": {"value": "안녕하세요", "annotations": []}}],
}
RUN = {
    "id": "run_a",
    "object": "thread.run",
    "created_at": 1700000002,
    "thread_id": "thread_a",
    "assistant_id": "asst_a",
    "status": "completed",
    "model": "gpt-4o",
}
STEP = {
    "id": "step_a",
    "object": "thread.run.step",
    "created_at": 1700000003,
    "thread_id": "thread_a",
    "run_id": "run_a",
    "assistant_id": "asst_a",
    "type": "message_creation",
    "status": "completed",
    "step_details": {"type": "message_creation", "message_creation": {"message_id": "msg_a"}},
}


@pytest.fixture
def source(start, upstream):
    server = start()
    fill(server, upstream)
    return server


@pytest.fixture
def target(start, database_kind, tmp_path):
    folder = tmp_path / "target"
    folder.mkdir()
    with fresh_database(database_kind, folder) as url:
        server = start(database_url=url, files_url=str(folder / "files"))
        yield server
        # Before its database is dropped.
        server.stop()


def settle(server) -> None:
    for store in server.client.vector_stores.list():
        settled(server.client, store.id)


def test_an_export_of_an_import_is_the_same(source, target):
    lines = exported(source.http, content=True)
    report = imported(target.http, lines)
    assert (report["problems"], report["updated"], report["existing"]) == ([], {}, {})
    settle(target)
    assert exported(target.http, content=True) == lines
    assert exported(target.http) == exported(source.http)


def test_every_kind_is_there(source):
    kinds = [one["object"] for one in objects_in(exported(source.http, content=True))]
    assert [*dict.fromkeys(kinds)] == [
        *("file", "file.content", "vector_store", "vector_store.file", "assistant"),
        *("thread", "thread.message", "thread.run", "thread.run.step"),
    ]


def test_a_second_import_changes_nothing(source, target):
    lines = exported(source.http, content=True)
    created = imported(target.http, lines)["created"]
    again = imported(target.http, lines)
    assert (again["created"], again["updated"], again["refused"]) == ({}, {}, 0)
    assert again["existing"] == created


def test_a_dry_run_only_counts(source, target):
    lines = exported(source.http, content=True)
    before = exported(target.http)
    tried = imported(target.http, lines, dry_run="true")
    assert exported(target.http) == before
    assert (tried["dry_run"], tried["refused"]) == (True, 0)
    done = imported(target.http, lines)
    assert {**done, "dry_run": True} == tried


def test_an_import_into_its_own_server_changes_nothing(source):
    lines = exported(source.http, content=True)
    report = imported(source.http, lines)
    assert (report["created"], report["updated"], report["refused"]) == ({}, {}, 0)
    assert exported(source.http, content=True) == lines


def test_what_was_imported_works_on(source, target, upstream):
    imported(target.http, exported(source.http, content=True))
    settle(target)
    stores = {one.name: one.id for one in target.client.vector_stores.list()}
    assert any(found(target.client, store, REFUND) for store in stores.values())
    (thread,) = [
        one["id"]
        for one in target.http.get("/threads").json()["data"]
        if one["metadata"].get("주제") == "환불"
    ]
    assert len(texts(target.http, thread)) == 2
    answer = target.http.post("/chat", json={"message": "더 짧게", "thread_id": thread})
    assert answer.status_code == 200
    assert len(texts(target.http, thread)) == 4
    (hit,) = target.http.get("/threads", params={"q": "환불은"}).json()["data"]
    assert hit["id"] == thread


def test_files_without_their_content_get_it_later(source, target):
    report = imported(target.http, exported(source.http))
    assert report["refused"] == 0
    file = objects_in(exported(source.http))[0]
    assert target.http.get(f"/files/{file['id']}").json() == file
    error = error_of(target.http.get(f"/files/{file['id']}/content"), 404)
    assert error["code"] == "file_content_missing"
    (failed, *_) = [
        one for one in objects_in(exported(target.http)) if one["object"] == "vector_store.file"
    ]
    assert failed["last_error"]["message"] == "The file's content was not imported."
    report = imported(target.http, exported(source.http, content=True))
    assert report["created"] == {"file.content": report["existing"]["file"]}
    settle(target)
    assert exported(target.http, content=True) == exported(source.http, content=True)


def test_a_changed_line_updates_an_imported_row_that_is_unchanged(target):
    http = target.http
    imported(http, lines_of(THREAD, MESSAGE))
    said = [{"type": "text", "text": {"value": "안녕히 가세요", "annotations": []}}]
    report = imported(
        http, lines_of({**THREAD, "metadata": {"a": "b"}}, {**MESSAGE, "content": said})
    )
    assert report["updated"] == {"thread": 1, "thread.message": 1}
    assert http.get("/threads/thread_a").json()["metadata"] == {"a": "b"}
    assert texts(http, "thread_a") == [("user", "안녕히 가세요")]
    http.post("/threads/thread_a", json={"metadata": {"mine": "yes"}})
    report = imported(http, lines_of({**THREAD, "metadata": {"a": "c"}}))
    assert (report["updated"], report["existing"]) == ({}, {"thread": 1})
    assert http.get("/threads/thread_a").json()["metadata"] == {"mine": "yes"}


def test_what_the_api_created_is_left_alone(target):
    thread = target.http.post("/threads", json={"metadata": {"mine": "yes"}}).json()
    report = imported(target.http, lines_of({**thread, "metadata": {}}))
    assert report["existing"] == {"thread": 1}
    assert target.http.get(f"/threads/{thread['id']}").json() == thread


@pytest.mark.parametrize("status", ["queued", "in_progress", "requires_action", "cancelling"])
def test_no_run_is_executed_because_of_an_import(target, upstream, status):
    run = {
        **RUN,
        "status": status,
        "expires_at": 4000000000,
        "required_action": {
            "type": "submit_tool_outputs",
            "submit_tool_outputs": {
                "tool_calls": [
                    {"id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}
                ]
            },
        },
    }
    message = {**MESSAGE, "role": "assistant", "status": "in_progress", "run_id": "run_a"}
    step = {**STEP, "status": "in_progress"}
    report = imported(target.http, lines_of(THREAD, run, message, step))
    assert report["refused"] == 0, report
    stored = target.http.get("/threads/thread_a/runs/run_a").json()
    assert (stored["status"], stored["required_action"]) == ("expired", None)
    said = target.http.get("/threads/thread_a/messages/msg_a").json()
    assert (said["status"], said["incomplete_details"]) == ("incomplete", {"reason": "run_expired"})
    assert (
        target.http.get("/threads/thread_a/runs/run_a/steps/step_a").json()["status"] == "expired"
    )
    # The thread is free.
    assert target.http.post("/chat", json={"message": "hi", "thread_id": "thread_a"}).is_success


def test_bad_lines_are_reported_and_the_rest_goes_on(target):
    lines = b"\n".join(
        [
            b"{not json",
            b"[1]",
            b'{"object": "thread"}',
            b'{"object": "thing", "id": "x"}',
            lines_of({**THREAD, "metadata": {"k": 5}}).strip(),
            lines_of({**THREAD, "created_at": 1700000000000}).strip(),
            b"",
            lines_of(MESSAGE).strip(),
            lines_of(THREAD).strip(),
            lines_of({**MESSAGE, "content": [{"type": "sound"}]}).strip(),
            lines_of({**STEP, "run_id": "run_b"}).strip(),
            lines_of({**THREAD, "id": "a/b"}).strip(),
        ]
    )
    report = imported(target.http, lines)
    assert report["lines"] == 12
    assert report["created"] == {"thread": 1, "thread.message": 1}
    assert [(one["line"], one["field"]) for one in report["problems"]] == [
        (1, None),
        (2, None),
        (3, "id"),
        (4, "object"),
        (5, "metadata.k"),
        (6, "created_at"),
        (10, "content[0].type"),
        (12, "id"),
        (11, "run_id"),
    ]


def test_a_visitor_keeps_the_own_threads(target):
    session = "session_" + "a" * 24
    line = {**THREAD, "tool_resources": {}, "metadata": {}, "threadkeeper": {"session_id": session}}
    imported(target.http, lines_of(line))
    assert objects_in(exported(target.http))[-1] == line


def test_a_backup_does_not_miss_content_that_was_never_imported(database_url, start):
    server = start()
    file = {
        "id": "file-a",
        "object": "file",
        "created_at": 1700000000,
        "bytes": 4,
        "filename": "a.txt",
        "purpose": "assistants",
    }
    imported(server.http, lines_of(file))
    assert [*backup.stored_files(database_url)] == []
    assert backup.measure(database_url).file_bytes == 0
    piece = {"object": "file.content", "file_id": "file-a", "offset": 0, "data": "dGVzdA=="}
    imported(server.http, lines_of(piece))
    assert [one.id for one in backup.stored_files(database_url)] == ["file-a"]
