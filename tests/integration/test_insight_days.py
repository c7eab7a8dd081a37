"""Days that are over are counted once, and anew when their runs change. Trials count nowhere."""

import pytest
from sqlalchemy import text

from app.db.database import Database
from app.db.retention import remove_stale
from app.domain.access import REMOVED
from app.domain.clock import now
from app.services.insight_days import InsightDays
from app.services.trials import Trials
from tests.support.callers import ORIGIN, session_of
from tests.support.moving import exported, imported
from tests.support.rows import connected
from tests.support.waiting import wait_until

KEY = "key-of-the-shop-123456"
DAY_MS = 86_400_000
TRIAL = {"threadkeeper_trial": "true"}


@pytest.fixture
def server(start):
    settings = {"public_chat": True, "public_project": "shop", "cors_origins": [ORIGIN]}
    return start(api_keys=[f"shop:{KEY}"], **settings)


@pytest.fixture
def shop(server, call_as, upstream):
    return call_as(server, KEY).http


@pytest.fixture
def visitor(server, call_as, upstream):
    return call_as(server, session_of(call_as(server))).http


@pytest.fixture
async def database(server, database_url):
    database = Database(database_url, pool_size=1)
    yield database
    database.close()


def said(http, message="hello", **more) -> str:
    answer = http.post("/chat", json={"message": message, **more})
    assert answer.status_code == 200, answer.text
    thread_id: str = answer.json()["thread_id"]
    return thread_id


def removed_threads(database_url) -> int:
    statement = text("SELECT count(*) FROM threads WHERE project = :removed")
    with connected(database_url) as connection:
        found: int = connection.execute(statement, {"removed": REMOVED}).scalar_one()
        return found


def age(database_url, days: int, *, where: str = "1 = 1") -> None:
    """Let runs have ended days ago, each after a different time."""
    with connected(database_url) as connection:
        connection.execute(
            text(
                f"UPDATE runs SET ended_ms = ended_ms - :ago, first_text_ms = first_text_ms - :ago,"
                f" began_ms = ended_ms - :ago - 1000 * sequence WHERE {where}"
            ),
            {"ago": days * DAY_MS},
        )


def counted_days(database_url) -> int:
    with connected(database_url) as connection:
        found = connection.execute(text("SELECT count(DISTINCT day) FROM insight_days")).scalar()
    return int(found or 0)


async def test_a_counted_day_is_reported_as_its_runs_are(
    shop, visitor, upstream, database, database_url
):
    for http in (visitor, visitor, shop):
        said(http, "again", thread_id=said(http))
    age(database_url, 3)
    age(database_url, 2, where="sequence > 3")
    today = said(shop)
    before = shop.get("/insights").json()
    assert before["total"]["conversations"] == 4
    assert await InsightDays(database).count() == 2
    assert (counted_days(database_url), await InsightDays(database).count()) == (2, 0)
    assert shop.get("/insights").json() == before
    (first, *_) = before["days"]
    assert first["conversations"] == 1
    assert shop.get("/insights", params={"assistant_id": "asst_default"}).json() == before
    assert shop.delete(f"/threads/{today}").status_code == 200
    assert counted_days(database_url) == 2


async def test_a_day_is_counted_anew_when_its_runs_are_deleted_or_imported(
    shop, visitor, upstream, database, database_url, call_as, server
):
    threads = [said(shop) for _ in range(3)]
    said(visitor)
    age(database_url, 5)
    lines = exported(shop)
    days = InsightDays(database)

    async def counted_again() -> tuple[int, int]:
        total = shop.get("/insights").json()["total"]
        assert counted_days(database_url) == 0
        assert await days.count() == 1
        assert shop.get("/insights").json()["total"] == total
        return total["conversations"], total["visitors"]

    assert await counted_again() == (4, 1)
    assert shop.delete(f"/threads/{threads[0]}").status_code == 200
    assert await counted_again() == (3, 1)
    (one,) = shop.get("/conversations", params={"visitors": "true"}).json()["data"]
    deleted = shop.delete("/threads", params={"visitor_id": one["visitor_id"]})
    assert deleted.json()["count"] == 1
    assert await counted_again() == (2, 0)
    await database.long_transaction(remove_stale, [threads[1]], now() + 60)
    assert await counted_again() == (1, 0)
    # An import refuses the ids of threads whose rows are still being deleted.
    wait_until(lambda: removed_threads(database_url) == 0)
    assert imported(shop, lines)["created"]["thread.run"] == 3
    assert await counted_again() == (4, 1)


async def test_a_trial_counts_nowhere_and_goes_after_a_day(
    shop, visitor, upstream, database, database_url
):
    def created() -> str:
        answer = shop.post("/threads", json={"metadata": TRIAL})
        assert answer.status_code == 200, answer.text
        thread_id: str = answer.json()["id"]
        return thread_id

    trial, kept = created(), created()
    said(shop, thread_id=trial)
    usual = said(visitor)
    listed = shop.get("/conversations").json()["data"]
    assert [one["id"] for one in listed] == [usual]
    total = shop.get("/insights").json()["total"]
    assert (total["conversations"], total["answers"]) == (1, 1)
    sweeps = Trials(database, lambda: None)
    assert await sweeps.sweep() == 0
    with connected(database_url) as connection:
        for table in ("threads", "messages"):
            moment = {"moment": now() - 90_000}
            connection.execute(text(f"UPDATE {table} SET created_at = :moment"), moment)
    said(shop, thread_id=kept)
    assert await sweeps.sweep() == 1
    assert shop.get(f"/threads/{trial}").status_code == 404
    for http, thread_id in ((shop, kept), (visitor, usual)):
        assert http.get(f"/threads/{thread_id}").status_code == 200
