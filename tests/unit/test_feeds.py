"""A run's events are all read, in order and once, though few of them are kept in memory."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.db.database import Database
from app.db.rows import RunRow
from app.engine import journal
from app.engine.changes import Changes
from app.engine.claim import Claimed
from app.engine.follower import Follower
from app.engine.hub import FRAMES_KEPT, Feed, Frame, Hub, LeftBehind
from app.engine.neighbours import Neighbours
from app.engine.poller import Poller
from app.engine.recorder import Move, Recorder
from tests.support.rows import insert_run

# Of one commit, and of all: several times what is kept in memory.
OF_A_COMMIT = FRAMES_KEPT // 5
COMMITS = 30


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, pool_size=2)
    await database.start()
    yield database
    database.close()


@pytest.fixture
async def run(database):
    return await database.transaction(insert_run, "in_progress", worker_id="w", streamed=True)


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def follower(database: Database, hub: Hub) -> Follower:
    poller = Poller(database, hub, Neighbours(database, hub, "w"))
    return Follower(database, hub, poller, silence_seconds=60)


class LongAnswer:
    """A run that sends some frames, as often as it is asked to."""

    def __init__(self, database: Database, hub: Hub, run: RunRow, first_id: int = 1) -> None:
        self._run = run
        self._hub = hub
        self.feed = hub.open(run.id, first_id)
        claimed = Claimed(run, [], next_event_id=first_id)
        self._recorder = Recorder(database, hub, claimed, "w")

    async def go_on(self, commits: int) -> None:
        for _ in range(commits):
            changes = Changes.of(self._run)
            for place in range(OF_A_COMMIT):
                changes.emit_delta("thread.message.delta", "msg_1", {"place": place})
            self._recorder.send(changes.events)
            await self._recorder.record(Changes.of(self._run))

    async def end(self) -> None:
        await self._recorder.record(Changes.of(self._run), Move("completed"))
        self._hub.settle(self._run.id)


async def ids_of(frames: AsyncIterator[list[Frame]]) -> list[int]:
    return [frame.id async for portion in frames for frame in portion]


async def in_memory(feed: Feed) -> int:
    """Return how many frames a closed feed has."""
    return len(await ids_of(feed.read(0, silence=60)))


async def test_only_the_newest_frames_stay_in_memory(database, hub, run):
    answer = LongAnswer(database, hub, run)
    await answer.go_on(COMMITS)
    await answer.end()
    assert await in_memory(answer.feed) <= FRAMES_KEPT + OF_A_COMMIT + 1


async def test_what_is_not_stored_yet_stays_in_memory(database, hub, run):
    feed = hub.open(run.id, 1)
    frames = [Frame(number, "thread.message.delta", "{}") for number in range(1, 5001)]
    feed.publish(frames)
    feed.drop_stored(1001)
    feed.close()
    assert await ids_of(feed.read(0, silence=60)) == list(range(1001, 5001))


async def test_nothing_stored_stays_in_memory_while_all_readers_wait(database, hub, run, follower):
    answer = LongAnswer(database, hub, run)
    readers = [asyncio.create_task(ids_of(follower.follow(run.id))) for _ in range(2)]
    await answer.go_on(COMMITS)
    assert answer.feed.first_id > (COMMITS - 2) * OF_A_COMMIT
    # One that comes late finds it in the journal.
    late = asyncio.create_task(ids_of(follower.follow(run.id)))
    await answer.go_on(1)
    await answer.end()
    last = (COMMITS + 1) * OF_A_COMMIT + 1
    assert await asyncio.gather(*readers, late) == [list(range(1, last + 1))] * 3


async def test_frames_stay_for_a_reader_that_is_a_little_behind():
    feed = Feed(1)
    ahead, behind = (feed.read(0, silence=60) for _ in range(2))
    feed.publish([Frame(1, "thread.message.delta", "{}")])
    await anext(ahead)
    waiting = asyncio.ensure_future(anext(ahead))
    await anext(behind)
    feed.publish([Frame(2, "thread.message.delta", "{}")])
    await waiting
    feed.drop_stored(3)
    assert feed.first_id == 1
    assert [frame.id for frame in await anext(behind)] == [2]


async def test_a_reader_from_the_start_and_one_from_the_middle(database, hub, run, follower):
    answer = LongAnswer(database, hub, run)
    from_start, from_middle = follower.follow(run.id), follower.follow(run.id, after=345)
    await answer.go_on(COMMITS)
    await answer.end()
    last = COMMITS * OF_A_COMMIT + 1
    assert await ids_of(from_start) == list(range(1, last + 1))
    assert await ids_of(from_middle) == list(range(346, last + 1))


async def test_a_reader_that_falls_behind(database, hub, run, follower):
    answer = LongAnswer(database, hub, run)
    await answer.go_on(1)
    reader = follower.follow(run.id)
    seen = [frame.id for frame in await anext(reader)]
    await answer.go_on(COMMITS)
    # And again: while it reads what it has missed, more is dropped.
    seen += [frame.id for frame in await anext(reader)]
    await answer.go_on(COMMITS)
    await answer.end()
    seen += await ids_of(reader)
    assert seen == list(range(1, (2 * COMMITS + 1) * OF_A_COMMIT + 2))


async def test_the_feed_tells_a_reader_that_it_is_left_behind():
    feed = Feed(1)
    feed.publish([Frame(number, "thread.message.delta", "{}") for number in range(1, 5001)])
    reader = feed.read(0, silence=60)
    await anext(reader)
    feed.drop_stored(5001)
    with pytest.raises(LeftBehind):
        await anext(reader)


async def test_a_run_that_was_taken_over_and_ends_at_once(database, hub, run, follower):
    """Its new process leaves out the ids that the old one may have sent without storing them."""
    before = LongAnswer(database, hub, run)
    await before.go_on(COMMITS)
    hub.settle(run.id)
    after = LongAnswer(database, hub, run, first_id=1_000_000)
    reader = follower.follow(run.id)
    await after.end()
    sent = COMMITS * OF_A_COMMIT
    assert await ids_of(reader) == [*range(1, sent + 1), 1_000_000]


async def test_an_ended_run_is_read_in_portions(database, hub, run, follower):
    answer = LongAnswer(database, hub, run)
    await answer.go_on(COMMITS)
    await answer.end()
    first = await database.read(journal.kept_after, run.id, 0)
    assert len(first.frames) < COMMITS * OF_A_COMMIT
    assert first.more
    sent = COMMITS * OF_A_COMMIT + 1
    assert await ids_of(follower.follow(run.id)) == list(range(1, sent + 1))


async def test_all_readers_of_a_silent_feed_are_woken_and_go_on():
    feed = Feed(1)
    readers = [feed.read(0, silence=0.01) for _ in range(2)]
    async with asyncio.timeout(10):
        for _ in range(2):
            assert await asyncio.gather(*map(anext, readers)) == [[], []]
        waiting = [asyncio.create_task(collect(reader)) for reader in readers]
        frame = Frame(1, "thread.message.delta", "{}")
        feed.publish([frame])
        feed.close()
        assert [await found for found in waiting] == [[frame], [frame]]


async def test_a_reader_that_has_left_holds_nobody_up():
    feed = Feed(1)
    leaving = asyncio.create_task(collect(feed.read(0, silence=60)))
    staying = asyncio.create_task(collect(feed.read(0, silence=60)))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.wait([leaving])
    frame = Frame(1, "thread.message.delta", "{}")
    feed.publish([frame])
    feed.close()
    async with asyncio.timeout(10):
        assert await staying == [frame]


async def collect(frames: AsyncIterator[list[Frame]]) -> list[Frame]:
    return [frame async for portion in frames for frame in portion]


def test_a_piece_of_text_is_sent_as_any_delta():
    piece = 'Er sagte: "안녕" \\ \n\u2028'
    short, long = Changes(streamed=True), Changes(streamed=True)
    short.emit_text("msg_1", 2, piece)
    part = {"index": 2, "type": "text", "text": {"value": piece}}
    long.emit_delta("thread.message.delta", "msg_1", {"content": [part]})
    assert short.events == long.events
