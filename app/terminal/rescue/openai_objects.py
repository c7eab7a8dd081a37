"""Objects of the Assistants API in files: list pages, arrays, JSON Lines, one file or a folder.

This is what scripts wrote with `model_dump()` or from the responses. Objects may be nested in
others, such as `{"thread": {…}, "messages": […]}`, and may be in any order.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from app.db.spool import Spool
from app.terminal.client import Object
from app.terminal.language import Said, both
from app.terminal.moving.sending import line_of
from app.terminal.rescue.json_files import (
    TOO_LARGE,
    UNREADABLE,
    Folder,
    NotJson,
    TooLarge,
    values_in,
)
from app.terminal.rescue.objects import KINDS, cleaned, kind_of
from app.terminal.rescue.reader import Content, Found, LeftOut, Reader, thread

SourceArgument = Annotated[
    Path,
    typer.Argument(
        metavar="PATH",
        help=both("A file, a folder or a ZIP archive.", "파일이나 폴더 또는 ZIP 압축 파일."),
    ),
]
_ENDINGS = (".json", ".jsonl", ".ndjson", ".txt")
# How deep objects are looked for inside others.
_DEPTH = 8
_PLACES = 1_000_000_000
_THREAD = KINDS.index("thread")


def _read(source: SourceArgument) -> Iterator[Found]:
    folder = Folder(source)
    with Spool() as spool:
        yield from Collector(spool).collect(folder)
        yield from sorted_objects(spool, folder)


class Collector:
    """Finds the objects in files, and puts them into a spool."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._place = 0

    def collect(self, folder: Folder) -> Iterator[LeftOut]:
        for name in folder.names():
            if not name.lower().endswith(_ENDINGS):
                continue
            stem = Path(name).stem
            thread_id = stem if stem.startswith("thread_") else None
            for value in values_in(folder, name):
                if isinstance(value, NotJson):
                    yield LeftOut(UNREADABLE, value.reason)
                elif isinstance(value, TooLarge):
                    yield LeftOut(TOO_LARGE, f"{name}: {value.place}")
                else:
                    yield from self._find(value, thread_id, 0)

    def _find(self, value: Any, thread_id: str | None, depth: int) -> Iterator[LeftOut]:
        if depth > _DEPTH:
            return
        if isinstance(value, list):
            for one in _oldest_first(value):
                yield from self._find(one, thread_id, depth + 1)
        elif isinstance(value, dict):
            kind = kind_of(value)
            if kind is not None:
                yield from self._keep(value, kind, thread_id)
            elif isinstance(given := value.get("object"), str) and given != "list":
                yield LeftOut(_OTHER_OBJECT, given)
                return
            yield from self._find_inside(value, thread_id, depth)

    def _find_inside(self, value: Object, thread_id: str | None, depth: int) -> Iterator[LeftOut]:
        inner_id = _thread_of(value) or thread_id
        for name, inner in value.items():
            if name in ("content", "metadata", "tools", "step_details", "attachments"):
                continue
            if isinstance(inner, dict | list):
                # Scripts also wrote {"thread_…": [messages]}.
                of = name if name.startswith("thread_") else inner_id
                yield from self._find(inner, of, depth + 1)

    def _keep(self, value: Object, kind: str, thread_id: str | None) -> Iterator[LeftOut]:
        if kind in ("thread.message", "thread.run", "thread.run.step"):
            value = {**value, "thread_id": value.get("thread_id") or thread_id}
        for one in cleaned(value, kind):
            if isinstance(one, LeftOut):
                yield one
            else:
                self._add(one, kind)

    def _add(self, one: Object, kind: str) -> None:
        self._place += 1
        key = f"{kind}/{one.get('vector_store_id', '')}/{one.get('id')}"
        parent = ""
        if kind == "thread":
            key = str(one.get("id"))
        elif isinstance(one.get("thread_id"), str):
            parent = one["thread_id"]
        created = one.get("created_at")
        self._spool.add(
            KINDS.index(kind),
            key,
            line_of(one),
            time=created if isinstance(created, int) else 0,
            place=self._place,
            parent=parent,
        )


def sorted_objects(spool: Spool, folder: Folder | None = None) -> Iterator[Found]:
    """Yield the objects of a spool, each after those that it refers to.

    Threads that only their messages mention are made up. `folder` may have files' bytes, whose
    names begin with the files' ids.
    """
    contents = _contents(folder) if folder is not None else {}
    for rank in range(len(KINDS)):
        if rank == _THREAD:
            for thread_id, created in spool.missing_parents(_THREAD):
                yield thread(thread_id, created, {})
        for line in spool.of_rank(rank):
            one: Object = json.loads(line)
            name = contents.get(str(one.get("id"))) if KINDS[rank] == "file" else None
            if name is not None and folder is not None:
                yield {**one, "bytes": folder.size(name)}
                yield _content_of(str(one["id"]), folder, name)
            else:
                yield one


def _content_of(file_id: str, folder: Folder, name: str) -> Content:
    return Content(file_id, lambda: folder.pieces(name))


def _contents(folder: Folder) -> dict[str, str]:
    """Return the names of files that begin with a file's id, by that id."""
    found = {}
    for name in folder.names():
        base = Path(name).name
        if base.startswith(("file-", "assistant-")) and not base.lower().endswith(_ENDINGS[:3]):
            joint = base.find("-", base.index("-") + 1)
            ends = [place for place in (joint, base.find(".")) if place > 0]
            found[base[: min(ends)] if ends else base] = name
    return found


def _oldest_first(values: list[Any]) -> list[Any]:
    """Return a list's values; the API lists the newest first."""
    times = [one.get("created_at") for one in values if isinstance(one, dict)]
    numbers = [time for time in times if isinstance(time, int | float)]
    return values[::-1] if len(numbers) > 1 and numbers[0] > numbers[-1] else values


def _thread_of(value: Object) -> str | None:
    """Return the id of the thread that an object describes, or that the others in it belong to."""
    inner = value.get("thread")
    for given in (value.get("thread_id"), inner.get("id") if isinstance(inner, dict) else inner):
        if isinstance(given, str):
            return given
    own = value.get("id")
    return own if isinstance(own, str) and own.startswith("thread_") else None


_OTHER_OBJECT = Said("objects of other kinds", "다른 종류의 객체")

READER = Reader(
    "objects",
    both(
        "Objects of the Assistants API, as scripts saved them in JSON files.",
        "스크립트로 저장해 둔 Assistants API 객체(JSON 파일).",
    ),
    _read,
    Said(
        "what the files do not contain, such as the content of uploaded files",
        "파일에 들어 있지 않은 것. 예를 들어 업로드한 파일의 내용",
    ),
)
