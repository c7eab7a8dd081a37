"""A process that executes runs, and its heir, which continues them when the first is gone."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.fake_upstream import FakeUpstream
from tests.support.server import ForkedServer, ProcessServer


def environment(database_url: str, upstream: FakeUpstream, **more: str) -> dict[str, str]:
    """Return the settings of a process; leases are short, so that no test waits long."""
    return {
        "DATABASE_URL": database_url,
        "DATABASE_POOL_SIZE": "3",
        "OPENAI_BASE_URL": upstream.base_url,
        "OPENAI_API_KEY": "sk-of-the-upstream",
        "OPENAI_MAX_RETRIES": "0",
        "LEASE_SECONDS": "1",
        "POLL_AFTER_MS": "5",
        **more,
    }


class Succession:
    """`first` serves. On PostgreSQL its heir runs at the same time, on SQLite it starts later."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self._folder = folder
        self._settings = settings
        self._all: list[ProcessServer] = []
        self.first = self._begin("first")
        self._heir: ProcessServer | None = None
        if settings["DATABASE_URL"].startswith("postgresql"):
            # Both start at once, on an empty database: one of them creates the tables.
            self._heir = self._begin("heir")

    def wait_ready(self) -> None:
        for server in self._all:
            server.wait_ready()

    def _begin(self, name: str) -> ProcessServer:
        folder = self._folder / name
        folder.mkdir()
        server = ForkedServer(folder, **self._settings)
        self._all.append(server)
        return server

    def heir(self) -> ProcessServer:
        """Return the server that runs when the first is gone."""
        if self._heir is None:
            self._heir = self._begin("heir")
            self._heir.wait_ready()
        return self._heir

    def kill_first(self) -> ProcessServer:
        """Kill the first, as a power cut would, and return its heir."""
        self.first.kill()
        return self.heir()

    def close(self) -> None:
        for server in self._all:
            server.kill()


@contextmanager
def succession(folder: Path, settings: dict[str, str]) -> Iterator[Succession]:
    servers = Succession(folder, settings)
    try:
        servers.wait_ready()
        yield servers
    finally:
        servers.close()
