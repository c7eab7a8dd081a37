"""Two servers of one database: their clocks disagree, or one of them is stopped for a while."""

import os
import signal
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support import skewed_main
from tests.support.heirs import environment
from tests.support.replies import Reply
from tests.support.server import ProcessServer
from tests.support.stream_reader import streaming
from tests.support.talk import texts
from tests.support.waiting import wait_until

CHATS = 12


class SkewedServer(ProcessServer):
    main = Path(skewed_main.__file__)


@contextmanager
def two_servers(folder, settings, *clocks_ahead: float) -> Iterator[list[ProcessServer]]:
    with ExitStack() as stack:
        servers: list[ProcessServer] = []
        for number, ahead in enumerate(clocks_ahead):
            own = folder / f"server {number}"
            own.mkdir()
            server = SkewedServer(own, **settings, TEST_CLOCK_AHEAD=str(ahead))
            stack.callback(server.kill)
            server.wait_ready()
            servers.append(server)
        yield servers


@pytest.fixture
def settings(database_url, upstream):
    return environment(database_url, upstream)


def test_clocks_that_are_seconds_apart(settings, upstream, tmp_path):
    # Each answer takes longer than a beat, in which the other server looks around.
    upstream.reply_with(lambda _: Reply.text(*["word "] * 12).paced(0.05))
    with (
        two_servers(tmp_path, settings, 0, 4) as servers,
        ThreadPoolExecutor(4) as clients,
    ):

        def chat(number: int) -> int:
            http = servers[number % 2].http
            body = {"message": f"question {number}", "stream": number % 3 == 0}
            answer = http.post("/chat", json=body)
            assert "server_restarting" not in answer.text
            assert "run_in_progress" not in answer.text
            return answer.status_code

        assert list(clients.map(chat, range(CHATS))) == [200] * CHATS
    assert len(upstream.requests) == CHATS, "some were asked twice"


@pytest.mark.parametrize("streamed", [False, True])
def test_a_server_that_is_stopped_while_it_answers(
    settings, database_url, upstream, tmp_path, streamed
):
    upstream.reply(Reply.text("Never", " heard").stalled(after=6))
    with (
        two_servers(tmp_path, settings, 0, 0) as (first, _),
        ThreadPoolExecutor(1) as clients,
    ):
        chatting = clients.submit(streamed_chat if streamed else plain_chat, first.http)
        assert upstream.wait_stalled()
        stop(first, database_url)
        try:
            wait_until(lambda: len(upstream.requests) == 2)
        finally:
            os.kill(first.pid, signal.SIGCONT)
        answer = chatting.result()
        assert answer["message"] == "Answer to: hi"
        assert texts(first.http, answer["thread_id"]) == [
            ("user", "hi"),
            ("assistant", "Answer to: hi"),
        ]
        # What it asked for itself is given up: nobody pays for more of it.
        assert upstream.wait_hang_up()
        usage = first.http.get("/usage").json()["total"]
        assert usage["runs"] == 1


def stop(server: ProcessServer, database_url: str) -> None:
    """Stop the process, but not while it holds SQLite's only lock: that would stop everybody."""

    def is_stopped() -> bool:
        os.kill(server.pid, signal.SIGSTOP)
        if not database_url.startswith("sqlite") or is_unlocked(database_url):
            return True
        os.kill(server.pid, signal.SIGCONT)
        return False

    wait_until(is_stopped)


def is_unlocked(database_url: str) -> bool:
    path = database_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, timeout=0.2, isolation_level=None)) as database:
        try:
            database.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        database.execute("ROLLBACK")
    return True


def plain_chat(http: httpx.Client) -> dict[str, Any]:
    answer = http.post("/chat", json={"message": "hi"})
    assert answer.status_code == 200, answer.text
    reply: dict[str, Any] = answer.json()
    return reply


def streamed_chat(http: httpx.Client) -> dict[str, Any]:
    with streaming(http, "/chat", {"message": "hi"}) as reader:
        message: dict[str, Any] = reader.until("message").data
    return message
