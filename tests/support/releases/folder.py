"""The folder of a release: what is in which file, and how it is read and written.

    release.json        version, migration revision, time, settings, callers, and the ids of scenes
    rows/TABLE.jsonl    a table's rows, one a line, by column; bytes are in base64
    answers.jsonl       what the API answered: caller, path, parameters, body
    events.jsonl        what readers of `…/events` had received: run, id, event, data
    files/              the object store, as FILES_URL named it
    assistants.yaml     the assistants file, with its documents in knowledge/

The keys, the token and the signing secret in it are throw-away values: they were made for the
recording, and no server that anybody uses knows them.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RELEASES = Path(__file__).parents[2] / "fixtures" / "releases"


@dataclass(frozen=True)
class About:
    """`recorded_at` is a Unix time in seconds; `settings` are environment variables.

    `callers` are their credentials by name: `shop` and `desk` have a project's key, `visitor` has
    a session's token. `scenes` are what `story.py` returned.
    """

    version: str
    revision: str
    recorded_at: int
    settings: dict[str, str]
    callers: dict[str, str]
    scenes: dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What a GET of `path` returned to a caller."""

    caller: str
    path: str
    params: dict[str, Any]
    body: Any


@dataclass(frozen=True)
class SeenEvent:
    """An event that a reader of the run at the path `run` received."""

    run: str
    id: int
    event: str
    data: Any


class Release:
    """The folder of one release."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def about(self) -> About:
        return About(**json.loads(self._path("release.json").read_text("utf-8")))

    @property
    def answers(self) -> list[Answer]:
        return [Answer(**line) for line in _read(self._path("answers.jsonl"))]

    @property
    def events(self) -> dict[str, list[SeenEvent]]:
        """What was received, by the path of the run, in its order."""
        seen: dict[str, list[SeenEvent]] = {}
        for line in _read(self._path("events.jsonl")):
            event = SeenEvent(**line)
            seen.setdefault(event.run, []).append(event)
        return seen

    @property
    def files(self) -> Path:
        return self._path("files")

    @property
    def assistants_file(self) -> Path:
        return self._path("assistants.yaml")

    @property
    def tables(self) -> set[str]:
        """The names of the tables that had rows."""
        return {path.stem for path in self._path("rows").iterdir()}

    def rows(self, table: str) -> Iterator[dict[str, Any]]:
        return _read(self._path("rows", f"{table}.jsonl"))

    def write_about(self, about: About) -> None:
        text = json.dumps(vars(about), ensure_ascii=False, indent=2)
        self._path("release.json").write_text(f"{text}\n", "utf-8")

    def write_rows(self, table: str, rows: Iterable[dict[str, Any]]) -> None:
        self._path("rows").mkdir(exist_ok=True)
        _write(self._path("rows", f"{table}.jsonl"), rows)

    def write_seen(self, answers: Iterable[Answer], events: Iterable[SeenEvent]) -> None:
        _write(self._path("answers.jsonl"), map(vars, answers))
        _write(self._path("events.jsonl"), map(vars, events))

    def _path(self, *names: str) -> Path:
        return self.folder.joinpath(*names)


def releases() -> list[Release]:
    """Return the releases that were recorded, in the order of their names."""
    folders = sorted(path.parent for path in RELEASES.glob("*/release.json"))
    return [Release(folder) for folder in folders]


def _read(path: Path) -> Iterator[dict[str, Any]]:
    # Not by `splitlines`, which also cuts at separators that JSON leaves inside a text.
    for line in path.read_text("utf-8").split("\n")[:-1]:
        yield json.loads(line)


def _write(path: Path, lines: Iterable[dict[str, Any]]) -> None:
    text = "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)
    path.write_text(text, "utf-8")
