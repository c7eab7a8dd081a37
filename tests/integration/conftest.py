"""Objects that most tests begin with."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import httpx
import openai
import pytest

from tests.support.fake_upstream import FakeUpstream
from tests.support.searches import Library, library
from tests.support.server import ThreadServer


@pytest.fixture
def assistant_id(client: openai.OpenAI) -> str:
    return client.beta.assistants.create(model="m", instructions="Be brief.").id


@pytest.fixture
def thread_id(http: httpx.Client) -> str:
    """A thread in which the user has said "hello there"."""
    said = {"role": "user", "content": "hello there"}
    thread_id: str = http.post("/threads", json={"messages": [said]}).json()["id"]
    return thread_id


@pytest.fixture
def together() -> Callable[[Callable[[int], Any], int], list[Any]]:
    """Call a function with 0, 1, 2 … from as many threads at the same moment."""

    def call(function: Callable[[int], Any], count: int) -> list[Any]:
        line = threading.Barrier(count, timeout=10)

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
