"""Fixtures of the unit tests."""

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import pytest

from app.core.model import Api
from app.core.openai_client import OpenAIClient
from tests.support.fake_upstream import FakeUpstream
from tests.support.interpreters import NOBODY, OUTSIDE, Driver, driver, require_interpreter
from tests.support.openai_calls import client

_keys = count()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def upstream_server() -> Iterator[FakeUpstream]:
    with FakeUpstream.serve() as upstream:
        yield upstream


@pytest.fixture
def upstream(upstream_server: FakeUpstream) -> FakeUpstream:
    """A fake Responses server on loopback, with a clean script."""
    upstream_server.reset()
    return upstream_server


@pytest.fixture(params=["responses", "chat_completions"])
def api(request: pytest.FixtureRequest) -> Api:
    """Each API that an upstream may offer."""
    name: Api = request.param
    return name


@pytest.fixture
async def real(upstream: FakeUpstream, api: Api) -> AsyncIterator[OpenAIClient]:
    """The client as production runs it, with two retries, in front of the fake server."""
    model = client(upstream.base_url, retries=2, kind=api)
    yield model
    await model.close()


@pytest.fixture
async def responses(upstream: FakeUpstream) -> AsyncIterator[OpenAIClient]:
    """The same, by the Responses API alone."""
    model = client(upstream.base_url, retries=2)
    yield model
    await model.close()


@pytest.fixture
async def chat(upstream: FakeUpstream) -> AsyncIterator[OpenAIClient]:
    """The same, by Chat Completions alone."""
    model = client(upstream.base_url, retries=2, kind="chat_completions")
    yield model
    await model.close()


@pytest.fixture(scope="module", params=["this user", "nobody"])
def interpreter_process(request: pytest.FixtureRequest) -> Iterator[Driver]:
    """A process with a code interpreter, of root and of a plain user if this is root."""
    require_interpreter()
    if request.param == "nobody" and os.getuid() != 0:
        pytest.skip("only root can be somebody else")
    user = NOBODY if request.param == "nobody" else os.getuid()
    with tempfile.TemporaryDirectory(dir=OUTSIDE) as name:
        Path(name).chmod(0o755)
        folder = Path(name, "sessions")
        folder.mkdir()
        with driver(folder, user=user) as running:
            assert running.unavailable == ""
            yield running
        assert [*folder.iterdir()] == []


@pytest.fixture
def key() -> str:
    """A session of the code interpreter for this test alone."""
    return f"session-{next(_keys)}"


@pytest.fixture
def other_session(interpreter_process: Driver) -> Iterator[None]:
    """Another session of the code interpreter, which has its variables before and after."""
    interpreter_process.run("kept = 'kept'", key="other")
    yield
    after = interpreter_process.run("kept", key="other")
    assert (after["printed"], after["fresh"]) == ("'kept'\n", False)
