"""Exports everything that a project owns as lines of JSON, with a page in memory at a time."""

import base64
import json
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from app.core.object_store import NotStored, ObjectStore, file_key
from app.db import exports
from app.db.database import Database
from app.db.exports import Part
from app.db.file_rows import FileRow
from app.db.knowledge_rows import StoreFileRow
from app.db.rows import RunRow, StepRow, ThreadRow
from app.db.vector_stores import StoreWithFiles
from app.domain.clock import now
from app.domain.errors import LimitReached
from app.schemas.common import WireObject
from app.wire import (
    assistant_object,
    feedback_object,
    file_object,
    message_object,
    run_object,
    step_object,
    store_file_object,
    thread_object,
    vector_store_object,
)

logger = logging.getLogger(__name__)

T = TypeVar("T")

# How many exports a project may run at a time.
EXPORTS_AT_ONCE = 4
_SMALL = 64 * 1024


class ExportService:
    def __init__(self, database: Database, store: ObjectStore) -> None:
        self._database = database
        self._store = store
        self._running: Counter[str] = Counter()

    async def begin(self, project: str, *, with_content: bool) -> AsyncIterator[bytes]:
        """Return the lines, several in each piece.

        Raises `LimitReached` if the project is running `EXPORTS_AT_ONCE` exports already.
        """
        if self._running[project] >= EXPORTS_AT_ONCE:
            raise LimitReached(
                f"This project is already running {EXPORTS_AT_ONCE} exports (the maximum). "
                "Please try again when one of them has ended.",
                code="too_many_exports",
                headers={"retry-after": "5"},
            )
        # Here, not in the iterator: an error still gets a status of its own.
        bounds = await self._database.read(exports.bounds)
        return self._gathered(project, bounds, with_content=with_content)

    async def _gathered(
        self, project: str, bounds: dict[str, int], *, with_content: bool
    ) -> AsyncIterator[bytes]:
        """Yield the lines in pieces that are worth sending."""
        with self._counted(project):
            waiting, size = [], 0
            async for line in self._lines(project, bounds, with_content=with_content):
                waiting.append(line)
                size += len(line)
                if size >= _SMALL:
                    yield b"".join(waiting)
                    waiting, size = [], 0
            yield b"".join(waiting)

    @contextmanager
    def _counted(self, project: str) -> Iterator[None]:
        self._running[project] += 1
        try:
            yield
        finally:
            self._running[project] -= 1
            if not self._running[project]:
                del self._running[project]

    async def _lines(
        self, project: str, bounds: dict[str, int], *, with_content: bool
    ) -> AsyncIterator[bytes]:
        read = self._database.read
        async for file in _all(
            lambda after: read(exports.file_part, project, after, bounds["files"])
        ):
            yield _file_line(file)
            if with_content and not file.lacks_content:
                async for line in self._content(file):
                    yield line
        moment = now()
        async for store in _all(
            lambda after: read(exports.store_part, project, after, bounds["vector_stores"])
        ):
            yield _store_line(store, moment)
            async for line in self._in_store(store.store.id, bounds["vector_store_files"]):
                yield line
        async for assistant in _all(
            lambda after: read(exports.assistant_part, project, after, bounds["assistants"])
        ):
            yield _line(assistant_object(assistant))
        async for thread in _all(
            lambda after: read(exports.thread_part, project, after, bounds["threads"])
        ):
            yield _thread_line(thread)
            async for line in self._in_thread(thread.id):
                yield line

    async def _in_store(self, store_id: str, until: int) -> AsyncIterator[bytes]:
        read = self._database.read
        async for file in _all(lambda after: read(exports.store_file_part, store_id, after, until)):
            yield _store_file_line(file)

    async def _in_thread(self, thread_id: str) -> AsyncIterator[bytes]:
        read = self._database.read
        messages, feedback, runs, steps = await read(exports.first_of_thread, thread_id)
        async for message in _all(
            lambda after: read(exports.message_part, thread_id, after), messages
        ):
            yield _line(message_object(message))
        async for given in _all(
            lambda after: read(exports.feedback_part, thread_id, after), feedback
        ):
            yield _line(feedback_object(given), session_id=given.session_id)
        while True:
            for run in runs.rows:
                yield _run_line(run)
            ids = [run.id for run in runs.rows]
            async for step in _all(self._steps_of(ids), steps):
                yield _line(step_object(step))
            if runs.after is None:
                return
            runs = await read(exports.run_part, thread_id, runs.after)
            if not runs.rows:
                return
            steps = await read(exports.step_part, [run.id for run in runs.rows], 0)

    def _steps_of(self, run_ids: Sequence[str]) -> Callable[[int], Awaitable[Part[StepRow]]]:
        return lambda after: self._database.read(exports.step_part, run_ids, after)

    async def _content(self, file: FileRow) -> AsyncIterator[bytes]:
        """Yield a file's bytes in lines; none if they were lost, or the file was deleted."""
        try:
            pieces = await self._store.read(file_key(file.id))
        except NotStored:
            logger.warning("the content of %s is missing and was not exported", file.id)
            return
        offset = 0
        async for piece in pieces:
            yield _content_line(file.id, offset, piece)
            offset += len(piece)
        if offset == 0:
            yield _content_line(file.id, 0, b"")


async def _all(
    read: Callable[[int], Awaitable[Part[T]]], first: Part[T] | None = None
) -> AsyncIterator[T]:
    """Yield the rows of all parts; `read` returns the part after a sequence."""
    part = first if first is not None else await read(0)
    while True:
        for row in part.rows:
            yield row
        if part.after is None:
            return
        part = await read(part.after)


def _line(one: WireObject, **additions: Any) -> bytes:
    """Return an object's line; `additions` that are empty are left out."""
    text = one.model_dump_json()
    given: Iterable[tuple[str, Any]] = ((name, value) for name, value in additions.items() if value)
    if added := dict(given):
        text = f'{text[:-1]},"threadkeeper":{json.dumps(added, separators=(",", ":"))}}}'
    return text.encode() + b"\n"


def _file_line(file: FileRow) -> bytes:
    return _line(file_object(file), session_id=file.session_id)


def _store_line(store: StoreWithFiles, moment: int) -> bytes:
    return _line(vector_store_object(store, moment), of_thread=store.store.of_thread)


def _store_file_line(file: StoreFileRow) -> bytes:
    return _line(store_file_object(file), of_thread=file.of_thread)


def _thread_line(thread: ThreadRow) -> bytes:
    return _line(thread_object(thread), session_id=thread.session_id)


def _run_line(run: RunRow) -> bytes:
    return _line(
        run_object(run),
        began_ms=run.began_ms,
        first_text_ms=run.first_text_ms,
        ended_ms=run.ended_ms,
        found_nothing=run.found_nothing,
    )


def _content_line(file_id: str, offset: int, piece: bytes) -> bytes:
    data = base64.b64encode(piece).decode()
    line = {"object": "file.content", "file_id": file_id, "offset": offset, "data": data}
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"
