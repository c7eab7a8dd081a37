"""Imports objects line by line, in portions that other writers hardly notice."""

import base64
import binascii
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from app.db import imports
from app.db.database import Database
from app.db.import_kinds import AnyRow
from app.db.imports import Import, Outcome, Refused, RowsRefused, Written
from app.domain.access import Caller
from app.domain.errors import InvalidRequest, LimitReached, ThreadkeeperError
from app.schemas.moving import FileContentLine, ImportProblem, ImportReport
from app.services.import_digests import digest
from app.services.imported_rows import AnyImported, imported_row
from app.storage.file_contents import ContentWriter

# How many imports a project may run at a time: each takes memory for a long line.
IMPORTS_AT_ONCE = 2
# How much is written in one transaction: it should take about `lanes.COMMIT_SECONDS`.
_ROWS = 200
_BYTES = 1024 * 1024
# How many problems a report lists.
LISTED_PROBLEMS = 1000
# How many ids a dry run remembers: about 100 bytes each.
_ASSUMED_IDS = 1_000_000
_CONTENT = "file.content"


@dataclass(frozen=True)
class BadLine:
    """A line that could not be read, and why."""

    number: int
    object: str | None
    id: str | None
    field: str | None
    reason: str


@dataclass(frozen=True)
class GoodLine:
    """A valid object; `raw` is its JSON, of `size` bytes."""

    number: int
    value: AnyImported | FileContentLine
    raw: dict[str, Any]
    size: int


Line = BadLine | GoodLine


class ImportService:
    def __init__(
        self,
        database: Database,
        contents: ContentWriter,
        wake: Callable[[], None],
        *,
        max_file_bytes: int,
    ) -> None:
        """`wake` is called when vector store files are waiting to be indexed."""
        self._database = database
        self._contents = contents
        self._wake = wake
        self._max_file_bytes = max_file_bytes
        self._running: Counter[str] = Counter()

    async def run(
        self, caller: Caller, lines: AsyncIterator[Line], *, dry_run: bool
    ) -> ImportReport:
        """Import the lines as they arrive; what was imported stays if they end early.

        With `dry_run` nothing is written. Raises `LimitReached` if the project is running
        `IMPORTS_AT_ONCE` imports already, and what `lines` raises.
        """
        with self._counted(caller.project):
            importing = _Importing(self, caller.project, lines, dry_run=dry_run)
            try:
                return await importing.run()
            finally:
                self._wake()

    @contextmanager
    def _counted(self, project: str) -> Iterator[None]:
        if self._running[project] >= IMPORTS_AT_ONCE:
            raise LimitReached(
                f"This project is already running {IMPORTS_AT_ONCE} imports (the maximum). "
                "Please try again when one of them has ended.",
                code="too_many_imports",
                headers={"retry-after": "5"},
            )
        self._running[project] += 1
        try:
            yield
        finally:
            self._running[project] -= 1
            if not self._running[project]:
                del self._running[project]

    async def write(
        self, project: str, rows: list[AnyRow], assumed: set[str] | None
    ) -> list[Outcome]:
        """Write the rows, and return what became of each."""
        importing = Import(project, digest)
        if assumed is not None:
            return await self._database.read(imports.write, importing, rows, assumed)
        try:
            return await self._database.long_transaction(imports.write, importing, rows)
        except RowsRefused:
            pass
        # One of them is at fault; each by itself shows which.
        return [await self._write_one(importing, row) for row in rows]

    async def _write_one(self, importing: Import, row: AnyRow) -> Outcome:
        try:
            [outcome] = await self._database.transaction(imports.write, importing, [row])
        except RowsRefused:
            return Refused("id", "The database refused this object.")
        return outcome

    async def fill(self, project: str, file_id: str, pieces: AsyncIterator[bytes]) -> bool:
        """Store a file's bytes; return False if it has them. Raises `ThreadkeeperError`."""
        return await self._contents.fill(project, file_id, self._limited(pieces))

    async def _limited(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        size = 0
        async for piece in pieces:
            size += len(piece)
            if size > self._max_file_bytes:
                raise InvalidRequest(
                    f"The file is larger than this server accepts: {self._max_file_bytes} bytes "
                    "(MAX_FILE_BYTES).",
                    param="data",
                )
            yield piece


@dataclass
class _Counts:
    created: Counter[str] = field(default_factory=Counter)
    updated: Counter[str] = field(default_factory=Counter)
    existing: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    problems: list[ImportProblem] = field(default_factory=list)

    def add(self, line: GoodLine, outcome: Outcome) -> None:
        if isinstance(outcome, Written):
            counter: Counter[str] = getattr(self, outcome.how)
            counter[line.value.object] += 1
        else:
            self.refuse(_bad(line, outcome.field, outcome.reason))

    def refuse(self, line: BadLine) -> None:
        self.refused += 1
        if len(self.problems) < LISTED_PROBLEMS:
            self.problems.append(
                ImportProblem(
                    line=line.number,
                    object=line.object,
                    id=line.id,
                    field=line.field,
                    reason=line.reason,
                )
            )


class _Importing:
    """One import: collects lines into portions, and writes each portion."""

    def __init__(
        self,
        service: ImportService,
        project: str,
        lines: AsyncIterator[Line],
        *,
        dry_run: bool,
    ) -> None:
        self._service = service
        self._project = project
        self._lines = lines
        self._assumed: set[str] | None = set() if dry_run else None
        self._counts = _Counts()
        self._number = 0
        self._portion: list[GoodLine] = []
        self._keys: set[tuple[str, ...]] = set()
        self._size = 0
        # Read, but not handled yet.
        self._next: Line | None = None

    async def run(self) -> ImportReport:
        while (line := await self._read()) is not None:
            if isinstance(line, BadLine):
                self._counts.refuse(line)
            elif isinstance(line.value, FileContentLine):
                await self._flush()
                await self._fill(line, line.value)
            else:
                await self._add(line, line.value)
        await self._flush()
        counts = self._counts
        return ImportReport(
            dry_run=self._assumed is not None,
            lines=self._number,
            created=dict(counts.created),
            updated=dict(counts.updated),
            existing=dict(counts.existing),
            refused=counts.refused,
            problems=counts.problems,
        )

    async def _read(self) -> Line | None:
        line, self._next = self._next, None
        if line is None:
            line = await anext(self._lines, None)
        if line is not None:
            self._number = line.number
        return line

    async def _add(self, line: GoodLine, value: AnyImported) -> None:
        key = (value.object, value.id, getattr(value, "vector_store_id", ""))
        if key in self._keys or len(self._portion) >= _ROWS or self._size + line.size > _BYTES:
            await self._flush()
        self._portion.append(line)
        self._keys.add(key)
        self._size += line.size

    async def _flush(self) -> None:
        portion, self._portion = self._portion, []
        self._keys.clear()
        self._size = 0
        if not portion:
            return
        rows = [
            imported_row(self._project, line.value, line.raw)
            for line in portion
            if not isinstance(line.value, FileContentLine)
        ]
        outcomes = await self._service.write(self._project, rows, self._assumed)
        for line, outcome in zip(portion, outcomes, strict=True):
            self._counts.add(line, outcome)
        if self._assumed is not None and len(self._assumed) > _ASSUMED_IDS:
            raise InvalidRequest(
                f"A dry run can check up to {_ASSUMED_IDS} new objects. Divide the file, or import "
                "it: an import only adds what is missing.",
                code="dry_run_too_long",
            )

    # A file's content

    async def _fill(self, line: GoodLine, first: FileContentLine) -> None:
        pieces = self._pieces(first)
        try:
            if self._assumed is not None:
                async for _ in pieces:
                    pass
                filled = first.file_id in self._assumed
            else:
                filled = await self._service.fill(self._project, first.file_id, pieces)
        except ThreadkeeperError as error:
            if error.status >= 500:
                raise
            self._counts.refuse(_bad(line, error.param, error.message))
        else:
            self._counts.add(line, imports.CREATED if filled else imports.EXISTING)
        await self._skip(first.file_id)

    async def _pieces(self, line: FileContentLine) -> AsyncIterator[bytes]:
        """Yield the bytes of the file's lines, as far as they follow one another."""
        size = 0
        current: FileContentLine | None = line
        while current is not None:
            piece = _decoded(current, size)
            size += len(piece)
            yield piece
            current = await self._next_of(line.file_id)

    async def _next_of(self, file_id: str) -> FileContentLine | None:
        """Return the next line if it continues the file."""
        line = self._next = await self._read()
        if isinstance(line, GoodLine) and isinstance(line.value, FileContentLine):
            value = line.value
            if value.file_id == file_id and value.offset > 0:
                self._next = None
                return value
        return None

    async def _skip(self, file_id: str) -> None:
        """Pass over the rest of a file's lines."""
        while await self._next_of(file_id) is not None:
            pass


def _decoded(line: FileContentLine, offset: int) -> bytes:
    if line.offset != offset:
        raise InvalidRequest(
            f"The piece begins at {line.offset}, but it should begin at {offset}.", param="offset"
        )
    try:
        return base64.b64decode(line.data, validate=True)
    except (ValueError, binascii.Error):
        raise InvalidRequest("The piece is not valid Base64.", param="data") from None


def _bad(line: GoodLine, where: str | None, reason: str) -> BadLine:
    value = line.value
    object_id = value.file_id if isinstance(value, FileContentLine) else value.id
    return BadLine(line.number, value.object, object_id, where, reason)
