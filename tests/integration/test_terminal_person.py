"""`person` in the terminal: one person's threads and files, exported and deleted."""

import json
import tarfile
from typing import Any

import pytest

from tests.support.stores import uploaded
from tests.support.summaries import SMALL, ask, find_row, long_thread, summarising, text_of
from tests.support.terminal import at_terminal, fail, run, succeed


@pytest.fixture
def url(server, upstream) -> str:
    return server.base_url


@pytest.fixture
def person(http, client, request) -> str:
    """Metadata of a person with two threads, a run and a file; a third thread is another's."""
    pair = {"person": request.node.name[-60:]}
    file_id = uploaded(client, "my number is 4711", "../이력서 <1>.txt")
    attached = [{"file_id": file_id, "tools": [{"type": "file_search"}]}]
    said: Any = {"role": "user", "content": "hello", "attachments": attached}
    thread = http.post("/threads", json={"metadata": pair, "messages": [said]}).json()["id"]
    assert http.post("/chat", json={"message": "hi", "thread_id": thread}).is_success
    http.post("/threads", json={"metadata": pair})
    http.post("/threads", json={"metadata": {"person": f"not {pair['person']}"}})
    return f"person={pair['person']}"


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_person_is_exported_into_a_folder(url, person, tmp_path):
    folder = tmp_path / "export"
    reported = succeed("person", "export", "--metadata", person, "-o", str(folder), url=url)
    assert reported.endswith("2 threads, 3 messages, 1 runs, 1 steps, 1 files.\n")
    objects = lines((folder / "threads.ndjson").read_text("utf-8"))
    assert [one["object"] for one in objects if one["object"] != "thread"] == [
        *("thread.message", "thread.message", "thread.message", "thread.run", "thread.run.step")
    ]
    (file,) = lines((folder / "files.ndjson").read_text("utf-8"))
    assert (folder / file["path"]).read_text() == "my number is 4711"
    assert file["path"].startswith(f"files/{file['id']}-") and "<" not in file["path"]
    assert {path.name for path in folder.iterdir()} == {"threads.ndjson", "files.ndjson", "files"}
    assert folder.stat().st_mode & 0o077 == 0
    again = fail("person", "export", "--metadata", person, "-o", str(folder), url=url)
    assert "not empty" in again


def test_an_interrupted_export_goes_on(url, person, tmp_path):
    folder = tmp_path / "export"
    (folder / "files").mkdir(parents=True)
    (folder / ".threads.ndjson.part").write_text("half")
    (folder / "files" / "of-somebody-else.txt").write_text("left")
    options = ("--metadata", person, "-o", str(folder), "--json")
    reported = json.loads(succeed("person", "export", *options, url=url))
    assert (reported["threads"], reported["files"], reported["missing_files"]) == (2, 1, [])
    assert len([*(folder / "files").iterdir()]) == 1
    assert not (folder / ".threads.ndjson.part").exists()


def test_a_person_is_exported_into_an_archive(url, http, person, tmp_path):
    archive = tmp_path / "kim.tar.gz"
    options = ("--metadata", person, "-o", str(archive))
    shown = succeed("person", "export", *options, "--language", "ko", url=url)
    assert "대화 2개, 메시지 3개, 실행 1개, 단계 1개, 파일 1개" in shown
    with tarfile.open(archive) as packed:
        names = sorted(packed.getnames())
    assert [names[0], names[2]] == ["kim/files.ndjson", "kim/threads.ndjson"]
    assert [path.name for path in tmp_path.iterdir()] == ["kim.tar.gz"]
    assert "--force" in fail("person", "export", *options, url=url)
    # A file that is gone is named, and the rest exported.
    file_id = "-".join(names[1].removeprefix("kim/files/").split("-")[:2])
    assert http.delete(f"/files/{file_id}").is_success
    result = run("person", "export", *options, "--force", url=url)
    assert result.exit_code == 0 and f"not exported: {file_id}" in result.stderr


def test_exporting_an_unknown_person_is_an_error(url, tmp_path):
    for name in ("folder", "file.tar.gz"):
        options = ("--metadata", "person=nobody", "-o", str(tmp_path / name))
        assert "nothing was exported" in fail("person", "export", *options, url=url)
    assert not [*tmp_path.iterdir()]


def test_a_person_is_deleted_with_what_is_only_theirs(url, http, person):
    assert "Add --yes" in fail("person", "delete", "--metadata", person, url=url, status=2)
    reported = json.loads(
        succeed("person", "delete", "--metadata", person, "--yes", "--json", url=url)
    )
    assert reported["deleted"] == {
        "threads": 2,
        "messages": 3,
        "runs": 1,
        "files": 1,
        "vector_stores": 1,
        "visitors": 0,
    }
    assert reported["files_used_elsewhere"] == []
    assert {"backups", "logs"} <= reported["remains"].keys()
    key, value = person.split("=", 1)
    assert not http.get("/threads", params={f"metadata[{key}]": value}).json()["data"]
    assert http.get("/threads", params={f"metadata[{key}]": f"not {value}"}).json()["data"]
    # Once more is as good as once.
    again = succeed("person", "delete", "--metadata", person, "--language", "ko", url=url)
    assert again.startswith("지웠습니다: 대화 0개") and "백업" in again


def test_files_that_others_use_are_named(url, http, person):
    key, value = person.split("=", 1)
    threads = http.get("/threads", params={f"metadata[{key}]": value}).json()["data"]
    (message,) = [
        message
        for thread in threads
        for message in http.get(f"/threads/{thread['id']}/messages").json()["data"]
        if message["attachments"]
    ]
    file_id = message["attachments"][0]["file_id"]
    named = {"code_interpreter": {"file_ids": [file_id]}}
    http.post("/assistants", json={"model": "m", "tool_resources": named})
    reported = succeed("person", "delete", "--metadata", person, "--yes", url=url)
    assert "0 files, 1 vector stores" in reported
    assert f"Files kept, since something else uses them: {file_id}" in reported


def test_deleting_asks_first(url, http, person):
    with at_terminal("person", "delete", "--metadata", person, url=url) as terminal:
        terminal.wait_for("Delete 2 thread(s) with 3 message(s) and 1 run(s)")
        terminal.type("n\n")
        assert terminal.wait() == 1
    key, value = person.split("=", 1)
    assert len(http.get("/threads", params={f"metadata[{key}]": value}).json()["data"]) == 2


def test_wrong_usage(url):
    assert "KEY=VALUE" in fail("person", "delete", "--metadata", "kim", url=url, status=2)
    twice = ("--metadata", "a=1", "--metadata", "a=2")
    assert "twice" in fail("person", "delete", *twice, url=url, status=2)
    fail("person", "delete", url=url, status=2)


def test_a_long_threads_summary_is_exported_and_deleted(start, upstream, database_url, tmp_path):
    server, fact = start(**SMALL), "My name is Mina and my order is number 48213."
    upstream.reply_with(summarising)
    thread_id = long_thread(server.http, fact, metadata={"person": "mina"})
    ask(server.http, thread_id)
    text = text_of(database_url, thread_id)
    folder, who = tmp_path / "export", ("--metadata", "person=mina")
    succeed("person", "export", *who, "-o", str(folder), url=server.base_url)
    objects = lines((folder / "threads.ndjson").read_text("utf-8"))
    (summary,) = [one for one in objects if one["object"] == "thread.summary"]
    assert (summary["thread_id"], summary["text"]) == (thread_id, text)
    succeed("person", "delete", *who, "--yes", url=server.base_url)
    assert find_row(database_url, thread_id) is None
