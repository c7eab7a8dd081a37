"""What the server keeps can be opened by its user alone."""

import os
import stat
import sys
from pathlib import Path

import pytest

from app.core.private_files import data_places, open_to_others, tighten
from tests.support.server import process_server
from tests.support.terminal import examine

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def loose(folder: Path) -> list[str]:
    """Leave files as a server without these rules did; return where they are, as settings."""
    (folder / "files").mkdir(mode=0o755)
    (folder / "logs").mkdir(mode=0o755)
    for name in ("t.db", "t.db-wal", "files/file-1", "logs/app.log", "logs/app.log.1"):
        (folder / name).write_text("x")
        (folder / name).chmod(0o644)
    (folder / "files").chmod(0o755)
    return [f"sqlite:///{folder}/t.db", str(folder / "files"), str(folder / "logs" / "app.log")]


def test_what_is_there_is_closed(tmp_path, caplog):
    places = data_places(*loose(tmp_path))
    names = ["t.db", "t.db-wal", "files", "logs/app.log", "logs/app.log.1"]
    assert places == [tmp_path / name for name in names]
    assert open_to_others(places) == places
    tighten(places)
    assert open_to_others(places) == []
    assert mode(tmp_path / "files") == 0o700 and mode(tmp_path / "t.db") == 0o600


def test_what_is_not_here_is_left_out(tmp_path):
    url = f"file://{tmp_path}/some%20files"
    (tmp_path / "some files").mkdir()
    assert data_places("postgresql://u:p@host/name", "s3://bucket/x", "") == []
    assert data_places("sqlite:///nowhere.db", url, "") == [tmp_path / "some files"]


def test_what_cannot_be_closed_is_said(tmp_path, caplog, monkeypatch):
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    path = tmp_path / "t.db"
    path.write_text("x")
    path.chmod(0o644)
    monkeypatch.setattr(Path, "chmod", refuse)
    tighten([path])
    assert f"other users of this machine may open {path}: Operation not permitted" in caplog.text


def test_the_doctor_looks(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    database, files, log = loose(tmp_path)
    checks = examine(DATABASE_URL=database, FILES_URL=files, LOG_FILE=log)
    assert str(tmp_path / "t.db-wal") in checks["data_files"]["message"]


def test_a_server_makes_private_files_whatever_its_umask(tmp_path):
    before = os.umask(0)
    try:
        with process_server(tmp_path, LOG_FILE=str(tmp_path / "own.log")) as server:
            given = {"purpose": "assistants"}
            server.http.post("/files", data=given, files={"file": ("a.txt", b"hello")})
            made = [path for path in tmp_path.rglob("*") if path.name != "console.log"]
    finally:
        os.umask(before)
    assert any(path.suffix == ".db" for path in made)
    assert any(path.name.startswith("file-") for path in made)
    assert [path for path in made if path.is_file() and mode(path) & 0o077] == []
