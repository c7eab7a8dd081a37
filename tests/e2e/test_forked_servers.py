"""A fork of the warm `main.py` is to tests what `python main.py` is."""

import signal
from pathlib import Path

import pytest

from tests.support.server import ForkedServer, ProcessServer

pytestmark = pytest.mark.parametrize("kind", [ProcessServer, ForkedServer])


def test_its_settings_are_those_of_its_folder_and_environment(kind, tmp_path):
    (tmp_path / ".env").write_text(
        'API_KEYS=["shop:key-of-the-folder"]\nLOG_LEVEL=ERROR\n', "utf-8"
    )
    server = kind(tmp_path, LOG_LEVEL="INFO")
    try:
        server.wait_ready()
        assert server.http.get("/threads").status_code == 401
        shown = {"authorization": "Bearer key-of-the-folder"}
        assert server.http.get("/threads", headers=shown).json()["data"] == []
        assert Path(f"/proc/{server.pid}/cwd").resolve() == tmp_path
    finally:
        server.kill()


def test_it_stops_by_a_signal(kind, tmp_path):
    server = kind(tmp_path)
    server.wait_ready()
    server.terminate()
    assert server.wait() == -signal.SIGTERM
    assert "ready" in server.log


def test_it_can_be_killed(kind, tmp_path):
    server = kind(tmp_path)
    server.wait_ready()
    server.kill()
    assert server.wait() == -signal.SIGKILL


def test_a_fault_ends_it_at_once(kind, tmp_path):
    server = kind(tmp_path, MAX_ROUNDS="many")
    assert server.wait() == 2
    assert server.log.startswith("MAX_ROUNDS")
    assert "Traceback" not in server.log
