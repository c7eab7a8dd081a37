"""What an import file can't do: take, change or reveal what others own, or exhaust the server."""

import base64

import pytest

from tests.integration.test_moving import MESSAGE, RUN, STEP, THREAD
from tests.support.belongings import all_rows, belongings
from tests.support.moving import exported, imported, lines_of, objects_in
from tests.support.talk import error_of

OURS, THEIRS = "key-of-the-shop-1234", "key-of-the-desk-1234"
FILE = {
    "id": "file-a",
    "object": "file",
    "created_at": 1,
    "bytes": 4,
    "filename": "a.txt",
    "purpose": "assistants",
}


@pytest.fixture
def server(start):
    return start(api_keys=[f"shop:{OURS}", f"desk:{THEIRS}"])


@pytest.fixture
def ours(server, call_as):
    return call_as(server, OURS).http


@pytest.fixture
def theirs(server, call_as):
    return call_as(server, THEIRS)


def content(file_id: str, data: bytes, offset: int = 0) -> dict:
    return {
        "object": "file.content",
        "file_id": file_id,
        "offset": offset,
        "data": base64.b64encode(data).decode(),
    }


def reasons(report: dict) -> list[tuple[str | None, str]]:
    return [(one["field"], one["reason"]) for one in report["problems"]]


def test_objects_of_other_projects_can_be_neither_taken_nor_changed(
    ours, theirs, upstream, database_url
):
    belongings(theirs, upstream)
    lines = exported(theirs.http)
    before = all_rows(database_url)
    for dry_run in ("true", "false"):
        report = imported(ours, lines, dry_run=dry_run)
        assert (report["created"], report["updated"], report["existing"]) == ({}, {}, {})
        assert report["refused"] == len(lines.splitlines())
    after = all_rows(database_url)
    changed = {name for name in before if before[name] != after[name]}
    # Files are read in the background.
    assert changed <= {"vector_store_files", "chunks"}


def test_a_thread_of_another_project_is_like_one_that_is_nowhere(ours, theirs, upstream):
    ids = belongings(theirs, upstream)
    for dry_run in ("true", "false"):
        for line, field, known in (
            ({**MESSAGE, "id": "msg_new"}, "thread_id", ids["thread_id"]),
            ({**RUN, "id": "run_new"}, "thread_id", ids["thread_id"]),
            (MESSAGE | {"id": ids["message_id"]}, "thread_id", ids["thread_id"]),
        ):
            shown = [
                reasons(imported(ours, lines_of({**line, field: value}), dry_run=dry_run))
                for value in (known, "thread_nowhere")
            ]
            assert shown[0] == [(field, f"No thread found with id '{known}'.")]
            assert shown[1] == [(field, "No thread found with id 'thread_nowhere'.")]


def test_ids_of_configured_assistants_and_other_threads_are_refused(ours):
    assistant = {"id": "asst_default", "object": "assistant", "created_at": 1, "model": "m"}
    report = imported(ours, lines_of(assistant))
    assert reasons(report) == [("id", "This id can't be used here.")]
    imported(ours, lines_of(THREAD, {**THREAD, "id": "thread_b"}, MESSAGE))
    report = imported(ours, lines_of({**MESSAGE, "thread_id": "thread_b"}))
    assert reasons(report) == [("id", "This id can't be used here.")]


def test_long_deep_and_wide_lines_are_passed_over(ours):
    long = b'{"object":"thread","id":"' + b"x" * (16 * 1024 * 1024) + b'"}\n'
    deep = b'{"object":"thread","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n"
    wide = b'{"object":"thread","x":[' + b"0," * 600_000 + b"0]}\n"
    report = imported(ours, long + deep + wide + lines_of(THREAD))
    assert report["created"] == {"thread": 1}
    assert [one["line"] for one in report["problems"]] == [1, 2, 3]


def test_a_report_has_an_end(ours):
    report = imported(ours, b"x\n" * 3000)
    assert (report["refused"], len(report["problems"])) == (3000, 1000)


@pytest.mark.parametrize(
    "bad",
    [
        {"id": "../../etc/passwd"},
        {"id": "file-a/b"},
        {"id": "x" * 200},
        {"bytes": -1},
        {"bytes": 2**80},
        {"threadkeeper": {"session_id": "token"}},
    ],
)
def test_bad_files_are_refused(ours, bad):
    report = imported(ours, lines_of({**FILE, **bad}))
    assert report["refused"] == 1, report


@pytest.mark.parametrize(
    "pieces",
    [
        [content("file-a", b"too long")],
        [content("file-a", b"sh")],
        [content("file-a", b"te"), content("file-a", b"st", offset=3)],
        [content("file-a", b"st", offset=2)],
        [{**content("file-a", b"test"), "data": "%%%"}],
        [content("file-b", b"test")],
    ],
)
def test_content_that_does_not_fit_is_refused(ours, pieces):
    report = imported(ours, lines_of(FILE, *pieces, THREAD))
    assert report["created"] == {"file": 1, "thread": 1}
    assert report["refused"] == 1
    error_of(ours.get("/files/file-a/content"), 404)
    # It can still be repaired.
    report = imported(ours, lines_of(content("file-a", b"te"), content("file-a", b"st", offset=2)))
    assert report["created"] == {"file.content": 1}
    assert ours.get("/files/file-a/content").content == b"test"


def test_content_of_another_projects_file_is_refused(ours, theirs):
    imported(theirs.http, lines_of(FILE))
    report = imported(ours, lines_of(content("file-a", b"evil")))
    assert reasons(report) == [("file_id", "No such File object: file-a")]
    assert imported(theirs.http, lines_of(content("file-a", b"good")))["refused"] == 0
    assert theirs.http.get("/files/file-a/content").content == b"good"


def test_a_file_larger_than_the_server_accepts_is_refused(start, call_as):
    server = start(max_file_bytes=3)
    report = imported(server.http, lines_of(FILE, content("file-a", b"test")))
    assert report["created"] == {"file": 1}
    assert "MAX_FILE_BYTES" in report["problems"][0]["reason"]


def test_a_deleted_file_can_be_imported_again(ours):
    lines = lines_of(FILE, content("file-a", b"test"))
    imported(ours, lines)
    assert ours.delete("/files/file-a").is_success
    assert imported(ours, lines)["created"] == {"file": 1, "file.content": 1}
    assert ours.get("/files/file-a/content").content == b"test"


def test_compressed_bodies_are_refused(ours):
    answer = ours.post("/import", content=b"x", headers={"content-encoding": "gzip"})
    assert error_of(answer, 415)["code"] == "unsupported_content_encoding"


def test_characters_that_no_database_stores_are_replaced(ours):
    text = r'"a\u0000b\ud800c"'
    line = lines_of(MESSAGE).replace('"안녕하세요"'.encode(), text.encode())
    assert imported(ours, lines_of(THREAD) + line)["refused"] == 0
    (_, message) = objects_in(exported(ours))
    assert message["content"][0]["text"]["value"] == "a\ufffdb\ufffdc"


def test_a_step_belongs_to_a_run(ours):
    imported(ours, lines_of(THREAD, RUN))
    report = imported(ours, lines_of({**STEP, "run_id": "run_b"}, STEP))
    assert report["created"] == {"thread.run.step": 1}
    assert reasons(report) == [("run_id", "No run found with id 'run_b'.")]
