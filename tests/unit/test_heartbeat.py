"""Leases: a process counts as dead if its heartbeats fail to come, whatever the clocks say."""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import Connection, select

from app.db import runs as run_statements
from app.db import workers
from app.db.database import Database
from app.db.rows import RunRow
from app.db.run_holders import HeldRun
from app.db.tables import runs
from app.domain import clock
from app.domain.run_status import RunStatus
from app.engine import lease
from app.engine.heartbeat import MAX_TAKEOVERS, Found, Heartbeat
from app.engine.lease import LOOKS_IN_A_LEASE, LeaseWatch
from tests.support.rows import insert_run, run_row

EXPIRES = 600


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, pool_size=2)
    yield database
    database.close()


def heart(database: Database, name: str) -> Heartbeat:
    return Heartbeat(database, name, lease_seconds=5, journal_seconds=60, expires_seconds=EXPIRES)


async def insert(database: Database, status: RunStatus = "in_progress", **values: Any) -> RunRow:
    return await database.transaction(lambda connection: insert_run(connection, status, **values))


async def beats(heart: Heartbeat, count: int) -> list[Found]:
    return [await heart.beat([]) for _ in range(count)]


def inherited(found: list[Found]) -> list[str]:
    return [run.id for one in found for run in one.inherited]


def set_clock(monkeypatch: pytest.MonkeyPatch, ahead: float) -> None:
    monkeypatch.setattr(clock, "_wall", lambda: time.time() + ahead)


def pass_time(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr(lease, "_moment", lambda: time.monotonic() + seconds)


def test_a_lease_lapses_by_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = LeaseWatch()
    for _ in range(LOOKS_IN_A_LEASE):
        watch = watch.look({"a": (1.0, 0), "b": (1.0, 0)})
        assert watch.lapsed == {}
    watch = watch.look({"a": (1.0, 0), "b": (2.0, 0)})
    assert watch.lapsed == {"a": 1.0}
    assert watch.look({"b": (2.0, 0)}).look({"a": (1.0, 0)}).lapsed == {}, "it came back"


@pytest.mark.parametrize(("remaining", "seconds"), [(30, 30), (3600, 60), (-3600, 0)])
def test_a_lease_lasts_as_long_as_its_process_says(
    monkeypatch: pytest.MonkeyPatch, remaining: float, seconds: float
) -> None:
    """Its process may look around less often; a wrong clock counts for a minute at most."""
    watch = LeaseWatch()
    for _ in range(LOOKS_IN_A_LEASE + 1):
        watch = watch.look({"a": (1.0, remaining)})
    assert watch.lapsed == ({} if seconds else {"a": 1.0})
    pass_time(monkeypatch, seconds + 1)
    assert watch.lapsed == {"a": 1.0}


async def test_clocks_that_are_hours_apart_take_no_run_from_a_process_that_lives(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = heart(database, "one"), heart(database, "other")
    await one.beat([])
    await insert(database, worker_id="one", expires_at=2**40)
    for ahead in (0, 4, -4, 3600, -3600) * 2:
        set_clock(monkeypatch, ahead)
        found = await other.beat([])
        set_clock(monkeypatch, -ahead)
        mine = await one.beat([])
        assert (inherited([found]), mine.lost) == ([], [])
        assert len(mine.held) == 1


@pytest.mark.parametrize("status", ["queued", "in_progress", "requires_action"])
async def test_a_clock_that_is_ahead_expires_no_run_of_a_process_that_lives(
    database: Database, monkeypatch: pytest.MonkeyPatch, status: RunStatus
) -> None:
    one, ahead = heart(database, "one"), heart(database, "ahead")
    await one.beat([])
    run = await insert(database, status, worker_id="one", expires_at=clock.now() + EXPIRES)
    set_clock(monkeypatch, 3600)
    assert [found.expired for found in await beats(ahead, 2)] == [[], []]
    # By its own clock it has expired; and by any, once its process is gone.
    assert (await one.beat([])).expired == [run.id]
    await database.transaction(workers.remove, "one")
    assert (await ahead.beat([])).expired == [run.id]


async def test_a_process_that_is_gone_leaves_its_runs(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = heart(database, "one"), heart(database, "other")
    await one.beat([])
    run = await insert(database, worker_id="one")
    assert inherited(await beats(other, LOOKS_IN_A_LEASE)) == []
    pass_time(monkeypatch, 6)
    assert inherited(await beats(other, 1)) == [run.id]
    # It was only paused: it lives again, and sees what it has lost.
    back = await one.beat([run.id])
    assert (back.lost, back.held) == ([run.id], [])
    assert inherited(await beats(other, LOOKS_IN_A_LEASE)) == []


async def test_a_pause_of_all_processes_lets_no_lease_lapse(database: Database) -> None:
    one, other = heart(database, "one"), heart(database, "other")
    run = await insert(database, worker_id="one")
    await one.beat([])
    assert inherited(await beats(other, LOOKS_IN_A_LEASE)) == []
    await one.beat([])
    assert inherited(await beats(other, LOOKS_IN_A_LEASE)) == []
    assert (await one.beat([run.id])).lost == []


async def test_what_is_given_back_is_free_at_once_and_not_counted(database: Database) -> None:
    one, other = heart(database, "one"), heart(database, "other")
    await one.beat([])
    run = await insert(database, worker_id="one")
    await one.stop()
    assert inherited(await beats(other, 1)) == [run.id]
    assert await takeovers(database, run) == 0


async def takeovers(database: Database, run: RunRow) -> int:
    def look(connection: Connection) -> int:
        statement = select(runs.c.takeovers).where(runs.c.id == run.id)
        return int(connection.execute(statement).scalar_one())

    return await database.read(look)


async def test_a_run_that_no_process_survives_is_given_up(database: Database) -> None:
    run = await insert(database, worker_id="gone 0")
    waiting = await insert(database, "queued", worker_id="gone 0")
    for number in range(1, MAX_TAKEOVERS + 1):
        # Each of them takes it over, and never beats again.
        (found,) = await beats(heart(database, f"gone {number}"), 1)
        assert {run.id for run in found.inherited} == {run.id, waiting.id}
        await database.transaction(workers.remove, f"gone {number}")
    assert await takeovers(database, run) == MAX_TAKEOVERS
    assert await takeovers(database, waiting) == 0, "it was never begun"
    (found,) = await beats(heart(database, "last"), 1)
    assert found.given_up == [run.id]
    assert inherited([found]) == [waiting.id]


async def test_of_a_line_only_the_first_is_held(database: Database) -> None:
    one = heart(database, "one")
    first = await insert(database, worker_id="one")
    for _ in range(3):
        await database.transaction(run_statements.create, run_row(first.thread_id, worker_id="one"))
    found = await one.beat([])
    assert found.held == [HeldRun(first.id, first.thread_id, "in_progress", "one")]


@pytest.mark.parametrize("status", ["queued", "in_progress", "requires_action"])
async def test_a_run_of_a_clock_that_was_ahead_is_busy_no_longer_than_others(
    database: Database, status: RunStatus
) -> None:
    ahead = clock.now() + 3600
    run = await insert(database, status, created_at=ahead, expires_at=ahead + EXPIRES)
    soon = await insert(database, status, expires_at=clock.now() + EXPIRES + 5)
    await heart(database, "one").beat([])

    def expiry(connection: Connection, run: RunRow) -> int:
        statement = select(runs.c.expires_at).where(runs.c.id == run.id)
        return int(connection.execute(statement).scalar_one())

    assert await database.read(expiry, run) <= clock.now() + EXPIRES
    assert await database.read(expiry, soon) == soon.expires_at, "clocks differ a little"


async def test_a_run_that_came_to_another_process_is_not_lost_before_it_begins_here(
    database: Database,
) -> None:
    """Where the run before it ends, its task is there before its row says so."""
    await heart(database, "there").beat([])
    waiting = await insert(database, "queued", worker_id="there")
    taken_over = await insert(database, "in_progress", worker_id="there")
    found = await heart(database, "here").beat([waiting.id, taken_over.id])
    assert found.lost == [taken_over.id]
