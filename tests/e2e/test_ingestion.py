"""A process that ends while it reads a file of a vector store: the next one reads it."""

from collections.abc import Iterator
from typing import Any

import pytest

from app.db.knowledge_tables import vector_store_files
from tests.support.heirs import Succession, environment, succession
from tests.support.rows import connected
from tests.support.stores import found, settled, uploaded
from tests.support.waiting import wait_until

# Long enough to be read for a second or two.
LONG = "\n".join(
    f"Line {number} says what every line of this text says." for number in range(40_000)
)


@pytest.fixture
def servers(database_url, upstream, tmp_path) -> Iterator[Succession]:
    settings = environment(database_url, upstream, FILES_URL=str(tmp_path / "files"))
    with succession(tmp_path, settings) as pair:
        yield pair


def rows_of(url: str) -> list[Any]:
    with connected(url) as connection:
        return list(connection.execute(vector_store_files.select()))


def held(url: str) -> list[str]:
    return [row.id for row in rows_of(url) if row.worker_id is not None]


def attempts(url: str, file_id: str) -> int:
    (count,) = [row.attempts for row in rows_of(url) if row.id == file_id]
    return count


def filled(servers: Succession) -> tuple[str, str]:
    """Return a store, and a file of it that takes long to read; others wait behind it."""
    client = servers.first.client
    long = uploaded(client, LONG, "long.txt")
    others = [uploaded(client, f"opening hours of shop {number}") for number in range(3)]
    bad = uploaded(client, b"%PDF-", "bad.pdf")
    store = client.vector_stores.create(file_ids=[long, bad, *others])
    return store.id, long


def nothing_is_lost(servers: Succession, store_id: str, long: str) -> None:
    client = servers.heir().client
    assert settled(client, store_id) == {"completed": 4, "failed": 1, "total": 5}
    assert found(client, store_id, "line 39999")[0] == long
    assert len(found(client, store_id, "opening hours")) == 3


def test_killed_while_it_reads(servers: Succession, database_url):
    store_id, long = filled(servers)
    wait_until(lambda: long in held(database_url))
    servers.kill_first()
    assert long in held(database_url), "it was to die in the middle"
    nothing_is_lost(servers, store_id, long)
    assert attempts(database_url, long) == 2


def test_stopped_while_it_reads(servers: Succession, database_url):
    store_id, long = filled(servers)
    wait_until(lambda: long in held(database_url))
    servers.first.terminate()
    servers.first.wait()
    nothing_is_lost(servers, store_id, long)
    assert attempts(database_url, long) == 1, "it was given back, which is no failure"
