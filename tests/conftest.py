"""Fixtures for all tests: fresh databases, the fake upstream, the running service, its clients."""

import gc
import os
import re
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from sqlalchemy import Connection

from app.core.config import Settings
from app.core.sealing import new_key
from app.tools import TOOLS, MakeTool
from tests.support import openai_spec
from tests.support.called_api import CalledApi
from tests.support.databases import (
    drop_schemas,
    empty_database,
    fresh_database,
    postgresql_is_up,
)
from tests.support.fake_upstream import FakeUpstream
from tests.support.model_servers import NOT_INSTALLED
from tests.support.rows import connected
from tests.support.server import ThreadServer, end_warm_main, thread_server, tool_server

_NO_POSTGRESQL = "PostgreSQL can't be reached: set TEST_POSTGRES_URL to test with it"

SECRETS_KEY = new_key()

StartServer = Callable[..., ThreadServer]


def pytest_configure(config: pytest.Config) -> None:
    # OpenAI's SDK emits these warnings for every call of this API; all others are errors.
    for message in ("The Assistants API is deprecated", "deprecated$"):
        config.addinivalue_line("filterwarnings", f"ignore:{message}:DeprecationWarning")
    # A shell that starts the tests in the background lets them ignore Ctrl+C, and so would the
    # programs that they start.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    # The objects that exist now stay: the garbage collector need not scan them repeatedly.
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Report what could not be tested on this machine."""
    skipped = terminalreporter.stats.get("skipped", [])
    without = sum(_NO_POSTGRESQL in str(report.longrepr) for report in skipped)
    if without:
        terminalreporter.write_line(f"{without} tests skipped: {_NO_POSTGRESQL}")
    absent = {
        part
        for report in skipped
        for parts in re.findall(NOT_INSTALLED, str(report.longrepr))
        for part in parts.split()
    }
    if absent:
        names = " ".join(sorted(absent))
        terminalreporter.write_line(
            f"Not tested with every real model server: {names} not installed;"
            f" python scripts/model_servers.py install {names}"
        )
    if not openai_spec.are_present():
        terminalreporter.write_line(
            f"Not compared with OpenAI's schemas, which are not at {openai_spec.FOLDER}"
        )


# These test code that runs before the database is used, so one database is enough; or the code of
# the demo model, whose files and steps are kept as those of test_code_interpreter.py.
_BEFORE_THE_DATABASE = (
    *("test_hostile", "test_schemathesis", "test_access.py", "test_open_server.py"),
    *("test_session_rights.py", "test_rate_limits.py", "test_terminal", "test_examples"),
    "test_model_calls.py",
    "test_demo_code.py",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    def is_kept(item: pytest.Item) -> bool:
        twice = item.path.name.startswith(_BEFORE_THE_DATABASE) or "chat_completions" in item.name
        return not (twice and "postgresql" in item.name)

    left_out = [item for item in items if not is_kept(item)]
    items[:] = [item for item in items if is_kept(item)]
    config.hook.pytest_deselected(items=left_out)


@pytest.fixture(scope="session", autouse=True)
def _bare_environment() -> Iterator[None]:
    """Hide this machine's settings from tests, so that none can call a real model."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [*os.environ]:
            if name.startswith(("OPENAI_", "OTEL_")) or name.lower() in Settings.model_fields:
                patch.delenv(name)
        # Only tests about the shipped assistants use them.
        patch.setenv("ASSISTANTS_FILE", "")
        # Not every machine that runs the tests can; those about it turn it on.
        patch.setenv("CODE_INTERPRETER", "off")
        # A server without one would add it to the .env of this folder.
        patch.setenv("SECRETS_KEY", SECRETS_KEY)
        yield


@pytest.fixture(scope="session", autouse=True)
def _kept_for_all_tests() -> Iterator[None]:
    yield
    drop_schemas()
    end_warm_main()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Run each test that needs a database on both kinds."""
    kind: str = request.param
    if kind == "postgresql" and not postgresql_is_up():
        pytest.skip(_NO_POSTGRESQL)
    return kind


@pytest.fixture
def database_url(database_kind: str, tmp_path: Any) -> Iterator[str]:
    """A separate database for the test, with all tables and no rows."""
    with fresh_database(database_kind, tmp_path) as url:
        yield url


@pytest.fixture
def empty_database_url(database_kind: str, tmp_path: Any) -> Iterator[str]:
    """Like `database_url`, without tables."""
    with empty_database(database_kind, tmp_path) as url:
        yield url


@pytest.fixture
def rows(database_url: str) -> Iterator[Connection]:
    """A connection to that database."""
    with connected(database_url) as connection:
        yield connection


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    # A module with `BOTH_APIS` runs with each API that an upstream may offer.
    if getattr(metafunc.module, "BOTH_APIS", False) and "upstream_api" in metafunc.fixturenames:
        apis = ["responses", "chat_completions"]
        metafunc.parametrize("upstream_api", apis, indirect=True, scope="session")


@pytest.fixture(scope="session")
def upstream_api(request: pytest.FixtureRequest) -> str:
    """The setting `OPENAI_API` of the services."""
    return str(getattr(request, "param", "auto"))


@pytest.fixture(scope="session")
def upstream_server() -> Iterator[FakeUpstream]:
    with FakeUpstream.serve() as upstream:
        yield upstream


@pytest.fixture
def upstream(upstream_server: FakeUpstream) -> Iterator[FakeUpstream]:
    """The model behind the service, with an empty script.

    It refuses what a strict server refuses. The test fails if it refused a request.
    """
    upstream_server.reset()
    yield upstream_server
    refused = list(upstream_server.refused)
    upstream_server.reset()
    assert not refused, "\n".join(refused)


@pytest.fixture
def api() -> Iterator[CalledApi]:
    """Somebody else's API, on loopback: for actions and webhooks."""
    with CalledApi.serve() as called:
        yield called


@pytest.fixture(scope="session")
def server(
    database_kind: str,
    upstream_api: str,
    upstream_server: FakeUpstream,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ThreadServer]:
    """The service, started once for each database; each test uses its own threads."""
    folder = tmp_path_factory.mktemp("shared")
    with (
        fresh_database(database_kind, folder) as url,
        thread_server(**_settings(url, folder, upstream_server, upstream_api)) as running,
    ):
        yield running


@pytest.fixture
def start(
    database_url: str, tmp_path: Path, upstream_api: str, upstream: FakeUpstream
) -> Iterator[StartServer]:
    """Start services with the test's own settings, all on the test's own database."""
    with ExitStack() as stack:

        def begin(*, tools: Sequence[MakeTool] = TOOLS, **settings: Any) -> ThreadServer:
            wanted = _settings(database_url, tmp_path, upstream, upstream_api) | settings
            return stack.enter_context(tool_server(tools, **wanted))

        yield begin


@pytest.fixture(scope="module")
def shared_database_url(
    database_kind: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Like `database_url`, shared by the tests of a module."""
    with fresh_database(database_kind, tmp_path_factory.mktemp("database")) as url:
        yield url


@pytest.fixture(scope="module")
def start_shared(
    shared_database_url: str,
    upstream_api: str,
    upstream_server: FakeUpstream,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[StartServer]:
    """Like `start`, for servers that the tests of a module share."""
    folder = tmp_path_factory.mktemp("module")
    with ExitStack() as stack:

        def begin(**settings: Any) -> ThreadServer:
            wanted = _settings(shared_database_url, folder, upstream_server, upstream_api)
            wanted |= settings
            return stack.enter_context(thread_server(**wanted))

        yield begin


def _settings(
    database_url: str, folder: Path, upstream: FakeUpstream, upstream_api: str
) -> dict[str, Any]:
    return {
        "database_url": database_url,
        "files_url": str(folder / "files"),
        "database_pool_size": 4,
        "openai_base_url": upstream.base_url,
        "openai_api_key": "sk-of-the-upstream",
        "openai_api": upstream_api,
        "openai_max_retries": 0,
        # A stopping server waits only for what a test has left open on purpose.
        "shutdown_seconds": 1,
        "poll_after_ms": 5,
    }


@pytest.fixture
def http(server: ThreadServer, upstream: FakeUpstream) -> httpx.Client:
    """A plain client; its paths begin after the version: `/threads`."""
    return server.http


@pytest.fixture
def client(server: ThreadServer, upstream: FakeUpstream) -> openai.OpenAI:
    """OpenAI's own client."""
    return server.client
