"""Decides whose file is read next: projects take turns, and none may occupy all readers."""

import os
from collections import Counter
from typing import TypeVar

from app.db.ingestion import Turns
from app.schemas.vector_stores import FileError

T = TypeVar("T")

# The most files that a process reads at a time: one per core, and at least two, so that one reader
# is free for another project. `knowledge.extraction.Limits` bounds the memory of each reader.
_MOST_READERS = 4
# How many files are remembered as too costly, and how many projects as recently served.
_REMEMBERED = 1000


class ReadingTurns:
    """What a process remembers of the files that it reads; losing it does no harm."""

    def __init__(self, readers: int | None = None) -> None:
        """`readers`: how many files are read at a time; None: depends on the number of cores."""
        self.readers = readers or max(2, min(_cores(), _MOST_READERS))
        self._reading: Counter[str] = Counter()
        self._served: dict[str, None] = {}
        self._too_costly: dict[str, FileError] = {}

    def next(self) -> Turns:
        """Return the order of the projects and those that must wait."""
        most = max(1, self.readers - 1)
        busy = [project for project, files in self._reading.items() if files >= most]
        return Turns([*self._served], busy)

    def take(self, project: str) -> None:
        """Count a file of the project as being read, and the project as served last."""
        self._served.pop(project, None)
        _remember(self._served, project, None)
        self._reading[project] += 1

    def give_back(self, project: str) -> None:
        """Count one file of the project less."""
        self._reading[project] -= 1
        if not self._reading[project]:
            del self._reading[project]

    def note_too_costly(self, file_id: str, error: FileError) -> None:
        """Remember a file that exceeded the limits: attached again, it would exceed them again."""
        _remember(self._too_costly, file_id, error)

    def too_costly(self, file_id: str) -> FileError | None:
        return self._too_costly.get(file_id)


def _remember(memory: dict[str, T], key: str, value: T) -> None:
    """Keep the value as the newest, and forget the oldest if there are too many."""
    memory[key] = value
    if len(memory) > _REMEMBERED:
        del memory[next(iter(memory))]


def _cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
