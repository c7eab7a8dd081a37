"""`files` in the terminal: up with a bar, into vector stores, and back."""

import hashlib
import json
from pathlib import Path

import openai
import pytest

from app.terminal.download import safe_name
from tests.support.fake_upstream import FakeUpstream
from tests.support.server import ThreadServer
from tests.support.terminal import at_terminal, fail, run, succeed


@pytest.fixture
def url(server: ThreadServer, upstream: FakeUpstream) -> str:
    return server.base_url


@pytest.fixture
def text(tmp_path: Path) -> Path:
    file = tmp_path / "영업 시간.md"
    file.write_text("영업 시간은 오전 8시부터입니다.", "utf-8")
    return file


@pytest.fixture
def binary(tmp_path: Path) -> Path:
    file = tmp_path / "data.bin"
    file.write_bytes(bytes(range(256)) * 16384)
    return file


def test_a_file_goes_up_and_comes_back(url, binary, tmp_path, monkeypatch):
    result = run("files", "upload", str(binary), url=url)
    file_id, name = result.stdout.split()
    assert (name, result.stderr) == ("data.bin", "")
    monkeypatch.chdir(tmp_path)
    binary.rename("was.bin")
    result = run("files", "download", file_id, "--language", "ko", url=url)
    assert result.stderr == "data.bin에 저장했습니다.\n"
    assert binary.read_bytes() == Path("was.bin").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data.bin", "was.bin"]
    assert "--force" in fail("files", "download", file_id, url=url)
    succeed("files", "download", file_id, "--force", url=url)
    piped = run("files", "download", file_id, "-o", "-", url=url)
    assert (
        hashlib.sha256(piped.stdout_bytes).digest() == hashlib.sha256(binary.read_bytes()).digest()
    )


def test_files_are_listed_with_their_size(url, text, binary):
    made = json.loads(succeed("files", "upload", str(text), str(binary), "--json", url=url))
    listed = succeed("files", "list", "--language", "ko", url=url)
    assert listed.split()[:4] == ["ID", "이름", "바이트", "용도"]
    (line,) = [line for line in listed.splitlines() if line.startswith(made[1]["id"])]
    assert "4,194,304" in line
    only = json.loads(succeed("files", "list", "--purpose", "vision", "--json", url=url))
    assert {one["purpose"] for one in only} <= {"vision"}


def test_files_are_deleted(url, client, text):
    file_id = succeed("files", "upload", str(text), url=url).split()[0]
    assert run("files", "delete", file_id, "-y", url=url).stderr == f"Deleted {file_id}.\n"
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve(file_id)


def test_nothing_is_sent_if_a_file_can_not_be_read(url, text, tmp_path, client):
    before = {file.id for file in client.files.list()}
    missing = tmp_path / "none.md"
    said = fail("files", "upload", str(text), str(missing), url=url)
    assert said == f"Error: {missing} can't be read: No such file or directory"
    assert "읽을 수 없습니다" in fail("files", "upload", str(tmp_path), "--language", "ko", url=url)
    assert "No vector store found" in fail("files", "upload", str(text), "--store", "vs_x", url=url)
    both = ["--store", "vs_x", "--assistant", "asst_x"]
    assert "either" in fail("files", "upload", str(text), *both, url=url, status=2)
    assert {file.id for file in client.files.list()} == before


def test_files_are_attached_to_a_store_and_read(url, client, text):
    store = client.vector_stores.create()
    result = run("files", "upload", str(text), "--store", store.id, url=url)
    assert result.exit_code == 0
    assert result.stderr == f"1 file(s) can now be searched in {store.id}.\n"
    (found,) = client.vector_stores.search(store.id, query="영업 시간").data
    assert found.filename == "영업 시간.md"


def test_a_file_that_can_not_be_read_is_named(url, client, text, binary):
    store = client.vector_stores.create()
    result = run(
        "files", "upload", str(text), str(binary), "--store", store.id, "--language", "ko", url=url
    )
    assert result.exit_code == 1
    searched, failed = result.stderr.splitlines()
    assert searched == f"이제 {store.id}에서 파일 1개를 검색할 수 있습니다."
    assert failed.startswith("오류: data.bin 파일을 읽지 못했습니다: ")


def test_an_assistant_without_a_store_gets_one(url, client, text):
    own = {"type": "function", "function": {"name": "own", "parameters": {"type": "object"}}}
    assistant = client.beta.assistants.create(model="m", name="도우미", tools=[own])
    for _ in range(2):
        succeed("files", "upload", str(text), "--assistant", assistant.id, url=url)
    now = client.beta.assistants.retrieve(assistant.id)
    assert [tool.type for tool in now.tools] == ["function", "file_search"]
    (store,) = now.tool_resources.file_search.vector_store_ids
    assert client.vector_stores.retrieve(store).file_counts.completed == 2


def test_an_assistant_that_can_not_be_changed_leaves_nothing_behind(url, client, text):
    before = {store.id for store in client.vector_stores.list()}
    said = fail("files", "upload", str(text), "--assistant", "asst_default", url=url)
    assert "can only be changed there" in said
    assert {store.id for store in client.vector_stores.list()} == before


def test_a_terminal_sees_bars(url, client, text, binary):
    store = client.vector_stores.create()
    files = [str(text), str(binary)]
    with at_terminal(
        "files", "upload", *files, "--store", store.id, "--language", "ko", url=url
    ) as terminal:
        assert terminal.wait() == 1
        assert "4.2/4.2 MB" in terminal.seen
        assert "2/2" in terminal.seen
        assert "처리 중" in terminal.seen


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("a.md", "a.md"),
        ("../../etc/passwd", "passwd"),
        ("C:\\x\\a.md", "a.md"),
        ("a\x1b[2J:b", "a_[2J_b"),
        ("..", "file-1"),
        ("영업 시간.md", "영업 시간.md"),
    ],
)
def test_a_download_stays_in_its_folder(name, safe):
    assert safe_name(name, "file-1") == safe
