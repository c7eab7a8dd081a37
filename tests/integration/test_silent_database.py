"""A database that vanishes without a word: no connection breaks, and nothing is answered."""

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sqlalchemy import make_url, text

from app.db.database import Database
from app.domain.deadline import Deadline
from app.domain.errors import DatabaseAway
from tests.support.databases import POSTGRES_URL, fresh_database, postgresql_is_up
from tests.support.server import ThreadServer, thread_server
from tests.support.talk import error_of
from tests.support.tcp_proxy import TcpProxy
from tests.support.waiting import wait_until

# Seconds after which a work is given up; and such as even a slow machine needs to say so.
TIMEOUT = 1.0
SOON = 15.0
# More than there are connections.
CLIENTS = 12


@pytest.fixture
def proxy() -> Iterator[TcpProxy]:
    if not postgresql_is_up():
        pytest.skip("only PostgreSQL can go away: SQLite is a file that stays open")
    address = make_url(POSTGRES_URL)
    proxy = TcpProxy((address.host or "127.0.0.1", address.port or 5432))
    yield proxy
    proxy.flow()
    proxy.cut()


@pytest.fixture
def url(proxy, tmp_path) -> Iterator[str]:
    with fresh_database("postgresql", tmp_path) as url:
        way = make_url(url).set(host="127.0.0.1", port=proxy.port)
        yield way.render_as_string(hide_password=False)


@pytest.fixture
def server(url, upstream, tmp_path) -> Iterator[ThreadServer]:
    settings = {
        "database_url": url,
        "database_pool_size": 4,
        "database_timeout": TIMEOUT,
        "files_url": str(tmp_path / "files"),
        "openai_base_url": upstream.base_url,
        "openai_api_key": "sk-of-the-upstream",
        "shutdown_seconds": 1,
    }
    with thread_server(**settings) as server:
        yield server


def test_no_request_waits_for_it(server, proxy, upstream):
    plain = httpx.Client(base_url=f"{server.base_url}/api/v1", timeout=60)
    reply = plain.post("/chat", json={"message": "before"}).json()
    proxy.swallow()

    def chat(number: int) -> tuple[httpx.Response, float]:
        began = time.monotonic()
        answer = plain.post("/chat", json={"message": f"{number}"})
        return answer, time.monotonic() - began

    with ThreadPoolExecutor(CLIENTS) as clients:
        chats = [clients.submit(chat, number) for number in range(CLIENTS)]
        began = time.monotonic()
        assert plain.get("/health").json()["database"] == "unavailable"
        assert time.monotonic() - began < SOON
        for answer, seconds in (one.result() for one in chats):
            assert error_of(answer, 503)["code"] == "database_unavailable"
            assert seconds < SOON
    proxy.flow()
    wait_until(lambda: plain.get("/health").status_code == 200)
    again = plain.post("/chat", json={"message": "after", "thread_id": reply["thread_id"]})
    assert again.json()["message"] == "Answer to: after"
    # What was refused was not done later.
    assert len(upstream.requests) == 2
    plain.close()


async def test_a_work_is_given_up_with_its_connection(url, proxy):
    database = Database(url, pool_size=1, timeout=TIMEOUT)
    await database.start()
    proxy.swallow()
    began = time.monotonic()
    with pytest.raises(DatabaseAway) as caught:
        await database.transaction(lambda connection: connection.execute(text("SELECT 1")))
    assert caught.value.headers == {"retry-after": "1"}, "nothing was written: it may be retried"
    assert not await database.is_up()
    assert time.monotonic() - began < SOON
    proxy.flow()
    value = await database.transaction(lambda c: c.execute(text("SELECT 7")).scalar_one())
    assert value == 7
    database.close()


async def test_a_search_whose_connection_breaks_is_the_databases_failure(url, proxy):
    database = Database(url, pool_size=1, timeout=60)
    await database.start()
    begun = threading.Event()

    def search(connection):
        begun.set()
        connection.execute(text("SELECT pg_sleep(60)"))

    searching = asyncio.create_task(database.search(Deadline(60), search))
    await asyncio.to_thread(begun.wait)
    proxy.cut()
    with pytest.raises(DatabaseAway):
        await searching
    database.close()


async def test_a_statement_that_takes_too_long_is_ended_by_the_database(url):
    database = Database(url, pool_size=1, timeout=TIMEOUT)
    await database.start()
    with pytest.raises(DatabaseAway):
        await database.read(lambda connection: connection.execute(text("SELECT pg_sleep(60)")))
    limit = await database.read(
        lambda c: c.execute(text("SELECT current_setting('statement_timeout')")).scalar_one()
    )
    assert limit == "1s"
    database.close()
