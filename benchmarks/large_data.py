"""Fills a database that a server has just created: many threads, many messages, one long thread."""

import json
import string
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection, create_engine, make_url, text

LONG_THREAD = "thread_long"
_VOCABULARY = 50_000
_WORDS = 60
_AT_ONCE = 5_000
_MESSAGES_OF_A_THREAD = 10
_DAY = 86_400


@dataclass(frozen=True)
class Amount:
    """How many threads of ten messages, and how many messages the long thread has."""

    threads: int = 100_000
    long: int = 20_000


class Vocabulary:
    """Words whose frequency follows Zipf's law; none begins with another one."""

    def __init__(self) -> None:
        self._random = np.random.default_rng(1)
        letters = self._random.integers(0, 26, (_VOCABULARY * 2, 6))
        made = ("".join(string.ascii_lowercase[place] for place in row) for row in letters)
        self.words = list(dict.fromkeys(made))[:_VOCABULARY]
        weights = 1 / np.arange(1, _VOCABULARY + 1)
        self._sums = np.cumsum(weights / weights.sum())

    def texts(self, count: int) -> list[str]:
        places = np.searchsorted(self._sums, self._random.random((count, _WORDS)))
        last = _VOCABULARY - 1
        return [" ".join(self.words[min(place, last)] for place in row) for row in places]


def fill(url: str, amount: Amount) -> None:
    """Insert everything. Every third thread is older than a year."""
    engine = create_engine(_with_driver(url))
    words = Vocabulary()
    now = int(time.time())
    with engine.begin() as connection:
        for first in range(0, amount.threads, _AT_ONCE // _MESSAGES_OF_A_THREAD):
            numbers = range(first, min(first + _AT_ONCE // _MESSAGES_OF_A_THREAD, amount.threads))
            ages = [now - (400 if number % 3 == 0 else 1) * _DAY for number in numbers]
            some = list(zip(numbers, ages, strict=True))
            _insert(connection, "threads", (_thread(f"thread_{n}", n, at) for n, at in some))
            texts = iter(words.texts(len(numbers) * _MESSAGES_OF_A_THREAD))
            _insert(
                connection,
                "messages",
                (
                    _message(f"thread_{number}", place, at, next(texts))
                    for number, at in some
                    for place in range(_MESSAGES_OF_A_THREAD)
                ),
            )
        _long_thread(connection, words, amount.long, now)
    engine.dispose()


def waiting_for_index(url: str) -> int:
    """Return how many messages searches can't find yet."""
    engine = create_engine(_with_driver(url))
    with engine.connect() as connection:
        count: int = connection.scalar(text("SELECT count(*) FROM message_index_queue"))
    engine.dispose()
    return count


def _with_driver(url: str) -> Any:
    address = make_url(url)
    is_postgresql = address.get_backend_name() == "postgresql"
    return address.set(drivername="postgresql+psycopg") if is_postgresql else address


def _long_thread(connection: Connection, words: Vocabulary, length: int, now: int) -> None:
    _insert(connection, "threads", [_thread(LONG_THREAD, 0, now)])
    for first in range(0, length, _AT_ONCE):
        places = range(first, min(first + _AT_ONCE, length))
        said = zip(places, words.texts(len(places)), strict=True)
        _insert(connection, "messages", (_message(LONG_THREAD, n, now, one) for n, one in said))
        _insert(connection, "runs", (_run(place, now) for place in places if place % 2))
        _insert(connection, "steps", (_step(place, now) for place in places if place % 2))


def _thread(thread_id: str, number: int, created_at: int) -> dict[str, Any]:
    metadata = {"order": str(number), "site": "shop" if number % 2 else "blog"}
    return {
        "id": thread_id,
        "created_at": created_at,
        "metadata": json.dumps(metadata, separators=(",", ":")),
        "tool_resources": "{}",
        "project": "default",
    }


def _message(thread_id: str, place: int, created_at: int, said: str) -> dict[str, Any]:
    content = [{"type": "text", "text": {"value": said, "annotations": []}}]
    return {
        "id": f"msg_{thread_id}_{place}",
        "thread_id": thread_id,
        "created_at": created_at,
        "role": "assistant" if place % 2 else "user",
        "content": json.dumps(content, separators=(",", ":")),
        "attachments": "[]",
        "metadata": "{}",
        "status": "completed",
    }


def _run(place: int, now: int) -> dict[str, Any]:
    return {
        "id": f"run_{place}",
        "thread_id": LONG_THREAD,
        "assistant_id": "asst_default",
        "created_at": now,
        "status": "completed",
        "model": "m",
        "settings": json.dumps({"instructions": "Be brief. " * 40}),
        "metadata": "{}",
        "streamed": True,
        "project": "default",
        "ended_ms": now * 1000,
    }


def _step(place: int, now: int) -> dict[str, Any]:
    return {
        "id": f"step_{place}",
        "run_id": f"run_{place}",
        "thread_id": LONG_THREAD,
        "assistant_id": "asst_default",
        "created_at": now,
        "type": "message_creation",
        "status": "completed",
        "step_details": "{}",
        "metadata": "{}",
    }


def _insert(
    connection: Connection, table: str, rows: Iterator[dict[str, Any]] | Sequence[dict[str, Any]]
) -> None:
    some = list(rows)
    if not some:
        return
    names = list(some[0])
    if connection.dialect.name == "postgresql":
        cursor: Any = connection.connection.cursor()
        with cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as copying:
            for row in some:
                copying.write_row([row[name] for name in names])
        return
    places = ", ".join(f":{name}" for name in names)
    connection.execute(text(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})"), some)
