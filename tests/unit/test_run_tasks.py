"""The tasks of runs: a run that is to be started is started, whatever its last task still does."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from app.db.rows import RunRow
from app.engine.claim import Claimed, claim
from app.engine.hub import Hub
from app.engine.outcome import Outcome
from app.engine.tasks import RunTasks
from tests.support.rows import run_row


class SlowDatabase:
    """Finds with each claim that the run has to wait, but says so only when `answer` is set."""

    def __init__(self, run: RunRow) -> None:
        self._run = run
        self.claims = 0
        self.answer = asyncio.Event()

    async def transaction(self, work: Any, *_: Any) -> None:
        if work is claim:
            self.claims += 1
            await self.answer.wait()

    async def read(self, *_: Any) -> RunRow:
        return self._run


def tasks_of(database: SlowDatabase | None = None) -> RunTasks:
    active = SimpleNamespace(set=lambda _: None)
    metrics = SimpleNamespace(runs=SimpleNamespace(active=active))
    shared: Any = SimpleNamespace(
        database=database,
        hub=Hub(),
        worker_id="w",
        windows=None,
        instruments=SimpleNamespace(metrics=metrics),
        neighbours=SimpleNamespace(say_cancel=lambda _: None),
    )
    return RunTasks(shared)


async def go_on() -> None:
    """Let everything that can go on go on."""
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.mark.parametrize("times", [1, 3])
async def test_a_turn_that_comes_while_a_claim_ends_in_vain_is_taken(times):
    run = run_row("thread_1")
    database = SlowDatabase(run)
    tasks = tasks_of(database)
    tasks.start(run.id)
    await go_on()
    assert database.claims == 1
    # The run before it ends here, when that claim has already found that it is not its turn.
    for _ in range(times):
        tasks.start(run.id)
    database.answer.set()
    await go_on()
    assert (database.claims, tasks.run_ids) == (2, [])


async def test_a_run_that_has_ended_is_not_started_again():
    run = run_row("thread_1", "completed")
    database = SlowDatabase(run)
    tasks = tasks_of(database)
    tasks.start(run.id)
    tasks.start(run.id)
    database.answer.set()
    await go_on()
    assert (database.claims, tasks.run_ids) == (1, [])


async def test_outputs_that_come_while_tools_are_closed_are_taken_up(monkeypatch):
    """The client hears of its call before the run's task has ended."""
    run = run_row("thread_1", "in_progress", streamed=True)
    closed, order = asyncio.Event(), []

    async def first(*_: Any) -> Outcome:
        order.append("first asks")
        await closed.wait()
        order.append("first has closed its tools")
        return Outcome(replace(run, status="requires_action"))

    async def second(*_: Any) -> Outcome:
        order.append("second goes on")
        return Outcome(replace(run, status="completed"))

    works = iter([first, second])
    monkeypatch.setattr(RunTasks, "_execute", lambda *_: next(works)())
    tasks = tasks_of()
    asking = tasks.execute(Claimed(run, []))
    await go_on()
    going_on = tasks.execute(Claimed(run, [], next_event_id=5))
    feed = tasks.shared.hub.find(run.id)
    await go_on()
    assert tasks.shared.hub.find(run.id) is feed
    closed.set()
    outcomes = [await asking, await going_on]
    assert [one.run and one.run.status for one in outcomes] == ["requires_action", "completed"]
    assert order == ["first asks", "first has closed its tools", "second goes on"]
    assert (tasks.run_ids, tasks.shared.hub.find(run.id)) == ([], None)


@pytest.mark.parametrize(("begun", "ended"), [(False, True), (True, False)])
async def test_whichever_process_a_waiting_run_came_to_it_is_cancelled_at_once(
    monkeypatch, begun, ended
):
    cancelled = []
    monkeypatch.setattr(RunTasks, "end", lambda _, run_id, to: cancelled.append((run_id, to)))
    run = run_row("thread_1", "cancelling", worker_id="other", started_at=1 if begun else None)
    tasks_of().cancel(run)
    assert cancelled == ([(run.id, "cancelled")] if ended else [])


async def test_a_second_cancel_does_not_interrupt_the_first(monkeypatch):
    """Each heartbeat cancels the runs that are still `cancelling`."""
    run = run_row("thread_1", "in_progress")
    stored = asyncio.Event()

    async def executing(*_: Any) -> Outcome:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await stored.wait()
        return Outcome(replace(run, status="cancelled"))

    monkeypatch.setattr(RunTasks, "_execute", lambda *_: executing())
    tasks = tasks_of()
    task = tasks.execute(Claimed(run, []))
    for _ in range(3):
        assert tasks.abandon(run.id)
        await go_on()
    stored.set()
    ended = (await task).run
    assert ended is not None and ended.status == "cancelled"
