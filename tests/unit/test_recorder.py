"""What a run tells is numbered once, also when a cancel comes in the middle of a commit."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from app.db import runs
from app.db.database import Connection, Database
from app.db.rows import MessageRow
from app.domain.ids import new_id
from app.engine import journal
from app.engine.changes import Changes
from app.engine.claim import Claimed
from app.engine.hub import Hub
from app.engine.recorder import Recorder
from tests.support.rows import insert_run


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, pool_size=2)
    await database.start()
    yield database
    database.close()


async def test_a_cancel_waits_for_the_commit_that_it_meets(database, database_url):
    run = await database.transaction(insert_run, "in_progress", worker_id="w", streamed=True)
    hub = Hub()
    feed = hub.open(run.id, 1)
    recorder = Recorder(database, hub, Claimed(run, []), "w")
    message = MessageRow(
        id=new_id("message"),
        created_at=run.created_at,
        thread_id=run.thread_id,
        run_id=run.id,
        role="assistant",
        content=[],
        status="in_progress",
    )
    changes = Changes.of(run)
    changes.create_message(message)
    changes.emit("thread.message.created", message)

    # Another process holds the row, so that the commit can't be over when the cancel comes.
    held, release = asyncio.Event(), threading.Event()
    loop, other = asyncio.get_running_loop(), Database(database_url, pool_size=1)

    def hold(connection: Connection) -> None:
        runs.lock(connection, run.id)
        loop.call_soon_threadsafe(held.set)
        assert release.wait(10)

    holding = asyncio.create_task(other.transaction(hold))
    await held.wait()
    recording = asyncio.create_task(recorder.record(changes))
    for _ in range(3):
        await asyncio.sleep(0)
    recording.cancel()
    for _ in range(3):
        await asyncio.sleep(0)
    release.set()
    with pytest.raises(asyncio.CancelledError):
        await recording
    await holding
    other.close()

    await recorder.end("failed", message, None)
    hub.settle(run.id)
    kept = (await database.read(journal.kept_after, run.id, 0)).frames
    assert [frame.event for frame in kept] == [
        "thread.message.created",
        "thread.message.incomplete",
        "thread.run.failed",
    ]
    assert [frame.id for frame in kept] == [1, 2, 3]
    reported = [frame async for frames in feed.read(0, silence=10) for frame in frames]
    assert reported == kept
