"""Work in the background: repeated, woken, surviving failures, and gone when it is closed."""

import asyncio
import logging

from app.core.periodic import Periodic

NEVER = 3600.0


class Work:
    """Counts its calls; the first `failures` of them fail."""

    def __init__(self, failures: int = 0) -> None:
        self.calls = 0
        self._failures = failures
        self._called = asyncio.Condition()

    async def __call__(self) -> None:
        async with self._called:
            self.calls += 1
            self._called.notify_all()
        if self.calls <= self._failures:
            raise ConnectionError

    async def reaches(self, calls: int) -> None:
        async with asyncio.timeout(10), self._called:
            await self._called.wait_for(lambda: self.calls >= calls)


async def test_it_is_repeated_and_a_failure_is_one_line(caplog):
    work = Work(failures=1)
    periodic = Periodic("the sweep", work, every=0)
    with caplog.at_level(logging.ERROR):
        periodic.open()
        await work.reaches(3)
        await periodic.close()
    assert caplog.messages == ["background work failed: the sweep"]


async def test_it_can_be_woken_also_while_it_works():
    under_way, go_on = asyncio.Event(), asyncio.Event()
    calls = 0

    async def work() -> None:
        nonlocal calls
        calls += 1
        under_way.set()
        await go_on.wait()

    periodic = Periodic("the sweep", work, every=NEVER)
    periodic.open()
    await under_way.wait()
    under_way.clear()
    periodic.wake()
    go_on.set()
    async with asyncio.timeout(10):
        await under_way.wait()
    assert calls == 2
    await periodic.close()


async def test_it_may_begin_with_a_pause():
    work = Work()
    periodic = Periodic("the sweep", work, every=NEVER, at_once=False)
    periodic.open()
    for _ in range(5):
        await asyncio.sleep(0)
    assert work.calls == 0
    periodic.wake()
    await work.reaches(1)
    await periodic.close()


async def test_closing_cancels_the_call_and_waits_for_its_end():
    begun, tidied = asyncio.Event(), False

    async def work() -> None:
        nonlocal tidied
        begun.set()
        try:
            await asyncio.sleep(NEVER)
        finally:
            await asyncio.sleep(0)
            tidied = True

    before = asyncio.all_tasks()
    periodic = Periodic("the sweep", work, every=NEVER)
    periodic.open()
    await begun.wait()
    await periodic.close()
    assert tidied and asyncio.all_tasks() == before
    # One that was never opened has nothing to close.
    await Periodic("the sweep", work, every=NEVER).close()
