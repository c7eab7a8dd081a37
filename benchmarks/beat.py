"""What the heartbeat of a process with many runs costs: in the writing thread, and in all.

python -m benchmarks.beat [--runs 2000] [--beats 20] [--postgres URL]

The first column is how long the database's writer is taken, the second the CPU time of the whole
process.
"""

import argparse
import asyncio
import secrets
import statistics
import time
from tempfile import TemporaryDirectory
from typing import Any

from app.db.database import Connection, Database
from app.engine.heartbeat import Heartbeat
from tests.support.rows import insert_run


def _runs(connection: Connection, count: int, worker_id: str) -> list[str]:
    made = [insert_run(connection, "in_progress", worker_id=worker_id) for _ in range(count)]
    return [run.id for run in made]


async def measure(url: str, runs: int, beats: int) -> tuple[list[float], list[float]]:
    database = Database(url, pool_size=2)
    await database.start()
    worker_id, busy, spent = f"worker_{secrets.token_hex(4)}", 0.0, 0.0
    heartbeat = Heartbeat(
        database, worker_id, lease_seconds=5, journal_seconds=3600, expires_seconds=2**30
    )
    executed = await database.long_transaction(_runs, runs, worker_id)
    await heartbeat.beat(executed)
    transaction, writing, cpu = database.transaction, [], []

    async def timed(work: Any, *args: Any, **kwargs: Any) -> Any:
        def work_timed(connection: Connection) -> Any:
            nonlocal busy
            began = time.thread_time()
            try:
                return work(connection, *args, **kwargs)
            finally:
                busy += time.thread_time() - began

        return await transaction(work_timed)

    database.transaction = timed  # type: ignore[method-assign, assignment]
    for _ in range(beats):
        busy, spent = 0.0, time.process_time()
        found = await heartbeat.beat(executed)
        assert not (found.lost or found.expired or found.given_up)
        writing.append(busy)
        cpu.append(time.process_time() - spent)
    database.close()
    return writing, cpu


def _shown(seconds: list[float]) -> str:
    p95 = statistics.quantiles(seconds, n=20)[-1]
    return f"{statistics.median(seconds) * 1000:>8.1f}{p95 * 1000:>8.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--beats", type=int, default=20)
    parser.add_argument("--postgres", metavar="URL", help="instead of SQLite")
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        url = arguments.postgres or f"sqlite:///{folder}/threads.db"
        writing, cpu = asyncio.run(measure(url, arguments.runs, arguments.beats))
    print("  CPU milliseconds of a beat       p50     p95")
    print(f"  in the writing thread       {_shown(writing)}")
    print(f"  of the whole process        {_shown(cpu)}")


if __name__ == "__main__":
    main()
