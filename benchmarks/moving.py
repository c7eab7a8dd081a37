#!/usr/bin/env python3
"""Measures an import of many messages that is killed in the middle and started again.

    python benchmarks/moving.py                                    # SQLite, 100,000 messages
    python benchmarks/moving.py --database-url postgresql://…      # an empty database
    python benchmarks/moving.py --threads 100 --messages 100

It starts servers of its own, with a temporary folder, and checks that the export is what was
imported: nothing doubled, nothing lost. Meanwhile it measures how long a short call takes.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[1]
_ADDRESS = re.compile(r"Uvicorn running on (http://[0-9.:]+)")
_START_SECONDS = 60


class Server:
    def __init__(self, folder: Path, database_url: str) -> None:
        self._log = folder / "console.log"
        environment = {
            **os.environ,
            "DATABASE_URL": database_url,
            "FILES_URL": str(folder / "files"),
            "PORT": "0",
            "LOG_FILE": "",
            "ASSISTANTS_FILE": "",
            "OPENAI_API_KEY": "",
        }
        with self._log.open("wb") as console:
            self._process = subprocess.Popen(
                [sys.executable, str(ROOT / "main.py")],
                cwd=folder,
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=console,
            )
        self.url = f"{self._address()}/api/v1"

    def _address(self) -> str:
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end:
            if found := _ADDRESS.search(self._log.read_text("utf-8")):
                return found[1]
            time.sleep(0.1)
        raise SystemExit(f"the server did not start: {self._log.read_text('utf-8')}")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    @property
    def peak_mib(self) -> int:
        """The most memory that the process has used, on Linux."""
        status = Path(f"/proc/{self._process.pid}/status")
        found = re.search(r"VmHWM:\s+(\d+)", status.read_text()) if status.exists() else None
        return int(found[1]) // 1024 if found else 0


class Latency:
    """Calls the server every 20 ms from a thread, and keeps how long each call took."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stop = threading.Event()
        self.milliseconds: list[float] = []
        self._thread = threading.Thread(target=self._measure)
        self._thread.start()

    def _measure(self) -> None:
        with httpx.Client(base_url=self._url, timeout=60) as http:
            while not self._stop.wait(0.02):
                begun = time.perf_counter()
                http.post("/threads", json={"metadata": {"made": "meanwhile"}})
                self.milliseconds.append((time.perf_counter() - begun) * 1000)

    def stop(self) -> str:
        self._stop.set()
        self._thread.join()
        ordered = sorted(self.milliseconds)
        p95 = ordered[int(len(ordered) * 0.95)]
        median = statistics.median(ordered)
        return f"median {median:.0f} ms, p95 {p95:.0f} ms, max {ordered[-1]:.0f} ms"


def lines(threads: int, messages: int) -> Iterator[bytes]:
    place = 0
    for number in range(threads):
        thread_id = f"thread_{number:024d}"
        yield _line(
            id=thread_id,
            object="thread",
            created_at=1_700_000_000 + number,
            metadata={"user": f"user-{number % 50}"},
            tool_resources={},
        )
        for turn in range(messages):
            place += 1
            text = f"메시지 {place}: 환불은 언제 처리되나요? It is shown by its schedule. " * 4
            yield _line(
                id=f"msg_{place:024d}",
                object="thread.message",
                created_at=1_700_000_000 + number + turn,
                assistant_id=None,
                thread_id=thread_id,
                run_id=None,
                role="assistant" if turn % 2 else "user",
                content=[{"type": "text", "text": {"value": text, "annotations": []}}],
                attachments=[],
                metadata={},
                status="completed",
                incomplete_details=None,
                completed_at=1_700_000_000 + number + turn,
                incomplete_at=None,
            )


def _line(**values: object) -> bytes:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def begin_and_kill(server: Server, source: Path) -> None:
    """Import, and kill the server when about half of the file was sent."""

    def half() -> Iterator[bytes]:
        sent, size = 0, source.stat().st_size
        with source.open("rb") as file:
            while piece := file.read(256 * 1024):
                yield piece
                sent += len(piece)
                if sent > size / 2:
                    server.kill()

    try:
        httpx.post(f"{server.url}/import", content=half(), timeout=600)
    except httpx.TransportError:
        return
    raise SystemExit("the server answered though it was killed")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--database-url")
    parser.add_argument("--threads", type=int, default=1000)
    parser.add_argument("--messages", type=int, default=100)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "source.ndjson"
        with source.open("wb") as file:
            file.writelines(lines(options.threads, options.messages))
        url = options.database_url or f"sqlite:///{folder / 'moving.db'}"
        begin_and_kill(Server(folder, url), source)
        measure(Server(folder, url), source)


def measure(server: Server, source: Path) -> None:
    latency = Latency(server.url)
    begun = time.perf_counter()
    with source.open("rb") as file:
        report = httpx.post(f"{server.url}/import", content=file, timeout=3600).json()
    seconds = time.perf_counter() - begun
    print(f"second import: {seconds:.1f} s; threads created meanwhile: {latency.stop()}")
    print(json.dumps({name: report[name] for name in ("created", "existing", "refused")}))
    begun, exported = time.perf_counter(), lines_exported(server)
    print(f"export: {time.perf_counter() - begun:.1f} s; peak memory {server.peak_mib} MiB")
    begun = time.perf_counter()
    with source.open("rb") as file:
        httpx.post(f"{server.url}/import", content=file, timeout=3600)
    print(f"third import, of what is there: {time.perf_counter() - begun:.1f} s")
    with source.open("rb") as file:
        sent = sum(1 for _ in file)
    server.kill()
    print(f"sent {sent:,} objects, exported {exported:,}: {'good' if sent == exported else 'BAD'}")


def lines_exported(server: Server) -> int:
    """Return how many lines of the export are not threads that were created meanwhile."""
    kept: set[str] = set()
    count = 0
    with httpx.stream("GET", f"{server.url}/export", timeout=3600) as response:
        for line in response.iter_lines():
            one = json.loads(line)
            if one.get("metadata") != {"made": "meanwhile"}:
                count += 1
                kept.add(one["id"])
    if len(kept) != count:
        raise SystemExit(f"{count - len(kept)} objects are there twice")
    return count


if __name__ == "__main__":
    main()
