"""Our server in front of model servers that aren't ours."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.databases import fresh_database
from tests.support.model_server_commands import FREE, KEY, model_name
from tests.support.model_servers import ModelServers, Slots, shared_folder
from tests.support.server import ThreadServer, thread_server

# A server, and the API by which it is called: without one, it is found out.
TARGETS = (
    "llama-server",
    "llama-server by chat_completions",
    "litellm",
    "litellm by chat_completions",
    "llama-stack",
    "llama-stack by chat_completions",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    folder = Path(__file__).parent
    for item in items:
        if folder in item.path.parents:
            # Other processes' tests are waited for, and servers that take long to start.
            item.add_marker(pytest.mark.timeout(1800))
    # First, so that one process gets all of them, and the others take its later tests over: those
    # that use model servers wait for each other.
    items.sort(key=lambda item: folder not in item.path.parents)


@pytest.fixture(autouse=True)
def _empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What the doctor examines is no data of anybody's."""
    monkeypatch.chdir(tmp_path)


@dataclass(frozen=True)
class Target:
    """One of the model servers, with two models: one speaks freely, one repeats PHRASE."""

    name: str
    servers: ModelServers
    api: str = "auto"

    def model(self, backend: str) -> str:
        return model_name(self.name, backend)

    def settings(self, backend: str = FREE) -> dict[str, Any]:
        """Return our server's settings for one of the two: FREE or BOUND."""
        url = self.servers.url(backend if self.name == "llama-server" else self.name)
        return {
            "openai_base_url": f"{url}/v1",
            "openai_api_key": KEY,
            "openai_api": self.api,
            "openai_model": self.model(backend),
        }


@pytest.fixture(scope="session")
def _all_servers(
    tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Iterator[ModelServers]:
    servers = ModelServers(shared_folder(tmp_path_factory, worker_id))
    yield servers
    servers.stop()


@pytest.fixture
def servers(_all_servers: ModelServers) -> Iterator[ModelServers]:
    """The model servers, for this test alone."""
    with _all_servers.exclusively():
        yield _all_servers


@pytest.fixture(params=TARGETS)
def target(servers: ModelServers, request: pytest.FixtureRequest) -> Target:
    name, _, api = request.param.partition(" by ")
    return Target(name, servers, api or "auto")


Begin = Callable[..., ThreadServer]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Start our server with these settings, on a database of the test's own.

    One kind of database will do: what a model server says is read before it is kept.
    """
    with ExitStack() as stack:
        url = stack.enter_context(fresh_database("sqlite", tmp_path))

        def start(**settings: Any) -> ThreadServer:
            ours = {
                "database_url": url,
                "files_url": str(tmp_path / "files"),
                "openai_max_retries": 0,
                "shutdown_seconds": 1,
                "poll_after_ms": 20,
            }
            return stack.enter_context(thread_server(**(ours | settings)))

        yield start


@pytest.fixture
def slots(servers: ModelServers) -> Iterator[Callable[[str], Slots]]:
    """What the llama-server of this name (FREE or BOUND) says of itself."""
    with ExitStack() as stack:

        def of(name: str) -> Slots:
            slots = Slots(servers.url(name))
            stack.callback(slots.close)
            return slots

        yield of
