"""The drill of docs/operations.md: a backup of a busy server, restored into a new place."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.busy_writers import Acknowledged, busy_writers
from tests.support.server import MAIN, ProcessServer, process_server
from tests.support.waiting import WAIT_SECONDS


def settings(folder: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": f"sqlite:///{folder}/threadkeeper.db",
        "FILES_URL": f"{folder}/files",
        "OPENAI_API_KEY": "",
    }


@pytest.fixture
def place(tmp_path) -> Path:
    """Where the server that is backed up keeps its data."""
    (tmp_path / "place").mkdir()
    return tmp_path / "place"


def back_up(place: Path, target: Path) -> dict[str, Any]:
    """Run the command as an operator does: in a process of its own, with the same settings."""
    done = subprocess.run(
        [sys.executable, "-m", "app", "backup", "--output", str(target), "--json"],
        cwd=MAIN.parent,
        env={**os.environ, **settings(place)},
        capture_output=True,
        text=True,
        timeout=2 * WAIT_SECONDS,
    )
    assert done.returncode == 0, done.stderr
    about: dict[str, Any] = json.loads(done.stdout)
    return about


def restore(backup: Path, place: Path) -> None:
    """Put back what docs/operations.md says, where there is nothing yet."""
    (place / "files").mkdir(parents=True)
    shutil.copy(backup / "threadkeeper.db", place / "threadkeeper.db")
    shutil.copytree(backup / "files", place / "files" / "files")


def test_a_backup_under_load_holds_all_that_was_acknowledged(place, tmp_path):
    backup, new_place = tmp_path / "backup", tmp_path / "new place"
    with process_server(place, **settings(place)) as server:
        thread_id = server.http.post("/chat", json={"message": "hello"}).json()["thread_id"]
        with busy_writers(server.base_url) as writers:
            before = writers.wait_for_more(60)
            about = back_up(place, backup)
            # They were never held up for long: they wrote all the time, and go on.
            assert len(writers.acknowledged().threads) > len(before.threads)
            writers.wait_for_more(10)
        in_the_end = writers.acknowledged()
        server.kill()
    assert about["threads"] >= len(before.threads) and about["files_lost"] == []
    restore(backup, new_place)
    with process_server(new_place, **settings(new_place)) as server:
        check(server, before, in_the_end)
        # It goes on where the other one was.
        chat = {"message": "again", "thread_id": thread_id}
        assert server.http.post("/chat", json=chat).is_success
        assert len(server.http.get(f"/threads/{thread_id}/messages").json()["data"]) == 4


def check(server: ProcessServer, before: Acknowledged, in_the_end: Acknowledged) -> None:
    """Look that all of `before` is there, and all that is there is whole."""
    for thread_id, said in before.threads.items():
        found = server.http.get(f"/threads/{thread_id}/messages").json()["data"]
        assert [message["content"][0]["text"]["value"] for message in found] == said
    there = {file.id for file in server.client.files.list(limit=100)}
    assert there >= before.files.keys() - in_the_end.doomed
    for file_id in there:
        assert server.client.files.content(file_id).read() == in_the_end.files[file_id]
