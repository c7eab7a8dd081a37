"""`backup` in the terminal, beside a server that runs."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.db import backup, files
from app.db.checks import DatabaseFault
from tests.support.rows import connected
from tests.support.server import ThreadServer
from tests.support.stores import uploaded
from tests.support.terminal import ROOT, at_terminal, fail, run, succeed
from tests.support.waiting import WAIT_SECONDS


@pytest.fixture
def server(start) -> ThreadServer:
    server: ThreadServer = start()
    server.http.post("/threads", json={"messages": [{"role": "user", "content": "hello"}]})
    return server


@pytest.fixture
def environment(server, database_url, tmp_path) -> dict[str, str]:
    """The settings of the server, for a command that reads them as it did."""
    return {"DATABASE_URL": database_url, "FILES_URL": str(tmp_path / "files")}


@pytest.fixture
def target(tmp_path) -> Path:
    return tmp_path / "backups" / "one"


@pytest.fixture
def only_sqlite(database_kind) -> None:
    if database_kind != "sqlite":
        pytest.skip("PostgreSQL is backed up with its own tools")


def backed_up(target: Path, *options: str, **environment: str) -> dict[str, Any]:
    """Make a backup and return what it says of itself."""
    written = succeed("backup", "-o", str(target), "--json", *options, **environment)
    about: dict[str, Any] = json.loads(written)
    assert about.pop("path") == str(target)
    assert about == json.loads((target / "backup.json").read_text())
    check = subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=target)
    assert check.returncode == 0
    return about


def rows_of(copy: Path) -> list[str]:
    return [file.id for file in backup.stored_files(backup.url_of(copy))]


def test_database_and_files_are_copied(only_sqlite, server, environment, target):
    file_id = uploaded(server.client, "내용")
    about = backed_up(target, **environment)
    assert (about["threads"], about["messages"], about["files"]) == (1, 1, 1)
    assert about["database_bytes"] == (target / "threadkeeper.db").stat().st_size
    assert (target / "files" / file_id).read_text() == "내용"
    assert rows_of(target / "threadkeeper.db") == [file_id]
    everything = [target, *target.rglob("*")]
    assert [path for path in everything if path.stat().st_mode & 0o077] == []
    assert [*target.parent.iterdir()] == [target]


def test_it_says_what_it_did_in_both_languages(only_sqlite, environment, target):
    english = run("backup", "-o", f"{target}-en", **environment)
    assert "1 threads, 1 messages, 0 files" in english.stdout
    assert "secret that signs visitors' tokens" in english.stderr
    korean = run("backup", "-o", f"{target}-ko", "--language", "ko", **environment)
    assert "대화 1개, 메시지 1개, 파일 0개" in korean.stdout
    assert "비밀 값" in korean.stderr


def test_the_steps_are_shown_at_a_terminal(only_sqlite, server, environment, target):
    uploaded(server.client, "x")
    command = ("backup", "-o", str(target), "--language", "ko")
    with at_terminal(*command, url="", columns=200, **environment) as terminal:
        for step in ("데이터베이스 복사", "복사본 검사", "파일 복사", "체크섬 계산"):
            terminal.wait_for(step)
        assert terminal.wait() == 0
    assert target.is_dir()


def test_a_file_deleted_meanwhile_is_named_and_not_in_the_copy(
    only_sqlite, server, environment, target, monkeypatch
):
    kept, deleted = uploaded(server.client, "a"), uploaded(server.client, "b")
    copy_database = backup.copy_database

    def copy_then_delete(*arguments: Any) -> None:
        copy_database(*arguments)
        server.client.files.delete(deleted)

    monkeypatch.setattr(backup, "copy_database", copy_then_delete)
    about = backed_up(target, **environment)
    assert (about["files_deleted_meanwhile"], about["files"]) == ([deleted], 1)
    assert [path.name for path in (target / "files").iterdir()] == [kept]
    assert rows_of(target / "threadkeeper.db") == [kept]
    with connected(backup.url_of(target / "threadkeeper.db")) as connection:
        assert files.due_removals(connection, 2**40, 10) == [deleted]


def test_bytes_that_the_store_has_lost_are_named_and_set_the_exit_status(
    only_sqlite, server, environment, target, tmp_path
):
    kept, lost = uploaded(server.client, "a"), uploaded(server.client, "b")
    (tmp_path / "files" / "files" / lost).unlink()
    result = run("backup", "-o", str(target), **environment)
    assert result.exit_code == 3
    assert f"is missing from the store or has the wrong size: {lost}" in result.stderr
    # All else is in the backup.
    assert [path.name for path in (target / "files").iterdir()] == [kept]
    assert rows_of(target / "threadkeeper.db") == sorted([kept, lost])


def test_only_the_files_can_be_backed_up(server, environment, target):
    file_id = uploaded(server.client, "a")
    about = backed_up(target, "--files-only", **environment)
    assert about.keys() & {"threads", "schema", "database_bytes"} == set()
    assert about["files"] == 1
    assert (target / "files" / file_id).read_text() == "a"
    assert not (target / "threadkeeper.db").exists()


def test_postgresql_is_left_to_its_own_tools(target):
    url = "postgresql://user:geheim@127.0.0.1:9/none"
    said = fail("backup", "-o", str(target), status=2, DATABASE_URL=url)
    assert "pg_dump --format=custom" in said and "--files-only" in said
    assert "geheim" not in said
    assert not target.parent.exists()
    away = fail("backup", "--files-only", "-o", str(target), DATABASE_URL=url)
    assert "could not be backed up" in away and "geheim" not in away
    assert [*target.parent.iterdir()] == []


def test_a_missing_database_or_missing_settings_are_reported(target, tmp_path):
    said = fail("backup", "-o", str(target), DATABASE_URL=f"sqlite:///{tmp_path}/none.db")
    assert f"There is no database to back up: {tmp_path}/none.db" in said
    assert "PORT" in fail("backup", status=2, PORT="x")
    assert not target.parent.exists()


def test_a_folder_that_is_there_is_not_touched(only_sqlite, environment, target):
    target.mkdir(parents=True)
    assert "already exists" in fail("backup", "-o", str(target), **environment)
    assert [*target.parent.iterdir()] == [target] and [*target.iterdir()] == []


def test_nothing_is_left_of_a_backup_that_fails(only_sqlite, environment, target, monkeypatch):
    def damaged(*_: Any) -> None:
        raise DatabaseFault("row 3 missing from index")

    monkeypatch.setattr(backup, "check_copy", damaged)
    assert "row 3 missing" in fail("backup", "-o", str(target), **environment)
    assert [*target.parent.iterdir()] == []


# Stops in the middle of a backup until a signal comes.
_STOP_IN_THE_MIDDLE = """
import sys, time
from app.db import backup
def wait(*_):
    print("in the middle", flush=True)
    time.sleep(600)
backup.check_copy = wait
from app.terminal.command_line import app
app(sys.argv[1:])
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_nothing_is_left_of_a_backup_that_a_signal_ends(only_sqlite, environment, target, number):
    command = [sys.executable, "-c", _STOP_IN_THE_MIDDLE, "backup", "-o", str(target)]
    process = subprocess.Popen(
        command, env={**os.environ, **environment}, cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    with process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "in the middle\n"
            assert [path.name[:5] for path in target.parent.iterdir()] == [".one."]
            process.send_signal(number)
            assert process.wait(WAIT_SECONDS) == 130
        finally:
            process.kill()
    assert [*target.parent.iterdir()] == []
