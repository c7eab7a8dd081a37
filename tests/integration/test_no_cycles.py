"""A turn leaves no reference cycles, which only the garbage collector would free."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.conftest import StartServer
from tests.support.fake_upstream import FakeUpstream
from tests.support.replies import Reply
from tests.support.server import ThreadServer
from tests.support.waiting import wait_until

BOTH_APIS = True
ASKED = {"messages": [{"role": "user", "content": "hi"}]}

Turn = Callable[[ThreadServer], None]


def chat(server: ThreadServer) -> None:
    assert server.http.post("/chat", json={"message": "hi"}).is_success


def streamed_chat(server: ThreadServer) -> None:
    streamed = server.http.post("/chat", json={"message": "hi", "stream": True})
    assert "event: message" in streamed.text


def streamed_run(server: ThreadServer) -> None:
    body = {"assistant_id": "asst_default", "thread": ASKED, "stream": True}
    streamed = server.http.post("/threads/runs", json=body)
    assert "event: thread.run.completed" in streamed.text


def conversation(server: ThreadServer) -> None:
    thread = server.http.post("/threads", json=ASKED).json()
    path = f"/threads/{thread['id']}"
    assert server.http.post(f"{path}/messages", json=ASKED["messages"][0]).is_success
    assert server.http.get(f"{path}/messages").is_success
    assert server.http.get("/threads").is_success
    assert server.http.get("/threads", params={"search": "hi"}).is_success
    assert server.http.delete(path).is_success


def mistakes(server: ThreadServer) -> None:
    unknown = {"message": "hi", "thread_id": "thread_x"}
    assert server.http.post("/chat", json=unknown).status_code == 404
    assert server.http.post("/chat", json={"message": 5}).status_code == 400
    assert server.http.get("/nowhere").status_code == 404


@contextmanager
def collected() -> Iterator[list[Any]]:
    """Keep what the garbage collector finds at the end, if it was left meanwhile."""
    found: list[Any] = []
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        yield found
        gc.collect()
        found += gc.garbage
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


@pytest.mark.parametrize("turn", [chat, streamed_chat, streamed_run, conversation, mistakes])
def test_it_leaves_none(start: StartServer, upstream: FakeUpstream, turn: Turn) -> None:
    check(start(), turn)


def check(server: ThreadServer, turn: Turn) -> None:
    for _ in range(3):  # what is made for the first request stays
        turn(server)
    # A client has its answer a moment before all that made it is gone.
    wait_until(lambda: not left_by(server, turn), seconds=30)


def left_by(server: ThreadServer, turn: Turn) -> list[str]:
    """Return the names of the types of what one more turn leaves to the garbage collector."""
    with collected() as found:
        turn(server)
    kinds = {f"{type(one).__module__}.{type(one).__qualname__}" for one in found}
    return sorted(kind for kind in kinds if kind.startswith("app."))


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    "reply", [Reply.http_error(500, "down"), Reply.http_error(400, "no"), Reply.text("a").cut()]
)
def test_a_failing_upstream_leaves_none(
    start: StartServer, upstream: FakeUpstream, reply: Reply, streamed: bool
) -> None:
    def turn(server: ThreadServer) -> None:
        upstream.reply(reply)
        answer = server.http.post("/chat", json={"message": "hi", "stream": streamed})
        assert "did not answer" in answer.text

    check(start(), turn)
