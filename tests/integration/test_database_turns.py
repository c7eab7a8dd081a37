"""In whose turn requests and runs use the database."""

import asyncio

import pytest

from app.db.lanes import Lane
from app.domain.turns import current_turn
from tests.support.replies import Reply
from tests.support.talk import ended

KEYS = ["shop:key-of-the-shop-123456", "cafe:key-of-the-cafe-123456"]
ASKED = {"assistant_id": "asst_default"}


@pytest.fixture
def turns(monkeypatch) -> dict[str, set[str]]:
    """The turns of the database jobs of each task, by the task's name."""
    seen: dict[str, set[str]] = {}
    call = Lane.call

    def watched(lane, *args, **kwargs):
        task = asyncio.current_task()
        if task is not None:
            seen.setdefault(task.get_name(), set()).add(current_turn())
        return call(lane, *args, **kwargs)

    monkeypatch.setattr(Lane, "call", watched)
    return seen


@pytest.fixture
def server(turns, start):
    return start(api_keys=KEYS, busy_thread="enqueue")


@pytest.fixture
def shop(server, call_as):
    return call_as(server, "key-of-the-shop-123456").http


def test_a_request_has_the_turn_of_its_project(turns, server, shop, call_as):
    cafe = call_as(server, "key-of-the-cafe-123456").http
    for http in (shop, cafe):
        assert http.post("/chat", json={"message": "hello"}).is_success
    assert {"cafe"} in turns.values()
    assert {"shop"} in turns.values()


def test_a_run_that_waited_in_line_has_the_turn_of_its_project(turns, shop, upstream):
    upstream.reply(Reply.text("First").stalled())
    thread_id = shop.post("/threads", json={}).json()["id"]
    url = f"/threads/{thread_id}/runs"
    first = shop.post(url, json=ASKED).json()
    assert upstream.wait_stalled()
    second = shop.post(url, json=ASKED).json()
    upstream.release()
    for run in (first, second):
        assert ended(shop, f"{url}/{run['id']}")["status"] == "completed"
        assert turns[f"run {run['id']}"] == {"shop"}
