#!/usr/bin/env python3
"""Measures a report of insights over many runs: with its days counted, and from the runs alone.

    python -m benchmarks.insights                                # SQLite, 200,000 runs of 90 days
    python -m benchmarks.insights --database-url postgresql://…  # an empty database
    python -m benchmarks.insights --runs 50000 --days 30

Each round makes both reports, one after the other, and checks that they are the same.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, delete, func, insert, select

from app.db.database import Database
from app.db.feedback_tables import feedback
from app.db.insight_days import DAY_MS
from app.db.insight_tables import insight_days
from app.db.tables import messages, runs, threads
from app.db.usage_tables import usage
from app.domain.access import Caller
from app.services.insight_days import InsightDays
from app.services.insights import Asked, InsightService

PROJECT = "bench"
ASSISTANTS = ("asst_one", "asst_two", "asst_three")
RUNS_OF_THREAD = 3
_PORTION = 2000


def fill(connection: Connection, numbers: range, days: int) -> None:
    """Add threads, each with its runs, of which one in ten was rated."""
    chance = random.Random(numbers.start)
    end = int(datetime.now(UTC).timestamp() * 1000)
    rows: dict[str, list[dict[str, object]]] = {name: [] for name in ("t", "r", "m", "f")}
    for number in numbers:
        thread_id, session = f"thread_{number:08}", f"session_{chance.randrange(10**6)}"
        began = end - chance.randrange(days * DAY_MS)
        seconds = began // 1000
        rows["t"].append(
            {
                **{"id": thread_id, "created_at": seconds, "metadata": {}, "tool_resources": {}},
                **{"project": PROJECT, "session_id": session},
            }
        )
        for place in range(RUNS_OF_THREAD):
            took = int(chance.lognormvariate(8, 0.7))
            run_id, assistant = f"run_{number:08}_{place}", chance.choice(ASSISTANTS)
            ended = min(began + took, end - 1)
            rows["r"].append(
                {
                    **{"id": run_id, "thread_id": thread_id, "assistant_id": assistant},
                    **{"created_at": seconds, "model": "m", "settings": {}, "metadata": {}},
                    **{"streamed": True, "project": PROJECT, "began_ms": ended - took},
                    **{"first_text_ms": ended - took // 2, "ended_ms": ended},
                    "status": chance.choices(("completed", "failed"), (97, 3))[0],
                    "found_nothing": chance.random() < 0.03,
                }
            )
            if chance.random() < 0.1:
                message_id = f"msg_{number:08}_{place}"
                rows["m"].append(
                    {
                        **{"id": message_id, "thread_id": thread_id, "created_at": seconds},
                        **{"assistant_id": assistant, "run_id": run_id, "role": "assistant"},
                        **{"content": [], "attachments": [], "metadata": {}},
                        "status": "completed",
                    }
                )
                rows["f"].append(
                    {
                        **{"id": message_id, "thread_id": thread_id, "created_at": seconds},
                        **{"project": PROJECT, "rating": chance.choice(("up", "down"))},
                    }
                )
    for table, name in ((threads, "t"), (runs, "r"), (messages, "m"), (feedback, "f")):
        connection.execute(insert(table), rows[name])


def fill_usage(connection: Connection, days: int) -> None:
    today = datetime.now(UTC).date()
    rows = [
        {
            **{"project": PROJECT, "day": (today - timedelta(days=day)).isoformat()},
            **{"assistant_id": assistant, "model": "m", "answered_by": "openai"},
            **{"answered_model": "m", "currency": "USD", "part": part, "runs": 10},
            **{"prompt_tokens": 1000, "completion_tokens": 100, "cost": 10**6},
        }
        for day in range(days)
        for assistant in ASSISTANTS
        for part in range(8)
    ]
    connection.execute(insert(usage), rows)


def forget_all(connection: Connection) -> None:
    connection.execute(delete(insight_days))


def size(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(runs)).scalar_one())


async def measure(database: Database, *, days: int, rounds: int) -> None:
    service = InsightService(database, search_seconds=600)
    counting = InsightDays(database)
    asked = Asked(start=date.fromordinal(datetime.now(UTC).date().toordinal() - days + 1))
    taken: dict[str, list[float]] = {"counted days": [], "runs alone": [], "counting": []}
    for _ in range(rounds):
        await database.long_transaction(forget_all)
        alone = await _timed(taken["runs alone"], service.report(Caller(PROJECT), asked))
        await _timed(taken["counting"], counting.count())
        quick = await _timed(taken["counted days"], service.report(Caller(PROJECT), asked))
        if quick != alone:
            raise SystemExit("the reports differ")
    medians = {name: statistics.median(some) for name, some in taken.items()}
    for name, seconds in medians.items():
        print(f"{name:14} {seconds * 1000:8.0f} ms")
    print(f"ratio          {medians['runs alone'] / medians['counted days']:8.1f}")


async def _timed(taken, work):  # type: ignore[no-untyped-def]
    began = time.perf_counter()
    result = await work
    taken.append(time.perf_counter() - began)
    return result


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database-url", default="")
    parser.add_argument("--runs", type=int, default=200_000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = options.database_url or f"sqlite:///{Path(folder, 'bench.db')}"
        database = Database(url, pool_size=2, timeout=600)
        try:
            await database.start()
            if not await database.read(size):
                count = options.runs // RUNS_OF_THREAD
                for start in range(0, count, _PORTION):
                    some = range(start, min(start + _PORTION, count))
                    await database.long_transaction(fill, some, options.days)
                await database.transaction(fill_usage, options.days)
            print(f"{await database.read(size)} runs of {options.days} days")
            await measure(database, days=options.days, rounds=options.rounds)
        finally:
            database.close()


if __name__ == "__main__":
    asyncio.run(main())
