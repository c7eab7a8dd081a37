"""Internal errors: reported in OpenAI's envelope, and gone once their cause is."""

from collections.abc import Iterator

import httpx
import psycopg
import pytest
from sqlalchemy import Connection, text

from app.db.database import Database
from app.domain.errors import DatabaseAway
from tests.support.databases import POSTGRES_URL, fresh_database, postgresql_is_up
from tests.support.rows import connected
from tests.support.waiting import wait_until


def test_an_internal_error_has_the_same_envelope(start, database_url):
    server = start()
    with connected(database_url) as connection:
        connection.execute(text("ALTER TABLE assistants RENAME TO elsewhere"))
    with httpx.Client(base_url=f"{server.base_url}/api/v1") as http:
        # Twice: the connection outlives it.
        for _ in range(2):
            answer = http.get("/assistants")
            assert answer.status_code == 500
            assert answer.headers["x-request-id"].startswith("req_")
            assert answer.json()["error"] == {
                "message": "The server had an error while processing your request.",
                "type": "server_error",
                "param": None,
                "code": None,
            }


@pytest.fixture
def postgresql_url(tmp_path) -> Iterator[str]:
    if not postgresql_is_up():
        pytest.skip("PostgreSQL can't be reached: set TEST_POSTGRES_URL to test with it")
    with fresh_database("postgresql", tmp_path) as url:
        yield url


async def test_a_connection_lost_before_its_commit_is_replaced(postgresql_url):
    database = Database(postgresql_url, pool_size=1)
    try:
        with pytest.raises(DatabaseAway):
            await database.transaction(_lose_connection)
        # The one thread that writes has a new connection.
        assert await database.transaction(_backend) > 0
    finally:
        database.close()


def _lose_connection(connection: Connection) -> None:
    lost = _backend(connection)
    with psycopg.connect(POSTGRES_URL, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", (lost,))
        alive = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s"
        wait_until(lambda: other.execute(alive, (lost,)).fetchone() == (0,))


def _backend(connection: Connection) -> int:
    return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())
