"""What the runs of a day did, by assistant: counted from the runs, or read from `insight_days`.

Days that are over are kept in that table. Every statement that changes ended runs must call
`forget` or `forget_days` in its transaction, as `removed_threads.remove` does for deleted ones.
"""

import sys
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    Select,
    bindparam,
    delete,
    func,
    insert,
    select,
    text,
    tuple_,
)

from app.db.insight_tables import insight_days
from app.db.tables import runs, threads

DAY_MS = 86_400_000
# A run may be committed a little after the time at which it ended.
_LATE_MS = 3_600_000

FAILED = ("failed", "expired", "incomplete")
# Those that have an answer of which a reader could say how long it took.
_TIMED = ("completed", "incomplete")
_LONGEST_MS = 2**32 - 1

# Of transactions that count a day, and of those that change its runs.
_COUNTING = text("SELECT pg_advisory_xact_lock(7405929)")
_CHANGING = text("SELECT pg_advisory_xact_lock_shared(7405929)")

_in_project = runs.c.project == bindparam("project")
_RUNS = (
    select(
        runs.c.ended_ms,
        runs.c.assistant_id,
        runs.c.thread_id,
        threads.c.session_id,
        runs.c.status,
        runs.c.found_nothing,
        runs.c.began_ms,
        runs.c.first_text_ms,
    )
    .join(threads, threads.c.id == runs.c.thread_id)
    .where(
        _in_project,
        # Its runs outlive a deleted thread for a while.
        threads.c.project == bindparam("project"),
        runs.c.ended_ms >= bindparam("begin"),
        runs.c.ended_ms < bindparam("end"),
        ~threads.c.trial,
    )
)
_STORED = select(insight_days).where(
    insight_days.c.project == bindparam("project"),
    insight_days.c.day.between(bindparam("first"), bindparam("last")),
)
_STORED_DAYS = select(insight_days.c.day).where(insight_days.c.project == bindparam("project"))
# Each looks only at one entry of the index `runs_ended`.
_NEXT_PROJECT = select(func.min(runs.c.project)).where(
    runs.c.project > bindparam("project"), runs.c.ended_ms.is_not(None)
)
_NEXT_END = select(func.min(runs.c.ended_ms)).where(
    _in_project, runs.c.ended_ms >= bindparam("begin")
)
_STORE = insert(insight_days)
_day_of = runs.c.ended_ms // DAY_MS
_DAYS_OF_THREADS = (
    select(runs.c.project, _day_of.label("day"))
    .where(
        runs.c.thread_id.in_(bindparam("keys", expanding=True)),
        runs.c.ended_ms.is_not(None),
    )
    .distinct()
)
_FORGET = delete(insight_days).where(
    tuple_(insight_days.c.project, insight_days.c.day).in_(bindparam("days", expanding=True))
)


class Period(NamedTuple):
    """Whole days, both included, of one assistant or of all."""

    project: str
    first_day: int
    last_day: int
    assistant_id: str | None = None


class Key(NamedTuple):
    day: int
    assistant_id: str


class DayOf(NamedTuple):
    """A day of a project."""

    project: str
    day: int


@dataclass
class Tally:
    """What the runs of an assistant did on a day.

    `threads` and `visitors` have the hash of each once; the times are sorted milliseconds.
    """

    answers: int = 0
    failures: int = 0
    nothing_found: int = 0
    threads: Collection[int] = field(default_factory=set)
    visitors: Collection[int] = field(default_factory=set)
    first_texts: Sequence[int] = field(default_factory=list)
    responses: Sequence[int] = field(default_factory=list)


def read(connection: Connection, period: Period) -> dict[Key, Tally]:
    """Return the tallies of the period's days on which anything ended."""
    stored = _stored(connection, period)
    found = dict(stored)
    for first, last in _gaps({key.day for key in stored}, period.first_day, period.last_day):
        found |= _counted(connection, period._replace(first_day=first, last_day=last))
    wanted = period.assistant_id
    return {key: one for key, one in found.items() if wanted in (None, key.assistant_id)}


def uncounted(connection: Connection, now_ms: int) -> list[DayOf]:
    """Return the days that are over, have runs, and are not in the table yet."""
    end = (now_ms - _LATE_MS) // DAY_MS * DAY_MS
    found = []
    project: str | None = ""
    while (project := connection.execute(_NEXT_PROJECT, {"project": project}).scalar()) is not None:
        stored = set(connection.execute(_STORED_DAYS, {"project": project}).scalars())
        found += [DayOf(project, day) for day in _days(connection, project, end, stored)]
    return found


def store(connection: Connection, one: DayOf) -> None:
    """Count a day that is over, and keep the result, unless another process has."""
    if connection.dialect.name == "postgresql":
        connection.execute(_COUNTING)
    period = Period(one.project, one.day, one.day)
    if _stored(connection, period):
        return
    if rows := [_packed(one, key, tally) for key, tally in _counted(connection, period).items()]:
        connection.execute(_STORE, rows)


def forget(connection: Connection, thread_ids: Sequence[str]) -> None:
    """Count the days of these threads' runs anew. Call it before the threads are changed."""
    rows = connection.execute(_DAYS_OF_THREADS, {"keys": list(thread_ids)})
    forget_days(connection, {DayOf(*row) for row in rows})


def forget_days(connection: Connection, days: Iterable[DayOf]) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(_CHANGING)
    if some := sorted(days):
        connection.execute(_FORGET, {"days": some})


def _days(connection: Connection, project: str, end: int, stored: set[int]) -> Iterator[int]:
    """Yield the days before `end` (milliseconds) on which runs ended, except those stored."""
    begin = 0
    while True:
        keys = {"project": project, "begin": begin}
        found = connection.execute(_NEXT_END, keys).scalar()
        if found is None or found >= end:
            return
        if (day := found // DAY_MS) not in stored:
            yield day
        begin = (day + 1) * DAY_MS


def _gaps(there: set[int], first: int, last: int) -> Iterator[tuple[int, int]]:
    """Yield the ranges of days, both included, that are not there."""
    for day in [*sorted(there), last + 1]:
        if first < day:
            yield first, day - 1
        first = day + 1


def _counted(connection: Connection, period: Period) -> dict[Key, Tally]:
    statement: Select[Any] = _RUNS
    if period.assistant_id is not None:
        statement = statement.where(runs.c.assistant_id == period.assistant_id)
    keys = {
        "project": period.project,
        "begin": period.first_day * DAY_MS,
        "end": (period.last_day + 1) * DAY_MS,
    }
    counting: dict[Key, _Counting] = {}
    for ended, assistant_id, *run in connection.execute(statement, keys):
        key = Key(ended // DAY_MS, assistant_id)
        one = counting.get(key)
        if one is None:
            one = counting[key] = _Counting()
        one.add(ended, *run)
    return {key: one.tally() for key, one in counting.items()}


class _Counting:
    def __init__(self) -> None:
        self._statuses: dict[str, int] = {}
        self._nothing_found = 0
        self._threads: set[str] = set()
        self._sessions: set[str] = set()
        self._first_texts: list[int] = []
        self._responses: list[int] = []

    def add(
        self,
        ended: int,
        thread_id: str,
        session_id: str | None,
        status: str,
        found_nothing: bool,
        began: int | None,
        first_text: int | None,
    ) -> None:
        self._statuses[status] = self._statuses.get(status, 0) + 1
        self._nothing_found += found_nothing
        self._threads.add(thread_id)
        if session_id is not None:
            self._sessions.add(session_id)
        if began is not None and status in _TIMED:
            self._responses.append(_within(ended - began))
            if first_text is not None:
                self._first_texts.append(_within(first_text - began))

    def tally(self) -> Tally:
        return Tally(
            answers=self._statuses.get("completed", 0),
            failures=sum(self._statuses.get(status, 0) for status in FAILED),
            nothing_found=self._nothing_found,
            threads=set(map(_hash, self._threads)),
            visitors=set(map(_hash, self._sessions)),
            first_texts=sorted(self._first_texts),
            responses=sorted(self._responses),
        )


def _within(took: int) -> int:
    # A clock may have been set back meanwhile.
    return min(max(took, 0), _LONGEST_MS)


def _hash(object_id: str) -> int:
    return int.from_bytes(blake2b(object_id.encode(), digest_size=8).digest(), "little")


def _stored(connection: Connection, period: Period) -> dict[Key, Tally]:
    keys = {
        "project": period.project,
        "first": period.first_day,
        "last": period.last_day,
    }
    return {
        Key(row.day, row.assistant_id): Tally(
            answers=row.answers,
            failures=row.failures,
            nothing_found=row.nothing_found,
            threads=_numbers("Q", row.threads),
            visitors=_numbers("Q", row.visitors),
            first_texts=_numbers("I", row.first_texts),
            responses=_numbers("I", row.responses),
        )
        for row in connection.execute(_STORED, keys)
    }


def _packed(one: DayOf, key: Key, tally: Tally) -> Mapping[str, Any]:
    return {
        **one._asdict(),
        "assistant_id": key.assistant_id,
        "answers": tally.answers,
        "failures": tally.failures,
        "nothing_found": tally.nothing_found,
        "threads": _bytes("Q", tally.threads),
        "visitors": _bytes("Q", tally.visitors),
        "first_texts": _bytes("I", tally.first_texts),
        "responses": _bytes("I", tally.responses),
    }


def _bytes(kind: str, numbers: Iterable[int]) -> bytes:
    packed = array(kind, numbers)
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tobytes()


def _numbers(kind: str, content: bytes) -> "array[int]":
    packed: array[int] = array(kind)
    packed.frombytes(content)
    if sys.byteorder == "big":
        packed.byteswap()
    return packed
