"""Many runs in line on one thread, and many readers of one run."""

import asyncio
from collections import Counter

from app.db import run_holders
from app.db.database import Database
from app.engine import claim, follower, tasks
from app.engine.follower import Follower
from app.engine.hub import Hub
from app.engine.neighbours import Neighbours
from app.engine.poller import Poller
from app.services import run_creation
from tests.support.replies import Reply
from tests.support.rows import connected, insert_run
from tests.support.talk import ended, error_of, texts
from tests.support.waiting import WAIT_SECONDS

RUN = {"assistant_id": "asst_default"}
LINE = 12


def test_a_line_has_an_end(start, upstream, monkeypatch):
    monkeypatch.setattr(run_creation, "LONGEST_LINE", 3)
    http = start(busy_thread="enqueue").http
    upstream.reply(Reply.text("Slow").stalled())
    thread_id = http.post("/threads", json={"messages": [{"role": "user", "content": "x"}]}).json()[
        "id"
    ]
    paths = []
    for _ in range(3):
        run = http.post(f"/threads/{thread_id}/runs", json=RUN).json()
        paths.append(f"/threads/{thread_id}/runs/{run['id']}")
    # The slow reply is the first run's, and not that of the chat below.
    assert upstream.wait_stalled()
    for body in (RUN, {**RUN, "stream": True}):
        error = error_of(http.post(f"/threads/{thread_id}/runs", json=body), 429)
        assert error["code"] == "thread_line_too_long"
        assert error["message"].startswith(f"Thread {thread_id} already has 3 active runs")
    other = http.post("/chat", json={"message": "another thread is free"})
    assert other.is_success
    upstream.release()
    assert [ended(http, path)["status"] for path in paths] == ["completed"] * 3
    assert http.post(f"/threads/{thread_id}/runs", json=RUN).is_success


def test_a_run_in_line_is_claimed_at_its_turn_alone(start, upstream, monkeypatch):
    """Once when it comes, in vain, and once when the run before it has ended."""
    claims: Counter[str] = Counter()

    def counted(connection, run_id, *rest):
        claims[run_id] += 1
        return claim.claim(connection, run_id, *rest)

    monkeypatch.setattr(tasks, "claim", counted)
    # A beat every tenth of a second, to see that it asks for nobody but the first.
    http = start(busy_thread="enqueue", lease_seconds=0.3).http
    upstream.reply(Reply.text("Slow").stalled())
    said = {"role": "user", "content": "x"}
    thread_id = http.post("/threads", json={"messages": [said]}).json()["id"]
    path = f"/threads/{thread_id}/runs"
    ids = [http.post(path, json=RUN).json()["id"] for _ in range(LINE)]
    assert upstream.wait_stalled()
    upstream.release()
    assert [ended(http, f"{path}/{one}")["status"] for one in ids] == ["completed"] * LINE
    answers = [said for role, said in texts(http, thread_id) if role == "assistant"]
    assert len(answers) == LINE
    # One more for each that a beat met between its row and its task.
    assert claims.total() <= 3 * LINE


async def test_many_readers_of_a_waiting_run_look_once(database_url, monkeypatch):
    """They look when they come, and after that one looks for all of them."""
    looks: Counter[str] = Counter()
    progress, look = run_holders.progress, follower._look

    loop, often = asyncio.get_running_loop(), asyncio.Event()

    def counted(connection, run_id):
        looks["polls"] += 1
        if looks["polls"] == 30:
            loop.call_soon_threadsafe(often.set)
        return progress(connection, run_id)

    monkeypatch.setattr(run_holders, "progress", counted)
    monkeypatch.setattr("app.engine.poller.LOOK_EVERY", 0.01)

    def counted_look(connection, run_id, after):
        looks["looks"] += 1
        return look(connection, run_id, after)

    monkeypatch.setattr(follower, "_look", counted_look)
    with connected(database_url) as connection:
        run = insert_run(connection, "queued", worker_id="elsewhere", streamed=True)
    database, hub = Database(database_url, pool_size=2), Hub()

    reader = Follower(
        database, hub, Poller(database, hub, Neighbours(database, hub, "w")), silence_seconds=60
    )

    async def read() -> None:
        async for _ in reader.follow(run.id):
            pass

    readers = [asyncio.create_task(read()) for _ in range(50)]
    await asyncio.wait_for(often.wait(), WAIT_SECONDS)
    # Each at its beginning, and once more for the first poll.
    assert looks["looks"] <= 2 * len(readers)
    for task in readers:
        task.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    database.close()
