"""How long each transaction that deletes much has SQLite's only writer."""

import statistics
import time
from collections.abc import Callable
from typing import Any

from app.db import removed_threads, thread_lists
from app.db.database import Connection, Database
from app.services.file_removal import FileRemover
from app.services.retention import delete_stale
from benchmarks.large_data import LONG_THREAD

_YEAR = 365 * 86_400
_NO_FILES: Any = None


class TimedDatabase(Database):
    """Notes how long each long transaction takes, commit included, and its CPU time.

    In milliseconds, without the wait for its turn. Nobody else writes.
    """

    def __init__(self, url: str) -> None:
        super().__init__(url, pool_size=2)
        self.taken: list[float] = []
        self.spent: list[float] = []

    async def long_transaction(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        began = cpu = 0.0

        def begin(connection: Connection) -> Any:
            nonlocal began, cpu
            began, cpu = time.perf_counter(), time.process_time()
            return work(connection, *args, **kwargs)

        try:
            return await super().long_transaction(begin)
        finally:
            self.taken.append((time.perf_counter() - began) * 1000)
            self.spent.append((time.process_time() - cpu) * 1000)

    def print_taken(self, name: str) -> None:
        """Print what was noted since the last call."""
        print(f"  {name}: {len(self.taken)} transactions, {sum(self.taken) / 1000:.1f} s")
        for kind, times in (("taken", self.taken), ("CPU", self.spent)):
            p99 = statistics.quantiles(times, n=100)[-1]
            print(
                f"    {kind:<6} median {statistics.median(times):.1f} ms, p99 {p99:.0f} ms, "
                f"longest {max(times):.0f} ms"
            )
        self.taken.clear()
        self.spent.clear()


async def measure_holds(url: str) -> None:
    """Delete the long thread, then all threads that are older than a year."""
    database = TimedDatabase(url)
    await database.start()
    # It has no bytes to remove here.
    remover = FileRemover(database, _NO_FILES)
    remover.open()
    try:
        await database.long_transaction(_remove_long)
        await remover.drop_threads()
        database.print_taken("deletion of a long thread")
        await delete_stale(database, int(time.time()) - _YEAR, remover.wake)
        await remover.drop_threads()
        database.print_taken("deletion of old threads")
    finally:
        await remover.close()
        database.close()


def _remove_long(connection: Connection) -> None:
    removed_threads.remove(connection, thread_lists.hold(connection, [LONG_THREAD]))
