"""Objects that most tests begin with."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import httpx
import openai
import pytest

from tests.conftest import StartServer
from tests.support.callers import CallAs, callers
from tests.support.fake_upstream import FakeUpstream
from tests.support.searches import Library, library
from tests.support.server import ThreadServer

MakeThread = Callable[..., str]


@pytest.fixture
def assistant_id(client: openai.OpenAI) -> str:
    return client.beta.assistants.create(model="m", instructions="Be brief.").id


@pytest.fixture
def thread_id(http: httpx.Client) -> str:
    """A thread in which the user has said "hello there"."""
    said = {"role": "user", "content": "hello there"}
    thread_id: str = http.post("/threads", json={"messages": [said]}).json()["id"]
    return thread_id


@pytest.fixture(scope="module")
def own_server(start_shared: StartServer) -> ThreadServer:
    """A server of this module's tests alone."""
    return start_shared()


@pytest.fixture
def own_http(own_server: ThreadServer, upstream: FakeUpstream) -> httpx.Client:
    """A client of a server that has no threads."""
    assert own_server.http.delete("/threads", params={"all": "true"}).is_success
    return own_server.http


@pytest.fixture
def made(own_http: httpx.Client) -> MakeThread:
    """Make a thread there; its messages are all the user's. Return its id."""

    def make(*messages: str, **metadata: str) -> str:
        said = [{"role": "user", "content": message} for message in messages]
        body = {"messages": said, "metadata": metadata}
        thread_id: str = own_http.post("/threads", json=body).json()["id"]
        return thread_id

    return make


@pytest.fixture
def together() -> Callable[[Callable[[int], Any], int], list[Any]]:
    """Call a function with 0, 1, 2 … from as many threads at the same moment."""

    def call(function: Callable[[int], Any], count: int) -> list[Any]:
        line = threading.Barrier(count, timeout=60)

        def one(number: int) -> Any:
            line.wait()
            return function(number)

        with ThreadPoolExecutor(count) as executor:
            return list(executor.map(one, range(count)))

    return call


@pytest.fixture
def aside() -> Iterator[Callable[[Callable[[], Any]], Future[Any]]]:
    """Call a function from a thread of its own, while the test goes on."""
    with ThreadPoolExecutor() as executor:
        yield executor.submit


@pytest.fixture(scope="session")
def shared_library(server: ThreadServer) -> Library:
    return library(server.client)


@pytest.fixture
def files(shared_library: Library, upstream: FakeUpstream) -> Library:
    """Three files that an assistant searches; made once, and changed by no test."""
    return shared_library


@pytest.fixture
def call_as() -> Iterator[CallAs]:
    """Make callers of a server, with a key or without."""
    with callers() as make:
        yield make


@pytest.fixture(scope="module")
def call_shared_as() -> Iterator[CallAs]:
    """Like `call_as`, for callers that the tests of a module share."""
    with callers() as make:
        yield make
