"""Which jobs share a commit of the one thread that writes to SQLite, and in which order."""

import asyncio
import threading
from collections.abc import AsyncIterator
from unittest.mock import Mock

import pytest
from sqlalchemy import Connection, event, make_url, text

from app.db.database import MANY_ROWS, Database
from app.db.engines import sqlite_engine
from app.db.lanes import COMMIT_SECONDS, Lane
from app.domain.access import Caller
from app.domain.turns import work_for
from app.schemas.threads import ThreadCreate
from app.services.threads import ThreadService

TOGETHER = 32


class Stage:
    """A lane that is held while jobs are lined up; its clock moves only as the jobs say.

    `commits` are the names of the jobs of each commit, in their order.
    """

    def __init__(self, url: str) -> None:
        engine = sqlite_engine(make_url(url), begin="BEGIN IMMEDIATE")
        self.commits: list[list[str]] = []
        self._now = 0.0
        self._names: list[str] = []
        self._held, self._release = threading.Event(), threading.Event()
        self._jobs: list[asyncio.Task[str]] = []
        event.listen(engine, "commit", self._note_commit)
        event.listen(engine, "rollback", self._forget)
        self.lane = Lane(engine, threads=1, together=TOGETHER, clock=lambda: self._now)

    async def hold(self) -> None:
        """Keep the lane busy until `finish`."""

        def wait(_connection: Connection) -> str:
            self._held.set()
            assert self._release.wait(30)
            return ""

        self._jobs.append(asyncio.create_task(self.lane.call(wait)))
        assert await asyncio.to_thread(self._held.wait, 30)

    async def add(
        self,
        name: str,
        *,
        seconds: float = 0.0,
        long: bool = False,
        fails: bool = False,
        project: str = "",
    ) -> None:
        def work(connection: Connection) -> str:
            connection.execute(text("SELECT 1"))
            self._names.append(name)
            self._now += seconds
            if fails:
                raise ValueError(name)
            return name

        async def call() -> str:
            work_for(project)
            return await self.lane.call(work, long=long)

        self._jobs.append(asyncio.create_task(call()))
        # The task puts its job into the line, and waits.
        await asyncio.sleep(0)

    async def finish(self) -> list[str | BaseException]:
        """Let the lane go on; return what each job has returned or raised."""
        self._release.set()
        _, *results = await asyncio.gather(*self._jobs, return_exceptions=True)
        return results

    def _note_commit(self, _connection: Connection) -> None:
        if self._names:
            self.commits.append(self._names)
        self._names = []

    def _forget(self, _connection: Connection) -> None:
        self._names = []


@pytest.fixture
async def stage(tmp_path) -> AsyncIterator[Stage]:
    stage = Stage(f"sqlite:///{tmp_path}/test.db")
    await stage.hold()
    yield stage
    await stage.finish()
    stage.lane.close()


async def test_short_jobs_share_one_commit(stage: Stage) -> None:
    names = [f"job {number}" for number in range(10)]
    for name in names:
        await stage.add(name)
    assert stage.lane.waiting == 10
    assert await stage.finish() == names
    assert stage.commits == [names]


async def test_a_commit_has_no_more_than_so_many_jobs(stage: Stage) -> None:
    for number in range(TOGETHER + 5):
        await stage.add(str(number))
    await stage.finish()
    assert [len(commit) for commit in stage.commits] == [TOGETHER, 5]


async def test_a_commit_is_made_once_its_jobs_have_taken_long(stage: Stage) -> None:
    for number in range(7):
        await stage.add(str(number), seconds=COMMIT_SECONDS * 0.4)
    assert await stage.finish() == [str(number) for number in range(7)]
    # After the third the time is over.
    assert [len(commit) for commit in stage.commits] == [3, 3, 1]


async def test_jobs_behind_slow_ones_are_answered_one_by_one(stage: Stage) -> None:
    for number in range(4):
        await stage.add(f"slow {number}", seconds=1)
    await stage.finish()
    assert stage.commits == [[f"slow {number}"] for number in range(4)]


async def test_short_jobs_wait_for_one_long_job_at_most(stage: Stage) -> None:
    for number in range(4):
        await stage.add(f"long {number}", seconds=1, long=True)
    for number in range(3):
        await stage.add(f"short {number}")
    await stage.finish()
    shorts = ["short 0", "short 1", "short 2"]
    assert stage.commits == [["long 0"], shorts, ["long 1"], ["long 2"], ["long 3"]]


async def test_projects_take_turns_however_many_jobs_one_of_them_has(stage: Stage) -> None:
    for number in range(3):
        await stage.add(f"busy {number}", seconds=1, project="busy")
    await stage.add("quiet 0", seconds=1, project="quiet")
    await stage.add("quiet 1", seconds=1, project="quiet")
    await stage.add("upkeep", seconds=1)
    await stage.finish()
    order = [name for commit in stage.commits for name in commit]
    assert order == ["busy 0", "quiet 0", "upkeep", "busy 1", "quiet 1", "busy 2"]


async def test_projects_take_turns_in_a_shared_commit(stage: Stage) -> None:
    for number in range(TOGETHER + 5):
        await stage.add(f"busy {number}", project="busy")
    await stage.add("quiet", project="quiet")
    await stage.finish()
    assert stage.commits[0][:3] == ["busy 0", "quiet", "busy 1"]


async def test_projects_take_turns_with_long_jobs(stage: Stage) -> None:
    for number in range(2):
        await stage.add(f"busy {number}", seconds=1, long=True, project="busy")
    await stage.add("quiet", seconds=1, long=True, project="quiet")
    await stage.finish()
    assert stage.commits == [["busy 0"], ["quiet"], ["busy 1"]]


async def test_long_jobs_get_their_turn_between_any_number_of_short_ones(stage: Stage) -> None:
    for number in range(5):
        await stage.add(f"short {number}", seconds=1)
    for number in range(2):
        await stage.add(f"long {number}", seconds=1, long=True)
    await stage.finish()
    order = [name for commit in stage.commits for name in commit]
    assert order == [
        *("long 0", "short 0", "long 1"),
        *("short 1", "short 2", "short 3", "short 4"),
    ]


async def test_only_the_failing_job_of_a_shared_commit_fails(stage: Stage) -> None:
    await stage.add("one")
    await stage.add("two", fails=True)
    await stage.add("three")
    one, two, three = await stage.finish()
    assert (one, three) == ("one", "three")
    assert isinstance(two, ValueError)
    # Nothing of the shared one was committed: those that had begun are done by themselves.
    assert stage.commits == [["one"], ["three"]]


async def test_closing_finishes_what_waits(tmp_path) -> None:
    stage = Stage(f"sqlite:///{tmp_path}/test.db")
    await stage.hold()
    await stage.add("short")
    await stage.add("long", long=True)
    closing = asyncio.create_task(asyncio.to_thread(stage.lane.close))
    assert await stage.finish() == ["short", "long"]
    await closing
    assert [name for commit in stage.commits for name in commit] == ["long", "short"]


@pytest.mark.parametrize(("messages", "place"), [(MANY_ROWS, 1), (MANY_ROWS - 1, 3)])
async def test_a_thread_of_many_messages_lets_short_writes_go_first(
    tmp_path, messages: int, place: int
) -> None:
    database = Database(f"sqlite:///{tmp_path}/test.db", pool_size=1)
    await database.start()
    service = ThreadService(database, Mock(), Mock(), Mock())
    held, release = threading.Event(), threading.Event()
    order: list[str] = []

    def wait(_connection: Connection) -> bool:
        held.set()
        return release.wait(30)

    async def create(name: str, count: int) -> None:
        said = [{"role": "user", "content": "hello"}] * count
        await service.create(Caller(), ThreadCreate.model_validate({"messages": said}))
        order.append(name)

    waiting = asyncio.create_task(database.transaction(wait))
    assert await asyncio.to_thread(held.wait, 30)
    tasks = [asyncio.create_task(create(f"large {number}", messages)) for number in range(3)]
    tasks.append(asyncio.create_task(create("small", 1)))
    await asyncio.sleep(0)
    release.set()
    await asyncio.gather(waiting, *tasks)
    database.close()
    assert order.index("small") == place
