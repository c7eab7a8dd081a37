"""What clients received, and whether the database agrees with it in the end."""

import asyncio
import hashlib
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Any

import psycopg

_ENDED = ("cancelled", "failed", "completed", "incomplete", "expired")
_LOOK_EVERY = 0.5


@dataclass
class Ledger:
    """Kept by all clients together.

    `said`: texts the service took over. `answers`: what it answered, by run. `files`: digests of
    what it took over, by file. `seconds`: how long each kind of turn took. `failures`: what
    clients saw instead, by kind of turn.
    """

    said: set[str] = field(default_factory=set)
    answers: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)
    seconds: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    failures: Counter[tuple[str, str]] = field(default_factory=Counter)
    resumed: int = 0


@dataclass(frozen=True)
class Findings:
    """Where the database differs from what clients received; all empty if it doesn't."""

    lost: list[str]
    doubled: list[str]
    unfinished: list[str]
    runs: Counter[str]

    @property
    def good(self) -> bool:
        return not (self.lost or self.doubled or self.unfinished)


async def settle(url: str, seconds: float) -> None:
    """Wait until every run has ended, no longer than `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not await asyncio.to_thread(_unfinished, url):
            return
        await asyncio.sleep(_LOOK_EVERY)


def compare(ledger: Ledger, url: str, project: str = "default") -> Findings:
    """Compare what clients received with all rows of the clients' project."""
    query = (
        "SELECT role, run_id, content FROM messages"
        " WHERE thread_id IN (SELECT id FROM threads WHERE project = %s)"
    )
    with psycopg.connect(url) as connection:
        rows = connection.execute(query, (project,)).fetchall()
        statuses = connection.execute("SELECT status, count(*) FROM runs GROUP BY 1").fetchall()
    said = Counter(_text(content) for role, _, content in rows if role == "user")
    answers: dict[str, list[str]] = defaultdict(list)
    for role, run_id, content in rows:
        if role == "assistant":
            answers[run_id].append(_text(content))
    lost = [text for text in ledger.said if not said[text]]
    lost += [
        f"{run_id}: {text}"
        for run_id, text in ledger.answers.items()
        if text not in answers.get(run_id, [])
    ]
    doubled = [text for text, count in said.items() if count > 1]
    doubled += [run_id for run_id, texts in answers.items() if len(texts) > 1]
    return Findings(lost, doubled, _unfinished(url), Counter(dict(statuses)))


def digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def percentiles(seconds: list[float]) -> tuple[float, float, float]:
    """Return p50, p95 and p99."""
    if len(seconds) < 2:
        return (seconds[0],) * 3 if seconds else (0.0, 0.0, 0.0)
    parts = quantiles(seconds, n=100, method="inclusive")
    return parts[49], parts[94], parts[98]


def _unfinished(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        query = "SELECT id, status FROM runs WHERE status <> ALL(%s)"
        rows = connection.execute(query, (list(_ENDED),)).fetchall()
    return [f"{run_id}: {status}" for run_id, status in rows]


def _text(content: list[dict[str, Any]]) -> str:
    return "".join(part["text"]["value"] for part in content if part["type"] == "text")
