"""Vector stores that expire some days after their last use."""

from typing import Any

import openai
import pytest
from sqlalchemy import update

from app.db.knowledge_tables import vector_stores
from app.domain.clock import now
from tests.support.rows import connected
from tests.support.stores import filled, found, uploaded

DAY = 86_400
WEEK: Any = {"anchor": "last_active_at", "days": 7}


def age(url: str, store_id: str, seconds: int) -> None:
    """Let the store's last use be so long ago."""
    moved = {
        column: vector_stores.c[column] - seconds for column in ("last_active_at", "expires_at")
    }
    with connected(url) as connection:
        connection.execute(update(vector_stores).filter_by(id=store_id).values(moved))


@pytest.fixture
def client(start) -> openai.OpenAI:
    """The client of a server whose rows the test changes."""
    sdk: openai.OpenAI = start().client
    return sdk


@pytest.fixture
def expiring(client: openai.OpenAI) -> str:
    """A store that expires a week after its last use, with a file."""
    store_id = client.vector_stores.create(expires_after=WEEK).id
    filled(client, store_id, one="opening hours")
    return store_id


def test_use_moves_the_time_at_which_a_store_expires(client, database_url, expiring):
    file_id = uploaded(client, "more")
    for use in (
        lambda: client.vector_stores.search(expiring, query="hours"),
        lambda: client.vector_stores.files.create_and_poll(file_id, vector_store_id=expiring),
        lambda: client.vector_stores.file_batches.create_and_poll(expiring, file_ids=[file_id]),
    ):
        age(database_url, expiring, 6 * DAY)
        before = now()
        use()
        store = client.vector_stores.retrieve(expiring)
        assert before <= store.last_active_at <= now()
        assert store.expires_at == store.last_active_at + 7 * DAY


def test_reading_a_store_is_no_use_of_it(client, database_url, expiring):
    age(database_url, expiring, 6 * DAY)
    first = client.vector_stores.retrieve(expiring)
    client.vector_stores.files.list(expiring)
    client.vector_stores.update(expiring, name="new")
    assert client.vector_stores.retrieve(expiring).last_active_at == first.last_active_at


def test_an_expired_store_can_be_read_and_not_used(client, database_url, expiring):
    file_id = uploaded(client, "more")
    age(database_url, expiring, 7 * DAY)
    store = client.vector_stores.retrieve(expiring)
    assert (store.status, store.file_counts.completed) == ("expired", 1)
    assert len(client.vector_stores.files.list(expiring).data) == 1
    for use in (
        lambda: client.vector_stores.search(expiring, query="hours"),
        lambda: client.vector_stores.files.create(expiring, file_id=file_id),
        lambda: client.vector_stores.file_batches.create(expiring, file_ids=[file_id]),
    ):
        with pytest.raises(openai.BadRequestError) as caught:
            use()
        assert caught.value.code == "vector_store_expired"
        assert f"Vector store '{expiring}' has expired." in caught.value.message
    assert client.vector_stores.retrieve(expiring).last_active_at == store.last_active_at


def test_another_time_to_expire_brings_a_store_back(client, database_url, expiring):
    age(database_url, expiring, 8 * DAY)
    assert client.vector_stores.retrieve(expiring).status == "expired"
    assert client.vector_stores.update(expiring, expires_after=WEEK).status == "completed"
    assert len(found(client, expiring, "opening hours")) == 1
