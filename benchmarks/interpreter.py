"""The code interpreter: how long sessions and calls take, how much memory, and what others notice.

python -m benchmarks.interpreter [--sessions N]

It needs the interpreter's environment (./run.sh setup). The last figures are of a real server that
answers other requests while code uses up its limit.
"""

import argparse
import asyncio
import tempfile
import time
from contextlib import aclosing, suppress
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from app.interpreter.environment import find_python
from app.interpreter.events import Ended, Limits, Printed
from app.interpreter.interpreter import Interpreter
from app.interpreter.session import Session
from benchmarks.client import Connection
from benchmarks.servers import Server, fake_upstream, threadkeeper

_CALLS = 200
_WATCHED_SECONDS = 10.0
_PAUSE = 0.02
_PLOT = (
    "import matplotlib.pyplot as plt, pandas as pd\n"
    "frame = pd.DataFrame({'월': ['1월', '2월'], '매출': [100, 250]})\n"
    "frame.plot.bar(x='월'); plt.show()"
)


async def measure(python: Path, sessions: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        interpreter = Interpreter(
            python, Limits(), sessions=sessions, idle_seconds=600, folder=Path(folder)
        )
        started = time.perf_counter()
        await interpreter.open()
        if interpreter.unavailable:
            raise SystemExit(interpreter.unavailable)
        print(f"self-check             {_ms(time.perf_counter() - started)}")
        try:
            await _measure_sessions(interpreter, sessions)
        finally:
            await interpreter.close()


async def _measure_sessions(interpreter: Interpreter, sessions: int) -> None:
    print(f"first session          {_ms(await _start(interpreter, 'first'))}")
    further = [await _start(interpreter, f"further {number}") for number in range(5)]
    print(f"further sessions       {_ms(median(further))} (median of {len(further)})")
    async with interpreter.session("first") as session:
        calls = [await _call(session, "1 + 1") for _ in range(_CALLS)]
        print(f"warm call              {_ms(median(calls))}, p95 {_ms(quantiles(calls, n=20)[-1])}")
        print(f"first chart            {_ms(await _call(session, _PLOT))}")
        print(f"further charts         {_ms(await _call(session, _PLOT))}")
        memory = await _private_kib(session)
        print(f"memory of a session    {memory / 1024:.0f} MiB private after a chart")
    started = time.perf_counter()
    took = await asyncio.gather(*(_use(interpreter, f"one {n}") for n in range(sessions)))
    print(
        f"{sessions} sessions at once    {_ms(time.perf_counter() - started)} in total for start"
        f" and chart, {_ms(median(took))} each (median)"
    )


async def _start(interpreter: Interpreter, key: str) -> float:
    started = time.perf_counter()
    async with interpreter.session(key):
        return time.perf_counter() - started


async def _use(interpreter: Interpreter, key: str) -> float:
    started = time.perf_counter()
    async with interpreter.session(key) as session:
        await _call(session, _PLOT)
    return time.perf_counter() - started


async def _call(session: Session, code: str) -> float:
    """Run code that must succeed, and return how long it took."""
    started = time.perf_counter()
    async with aclosing(session.execute(code)) as events:
        async for event in events:
            if isinstance(event, Ended) and event.how != "ok":
                raise SystemExit(f"The code failed: {event}")
    return time.perf_counter() - started


async def _private_kib(session: Session) -> int:
    async with aclosing(session.execute("import os; os.getpid()")) as events:
        texts = [event.text async for event in events if isinstance(event, Printed)]
    return await asyncio.to_thread(_private_kib_of, int("".join(texts)))


def _private_kib_of(process: int) -> int:
    rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
    lines = [line for line in rollup.splitlines() if line.startswith("Private_")]
    return sum(int(line.split()[1]) for line in lines)


async def measure_others(python: Path) -> None:
    """Print how long other requests take while the code of a session uses up its limit."""
    with fake_upstream(words=20, pause=0) as base_url, threadkeeper(base_url) as server:
        quiet = await _watched(server, _WATCHED_SECONDS)
        limits = Limits(seconds=_WATCHED_SECONDS, cpu_seconds=_WATCHED_SECONDS)
        with tempfile.TemporaryDirectory() as folder:
            interpreter = Interpreter(
                python, limits, sessions=1, idle_seconds=600, folder=Path(folder)
            )
            await interpreter.open()
            try:
                async with interpreter.session("burns") as session:
                    burning = asyncio.create_task(_burn(session))
                    busy = await _watched(server, _WATCHED_SECONDS)
                    burning.cancel()
                    with suppress(asyncio.CancelledError):
                        await burning
            finally:
                await interpreter.close()
    before, during = (quantiles(times, n=20)[-1] for times in (quiet, busy))
    print(f"other chats, p95       {_ms(before)} alone, {_ms(during)} while code burns its limit")


async def _burn(session: Session) -> None:
    async with aclosing(session.execute("while True: pass")) as events:
        async for _ in events:
            pass


async def _watched(server: Server, seconds: float) -> list[float]:
    """Return how long chats took, one after the other, for so long."""
    connection = Connection(server.port)
    took: list[float] = []
    until = time.perf_counter() + seconds
    body: dict[str, Any] = {"message": "안녕하세요"}
    while time.perf_counter() < until:
        started = time.perf_counter()
        await connection.post("/api/v1/chat", body)
        took.append(time.perf_counter() - started)
        await asyncio.sleep(_PAUSE)
    connection.close()
    return took


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, default=20, help="how many at once")
    python = find_python("")
    if python is None:
        raise SystemExit("The interpreter's environment is missing: ./run.sh setup")
    options = parser.parse_args()
    asyncio.run(measure(python, options.sessions))
    asyncio.run(measure_others(python))


if __name__ == "__main__":
    main()
