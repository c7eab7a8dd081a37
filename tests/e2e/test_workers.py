"""WORKERS: several processes on one port, from one `main.py`."""

import os
import re
import signal
import sys
from collections import Counter
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.databases import empty_database, postgresql_is_up
from tests.support.server import ProcessServer
from tests.support.waiting import WAIT_SECONDS, wait_until

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="needs /proc"),
    pytest.mark.skipif(not postgresql_is_up(), reason="PostgreSQL can't be reached"),
]

KEYS = ("key-of-the-shop-old-1234", "key-of-the-shop-new-5678")


class Group:
    """A running group of two workers."""

    def __init__(self, server: ProcessServer) -> None:
        self.server = server
        serving = r"serving chat_page=(http://\S+)/chat .*workers=2"
        found = wait_until(lambda: re.search(serving, server.log), 8 * WAIT_SECONDS)
        assert found is not None
        self.address = found[1]

    @property
    def children(self) -> list[int]:
        children = Path(f"/proc/{self.server.pid}/task/{self.server.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    @property
    def workers(self) -> list[int]:
        return [pid for pid in self.children if b"main" in _command(pid)]

    def get(self, path: str, key: str = KEYS[0]) -> httpx.Response:
        # On a connection of its own, which any worker may take.
        headers = {"authorization": f"Bearer {key}"}
        return httpx.get(f"{self.address}{path}", headers=headers, timeout=WAIT_SECONDS)

    def count_of(self, name: str, **labels: str) -> float:
        families = text_string_to_metric_families(self.get("/metrics").text)
        return sum(
            sample.value
            for family in families
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )


def _command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


class AdoptingServer(ProcessServer):
    main = Path(__file__).parents[1] / "support" / "programs" / "adopting_main.py"


@pytest.fixture
def made() -> type[ProcessServer]:
    return ProcessServer


@pytest.fixture
def group(tmp_path, made):
    with empty_database("postgresql", tmp_path) as url:
        (tmp_path / ".env").write_text(f'API_KEYS=["shop:{KEYS[0]}"]', "utf-8")
        settings = {"WORKERS": "2", "DATABASE_URL": url, "CODE_INTERPRETER": "off"}
        limits = {"RATE_LIMIT": "200/hour", "DATABASE_POOL_SIZE": "2", "SHUTDOWN_SECONDS": "2"}
        server = made(tmp_path, **settings, **limits, LOG_FILE="app.log")
        try:
            yield Group(server)
        finally:
            server.kill()


def test_a_group_is_as_one_server(group, tmp_path):
    # Metrics and limits are those of all workers.
    for _ in range(40):
        assert group.get("/api/v1/assistants").status_code == 200
    route = {"route": "/api/v1/assistants", "status": "200"}
    assert group.count_of("threadkeeper_http_requests_total", **route) == 40
    assert group.count_of("process_resident_memory_bytes") > 0
    left = group.get("/api/v1/assistants").headers["x-ratelimit-remaining-requests"]
    assert int(left) == 200 - 40 - 2 - 1

    # One that dies is replaced, and what it counted stays.
    before = group.workers
    assert len(before) == 2
    os.kill(before[0], signal.SIGKILL)
    wait_until(lambda: len({*group.workers} - {*before}) == 1 and len(group.workers) == 2)
    assert "ended with status -9; another one starts" in group.server.log
    assert group.count_of("threadkeeper_http_requests_total", **route) == 41

    # A reload reaches all of them; each listens again by then.
    (tmp_path / ".env").write_text(f'API_KEYS=["shop:{KEYS[1]}"]', "utf-8")
    os.kill(group.server.pid, signal.SIGHUP)
    wait_until(lambda: group.server.log.count("reloaded changed=API_KEYS") == 2)
    answers = Counter(group.get("/api/v1/me", key).status_code for key in KEYS * 8)
    assert answers == {200: 8, 401: 8}

    # A worker that is replaced after a reload begins with what was reloaded.
    before = group.workers
    os.kill(before[0], signal.SIGKILL)
    wait_until(lambda: len({*group.workers} - {*before}) == 1 and len(group.workers) == 2)
    answers = Counter(group.get("/api/v1/me", key).status_code for key in KEYS * 8)
    assert answers == {200: 8, 401: 8}

    # Both write the log, and a stop reaches both.
    workers = group.workers
    os.kill(group.server.pid, signal.SIGINT)
    assert group.server.wait(20) == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)
    lines = (tmp_path / "app.log").read_text("utf-8")
    assert lines.count("path=/api/v1/assistants status=200") == 41


def test_workers_end_if_their_first_process_was_killed(group):
    workers = group.workers
    group.server.kill()
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))


class TestInAContainer:
    @pytest.fixture
    def made(self, tmp_path, monkeypatch) -> type[ProcessServer]:
        os.mkfifo(tmp_path / "orphan")
        monkeypatch.setenv("ORPHAN", str(tmp_path / "orphan"))
        return AdoptingServer

    def test_orphans_do_not_stay_as_zombies(self, group, tmp_path):
        workers = group.workers
        [orphan] = {*group.children} - {*workers}
        (tmp_path / "orphan").write_bytes(b"")
        wait_until(lambda: orphan not in group.children)
        os.kill(workers[0], signal.SIGKILL)
        wait_until(lambda: len(group.workers) == 2 and workers[0] not in group.workers)
        group.server.terminate()
        assert group.server.wait(20) == 0
