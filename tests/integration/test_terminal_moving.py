"""`export` and `import` of the terminal command: to an archive and back."""

import json
import tarfile

import pytest

from tests.support.databases import fresh_database
from tests.support.moving import exported, fill, objects_in
from tests.support.stores import settled
from tests.support.terminal import fail, run, succeed


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
        server.stop()


def same(source, target) -> bool:
    for store in target.client.vector_stores.list():
        settled(target.client, store.id)
    return exported(target.http, content=True) == exported(source.http, content=True)


def test_an_archive_holds_everything(source, target, tmp_path):
    archive = tmp_path / "backup.tar.gz"
    shown = succeed("export", "-o", str(archive), url=source.base_url)
    assert "threads 4" in shown and "files 5" in shown
    assert archive.stat().st_mode & 0o077 == 0
    with tarfile.open(archive) as packed:
        first, *_ = packed.getnames()
    assert first == "backup/export.ndjson"
    tried = json.loads(succeed("import", str(archive), "--dry-run", "--json", url=target.base_url))
    assert (tried["dry_run"], tried["refused"]) == (True, 0)
    assert exported(target.http) == b""
    shown = succeed("import", str(archive), url=target.base_url)
    assert "Imported: " in shown and "file contents 5" in shown
    assert same(source, target)
    again = json.loads(succeed("import", str(archive), "--json", url=target.base_url))
    assert (again["created"], again["updated"], again["refused"]) == ({}, {}, 0)


def test_an_interrupted_export_is_resumed(source, tmp_path):
    archive = tmp_path / "backup.tar.gz"
    part = tmp_path / ".backup.tar.gz.part"
    (part / "files").mkdir(parents=True)
    (part / "export.ndjson").write_text('{"object": "cut o')
    file, other, *_ = objects_in(exported(source.http))
    # It is complete, and must not be downloaded again.
    (part / "files" / file["id"]).write_bytes(b"#" * file["bytes"])
    (part / "files" / f".{other['id']}.part").write_bytes(b"cut o")
    succeed("export", "-o", str(archive), url=source.base_url)
    assert not part.exists()
    with tarfile.open(archive) as packed:
        kept = packed.extractfile(f"backup/files/{file['id']}")
        assert kept is not None and kept.read() == b"#" * file["bytes"]
        assert len(packed.getnames()) == 6


def test_lines_can_be_piped(source, target):
    lines = run("export", "-o", "-", "--bytes", url=source.base_url).stdout_bytes
    assert lines == exported(source.http, content=True)
    succeed("import", "-", url=target.base_url, said=lines)
    assert same(source, target)


def test_a_folder_can_be_imported(source, target, tmp_path):
    succeed("export", "-o", str(tmp_path / "x.tgz"), url=source.base_url)
    with tarfile.open(tmp_path / "x.tgz") as packed:
        packed.extractall(tmp_path, filter="data")
    succeed("import", str(tmp_path / "x"), url=target.base_url)
    assert same(source, target)


def test_refused_lines_are_shown(target, tmp_path):
    lines = tmp_path / "lines.ndjson"
    lines.write_text('{"object": "thread", "id": "thread_a", "created_at": 1}\n{"object": "thing"}')
    result = run("import", str(lines), url=target.base_url, LC_ALL="ko_KR.UTF-8")
    assert result.exit_code == 3
    assert "가져왔습니다: 대화 1" in result.stdout
    assert "2행 thing: object: Objects of the kind 'thing' can't be imported." in result.stderr


def test_what_is_no_archive_is_refused(target, tmp_path):
    archive = tmp_path / "backup.tar.gz"
    archive.write_bytes(b"not an archive")
    assert "is damaged" in fail("import", str(archive), url=target.base_url)
    assert "can't be read" in fail("import", str(tmp_path / "none.ndjson"), url=target.base_url)
    archive.write_bytes(b"")
    assert "already exists" in fail("export", "-o", str(archive), url=target.base_url)


def test_a_busy_server_is_asked_again(start, tmp_path):
    server = start(rate_limit="2/second")
    lines = tmp_path / "lines.ndjson"
    with lines.open("w") as file:
        for number in range(9000):
            file.write(f'{{"object": "thread", "id": "thread_{number}", "created_at": 1}}\n')
    # Five requests, of which two are allowed in a second.
    report = json.loads(succeed("import", str(lines), "--json", url=server.base_url))
    assert (report["created"], report["refused"]) == ({"thread": 9000}, 0)
